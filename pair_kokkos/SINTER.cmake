# For a LAMMPS tree that scripts/install-into-lammps prepared: builds Sinter's kernels with LAMMPS and links them.
# Included at the end of LAMMPS's own CMakeLists.txt. SINTER_SOURCE_DIR: a checkout of Sinter, or what was copied of it.
if(NOT PKG_KOKKOS)
  message(FATAL_ERROR "The pair styles of Sinter need -DPKG_KOKKOS=ON; scripts/install-into-lammps --remove takes them away")
endif()
set(SINTER_SOURCE_DIR "${LAMMPS_LIB_SOURCE_DIR}/sinter" CACHE PATH "Sinter: kernels/ and cmake/")
foreach(room IN ITEMS APP LAMMPS TESTS PERF INSTALL)
  set(SINTER_ENABLE_${room} OFF CACHE INTERNAL "")
endforeach()
add_subdirectory("${SINTER_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/sinter" EXCLUDE_FROM_ALL)
target_link_libraries(lammps PRIVATE "$<BUILD_INTERFACE:sinter_kernels>")

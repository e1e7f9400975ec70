# The exported package: find_package(Sinter) gives Sinter::kernels and what else this build has.
include(CMakePackageConfigHelpers)

get_property(targets GLOBAL PROPERTY SINTER_INSTALLED_TARGETS)
install(TARGETS ${targets} EXPORT SinterTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Sinter")
install(EXPORT SinterTargets NAMESPACE Sinter:: DESTINATION "${package_dir}")
configure_package_config_file("${CMAKE_CURRENT_SOURCE_DIR}/cmake/SinterConfig.cmake.in"
  "${CMAKE_CURRENT_BINARY_DIR}/SinterConfig.cmake" INSTALL_DESTINATION "${package_dir}"
)
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/SinterConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/SinterConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/SinterConfigVersion.cmake"
  DESTINATION "${package_dir}"
)
install(FILES LICENSE README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")

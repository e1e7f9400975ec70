# What every target of Sinter has in common.

set(SINTER_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 warns inside its own AVX-512 intrinsics (_mm512_undefined_pd) and std::string (GCC bug 105651).
  list(APPEND SINTER_WARNINGS -Wno-maybe-uninitialized -Wno-uninitialized -Wno-restrict)
endif()
if(Kokkos_ENABLE_CUDA OR CMAKE_CXX_COMPILER MATCHES "nvcc_wrapper")
  # nvcc generates line markers and calls that these two dislike; GCC and clang check the same sources.
  list(REMOVE_ITEM SINTER_WARNINGS -Wpedantic -Wconversion -Wshadow)
endif()

# sinter_configure(TARGET): language level, warnings, sanitizers.
function(sinter_configure target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE ${SINTER_WARNINGS})
  if(SINTER_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(SINTER_ENABLE_SANITIZERS)
    # Null pointers and what lies outside of an object AddressSanitizer finds, and SIMD loads that are not aligned trap:
    # without these checks compilation takes half of the time.
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize=null,object-size,alignment
      -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
  if(SINTER_ENABLE_BOUNDS_CHECK)
    target_compile_definitions(${target} PUBLIC KOKKOS_ENABLE_DEBUG_BOUNDS_CHECK)
  endif()
endfunction()

# sinter_add_library(NAME HEADERS ... SOURCES ... LINK ...): Sinter::NAME with its public headers as a file set, so that
# installing them and checking that each compiles alone are one property.
function(sinter_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "HEADERS;SOURCES;LINK;PRIVATE_LINK")
  set(target sinter_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(Sinter::${name} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS "${CMAKE_CURRENT_SOURCE_DIR}" FILES ${ARG_HEADERS})
  target_link_libraries(${target} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON)
  sinter_configure(${target})
  set_property(GLOBAL APPEND PROPERTY SINTER_INSTALLED_TARGETS ${target})
endfunction()

# sinter_host_only(FILES...): sources without kernels, which a CUDA build gives to the host compiler alone (nvcc cannot
# parse toml++, and is slow on what it need not see).
function(sinter_host_only)
  if(CMAKE_CXX_COMPILER MATCHES "nvcc_wrapper")
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS --host-only)
  endif()
endfunction()

# Every library comes from the system. A missing one is named with the Debian package that brings it.
function(touchstone_missing what debian)
  message(FATAL_ERROR "${what} was not found. On Debian: apt-get install ${debian}\n"
                      "(scripts/build installs everything that the build needs.)")
endfunction()

macro(touchstone_find package debian)  # A macro: find_package's variables stay visible here.
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    touchstone_missing(${package} ${debian})
  endif()
  set(touchstone_debian_${package} ${debian})  # for Install.cmake
endmacro()

if(TOUCHSTONE_STATIC)
  set(OPENSSL_USE_STATIC_LIBS ON)
  set(ZLIB_USE_STATIC_LIBS ON)
endif()
touchstone_find(Threads libc6-dev)
touchstone_find(ZLIB zlib1g-dev)
touchstone_find(OpenSSL libssl-dev)
touchstone_find(Nghttp2 libnghttp2-dev)  # cmake/FindNghttp2.cmake
if(PROJECT_IS_TOP_LEVEL)  # the libraries do without
  touchstone_find(fmt libfmt-dev)
  touchstone_find(nlohmann_json nlohmann-json3-dev)
  touchstone_find(CLI11 libcli11-dev)
  # Debian has no static libfmt.
  if(TOUCHSTONE_STATIC)
    add_library(touchstone_fmt ALIAS fmt::fmt-header-only)
  else()
    add_library(touchstone_fmt ALIAS fmt::fmt)
  endif()
endif()

find_path(ASIO_INCLUDE_DIR asio.hpp)
if(NOT ASIO_INCLUDE_DIR)
  touchstone_missing(asio.hpp libasio-dev)
endif()
include(AsioVersion)
touchstone_asio_version(touchstone_asio_version ${ASIO_INCLUDE_DIR})
add_library(touchstone_asio INTERFACE)
set_target_properties(touchstone_asio PROPERTIES EXPORT_NAME asio)
target_include_directories(touchstone_asio SYSTEM INTERFACE $<BUILD_INTERFACE:${ASIO_INCLUDE_DIR}>)
# Asio 1.22 does not recognise coroutines under clang by itself; and whether it takes memory from aligned_alloc() or from
# operator new depends on what a source included before it, so that one could free what the other gave.
target_compile_definitions(touchstone_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_HAS_CO_AWAIT
                           ASIO_HAS_STD_COROUTINE ASIO_HAS_STD_ALIGNED_ALLOC)
target_link_libraries(touchstone_asio INTERFACE Threads::Threads)

if(PROJECT_IS_TOP_LEVEL)
  include(CTest)  # BUILD_TESTING
  # Debian's Python modules are for Debian's Python, whichever stands first in PATH.
  if(NOT DEFINED Python3_EXECUTABLE AND EXISTS /usr/bin/python3)
    set(Python3_EXECUTABLE /usr/bin/python3)
  endif()
endif()
if(PROJECT_IS_TOP_LEVEL AND BUILD_TESTING)
  touchstone_find(GTest libgtest-dev)
  if(NOT TARGET GTest::gmock)
    touchstone_missing(GoogleMock libgmock-dev)
  endif()
  touchstone_find(rapidcheck librapidcheck-dev)
endif()

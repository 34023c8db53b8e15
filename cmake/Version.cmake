# #include "runner/version.h": touchstone::kVersion, written once in project(VERSION).
configure_file(${CMAKE_SOURCE_DIR}/runner/version.h.in ${CMAKE_BINARY_DIR}/generated/runner/version.h @ONLY)
add_library(touchstone_version INTERFACE)
target_include_directories(touchstone_version INTERFACE ${CMAKE_BINARY_DIR}/generated)

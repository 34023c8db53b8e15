# #include "reports/support/version.h": touchstone::kVersion and kReleased, written once, at the top of CMakeLists.txt.
configure_file(${CMAKE_SOURCE_DIR}/reports/support/version.h.in ${CMAKE_BINARY_DIR}/generated/reports/support/version.h @ONLY)
add_library(touchstone_version INTERFACE)
target_include_directories(touchstone_version INTERFACE ${CMAKE_BINARY_DIR}/generated)

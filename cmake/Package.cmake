# `cpack` in a build tree makes two Debian packages: touchstone, the program, and libtouchstone-dev, the libraries.
# scripts/package builds what they hold.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME touchstone)
set(CPACK_PACKAGE_CONTACT "Touchstone contributors <touchstone@packages.invalid>")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME touchstone)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "conformance and fuzz tests for WebSocket endpoints
Plays the peer of a WebSocket server or client (RFC 6455, RFC 7692), sends
what the RFCs talk about, legal and illegal, and judges what comes back.
Every failure cites the requirement that was broken and can be replayed.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libtouchstone-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
list(JOIN debian_dev ", " CPACK_DEBIAN_DEV_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "touchstone, cmake (>= 3.23), pkg-config, libgmock-dev, nlohmann-json3-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION "strict WebSocket connections for C++ programs and their tests
Static libraries and headers: the protocol without I/O, connections as
C++20 coroutines on Asio, and what tests need: scripted and faulty peers, a
pipe in memory, GoogleTest matchers, an oracle.
For CMake's find_package(touchstone) and for pkg-config.")

foreach(package touchstone libtouchstone-dev)
  set(component program)
  if(package STREQUAL "libtouchstone-dev")
    set(component dev)
  endif()
  install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} RENAME copyright COMPONENT ${component})
  install(FILES ${CMAKE_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endforeach()
# What Debian's policy wants besides: its kind of changelog, and manual pages that are compressed.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/DebianFiles.cmake)
set(CPACK_TOUCHSTONE_RELEASED ${TOUCHSTONE_RELEASED})
include(CPack)

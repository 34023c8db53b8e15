# What `cmake --install` gives to others. Component program: the binary, its manual and completions. Component dev: static
# libraries and headers for find_package(touchstone COMPONENTS ws testing) and for pkg-config. Everything is found
# relative to the prefix, which may be moved. There are no shared libraries, so no SOVERSION: below 1.0 the API may change
# with each minor version, and the config accepts only the minor version that was asked for.
if(TOUCHSTONE_SANITIZE OR TOUCHSTONE_FUZZ OR TOUCHSTONE_COVERAGE)
  message(STATUS "No install rules: libraries with sanitizers or counters would force them upon their users")
  return()
endif()
# Debian's folder of this architecture, whatever the prefix; GNUInstallDirs takes it below /usr only.
if(CMAKE_LIBRARY_ARCHITECTURE AND EXISTS /etc/debian_version)
  set(CMAKE_INSTALL_LIBDIR lib/${CMAKE_LIBRARY_ARCHITECTURE} CACHE PATH "Where libraries go, below the prefix")
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
include(PublicHeaders)

set(touchstone_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/touchstone)
set(touchstone_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
# What find_package's packages are called by pkg-config.
set(touchstone_pkgconfig_ZLIB zlib)
set(touchstone_pkgconfig_OpenSSL openssl)
set(touchstone_pkgconfig_Nghttp2 libnghttp2)
set(touchstone_pkgconfig_nlohmann_json nlohmann_json)
set(touchstone_pkgconfig_fmt fmt)
set(touchstone_pkgconfig_GTest gmock)

# touchstone_packages_of(RESULT TARGET...): the packages that the targets pass on to those who link them. Asio's target
# is ours (Dependencies.cmake), and so is what stands in no namespace.
function(touchstone_packages_of result)
  set(packages)
  foreach(target IN LISTS ARGN)
    get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
    foreach(link IN LISTS links)
      if(link MATCHES "^([A-Za-z0-9_]+)::")
        list(APPEND packages ${CMAKE_MATCH_1})
      endif()
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES packages)
  set(${result} ${packages} PARENT_SCOPE)
endfunction()

# touchstone_export(COMPONENT TARGET NAME ROOM): installs the library TARGET with the headers of ROOM as touchstone::NAME.
function(touchstone_export component target name room)
  touchstone_public_headers(headers ${room})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/reference FILES ${headers})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} OUTPUT_NAME touchstone_${name})
  # A folder of its own: <ws/...> is too short a name for everybody's include folder.
  install(TARGETS ${target} EXPORT touchstone-${component}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/touchstone COMPONENT dev)
endfunction()

# touchstone_component(COMPONENT ABOUT LIBRARIES REQUIRES): the export file and touchstone-COMPONENT.pc.
function(touchstone_component component about libraries requires)
  install(EXPORT touchstone-${component} NAMESPACE touchstone:: DESTINATION ${touchstone_cmake_dir} COMPONENT dev)
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}/${touchstone_pkgconfig_dir}
             OUTPUT_VARIABLE to_prefix)
  get_target_property(definitions touchstone_asio INTERFACE_COMPILE_DEFINITIONS)
  list(TRANSFORM definitions PREPEND -D)
  list(JOIN definitions " " definitions)
  configure_file(cmake/touchstone.pc.in ${CMAKE_BINARY_DIR}/package/touchstone-${component}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/package/touchstone-${component}.pc DESTINATION ${touchstone_pkgconfig_dir} COMPONENT dev)
endfunction()

touchstone_export(ws ws_core ws_core core)
touchstone_export(ws ws_rules ws_rules rules)
touchstone_export(ws ws_io ws io)
touchstone_export(testing ws_testing testing testing)
install(TARGETS touchstone_asio EXPORT touchstone-ws)

touchstone_packages_of(packages_ws ws_core ws_rules ws_io)
touchstone_packages_of(packages_testing ws_testing)
set(debian_dev libasio-dev libc6-dev)
foreach(component ws testing)
  set(needs_${component})
  set(requires_${component})
  foreach(package IN LISTS packages_${component})
    if(NOT touchstone_debian_${package} OR NOT touchstone_pkgconfig_${package})
      message(FATAL_ERROR "touchstone::${component} needs ${package}, of which cmake/Dependencies.cmake should know the "
                          "Debian package and cmake/Install.cmake the name that pkg-config uses.")
    endif()
    string(APPEND needs_${component} "  touchstone_need(${package} ${touchstone_debian_${package}})\n")
    list(APPEND requires_${component} ${touchstone_pkgconfig_${package}})
    list(APPEND debian_dev ${touchstone_debian_${package}})
  endforeach()
  list(JOIN requires_${component} ", " requires_${component})
endforeach()
list(REMOVE_DUPLICATES debian_dev)
touchstone_component(ws "Strict WebSocket connections (RFC 6455, RFC 7692) as C++20 coroutines on Asio"
                     "-ltouchstone_ws -ltouchstone_ws_rules -ltouchstone_ws_core" "${requires_ws}")
list(JOIN requires_testing ", " more)
string(JOIN ", " requires_testing "touchstone-ws = ${PROJECT_VERSION}" ${more})
touchstone_component(testing "Scripted and faulty peers, a pipe in memory, matchers and an oracle, for tests of WebSocket endpoints"
                     "-ltouchstone_testing" "${requires_testing}")

configure_package_config_file(cmake/touchstoneConfig.cmake.in ${CMAKE_BINARY_DIR}/package/touchstoneConfig.cmake
                              INSTALL_DESTINATION ${touchstone_cmake_dir} NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/touchstoneConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/touchstoneConfig.cmake ${CMAKE_BINARY_DIR}/package/touchstoneConfigVersion.cmake
              cmake/AsioVersion.cmake cmake/FindNghttp2.cmake
        DESTINATION ${touchstone_cmake_dir} COMPONENT dev)

if(TARGET touchstone)
  install(TARGETS touchstone RUNTIME COMPONENT program)
  include(Manual)  # touchstone.1 and the completions, written by the program itself
endif()
include(Package)

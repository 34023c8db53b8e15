# Tests of the tree and of the whole binary. ctest -L LABEL chooses: unit, law, sanitized, fuzz, tree, system, clang, peer, scale,
# page, example (examples/CMakeLists.txt).
if(NOT BUILD_TESTING)
  return()
endif()

# touchstone_system_test(NAME LABELS COMMAND...): run from the root of the repository.
function(touchstone_system_test name labels)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT 900)
endfunction()

# Layout of C++, and what shellcheck says of the scripts: every file whose first line names a shell.
touchstone_system_test(layout tree ${CMAKE_SOURCE_DIR}/scripts/format --check)
touchstone_system_test(shellcheck tree ${CMAKE_SOURCE_DIR}/scripts/check-shell)
touchstone_system_test(includes tree ${CMAKE_SOURCE_DIR}/scripts/check-includes)
touchstone_system_test(includes.self-test tree ${CMAKE_SOURCE_DIR}/scripts/check-includes --self-test)
# The documents: links that lead somewhere, a README that fits, tables that are those of docs/figures.
touchstone_system_test(documents tree ${CMAKE_SOURCE_DIR}/scripts/check-docs)
touchstone_system_test(documents.self-test tree ${CMAKE_SOURCE_DIR}/scripts/check-docs --self-test)
touchstone_system_test(figures tree ${CMAKE_SOURCE_DIR}/scripts/figures --check)
touchstone_system_test(figures.self-test tree ${CMAKE_SOURCE_DIR}/scripts/figures --self-test)

# The site of the public headers, without a warning.
find_program(DOXYGEN doxygen)
if(DOXYGEN)
  touchstone_system_test(docs tree ${CMAKE_SOURCE_DIR}/scripts/docs ${CMAKE_BINARY_DIR}/docs)
else()
  message(STATUS "docs is left out: it needs doxygen. On Debian: apt-get install doxygen")
endif()

# Somebody else's project against what `cmake --install` gives: find_package, pkg-config, a moved prefix.
if(NOT (TOUCHSTONE_SANITIZE OR TOUCHSTONE_FUZZ OR TOUCHSTONE_COVERAGE))
  touchstone_system_test(package.consumer system ${CMAKE_SOURCE_DIR}/cmake/consumer/test ${CMAKE_BINARY_DIR}/consumer ${CMAKE_BINARY_DIR})
  set_tests_properties(package.consumer PROPERTIES ENVIRONMENT CXX=${CMAKE_CXX_COMPILER})
endif()

if(NOT TARGET touchstone)
  return()
endif()
set(reports ${CMAKE_BINARY_DIR}/test-reports)

# The files on disk, which a build may be older than.
touchstone_program_test(lint system @PROGRAM@ lint cases)

# The reference server passes its own catalogue: exit 0 says no FAILED, and all planned cases ran.
touchstone_program_test(self-conformance.ws system @PROGRAM@ test --out ${reports}/@NAME@)
# TLS changes nothing about what bulk cases ask.
touchstone_program_test(self-conformance.wss system @PROGRAM@ test --tls --profile core --out ${reports}/@NAME@)
foreach(suffix "" .clang)
  foreach(scheme ws wss)
    if(TEST self-conformance.${scheme}${suffix})
      set_tests_properties(self-conformance.${scheme}${suffix} PROPERTIES FAIL_REGULAR_EXPRESSION "[1-9][0-9]* NON-STRICT")
    endif()
  endforeach()
endforeach()

# Many machines: a Slurm that is started for it, and stops with it. A minute.
find_program(SLURMCTLD slurmctld PATHS /usr/sbin)
find_program(MUNGED munged PATHS /usr/sbin)
if(SLURMCTLD AND MUNGED)
  touchstone_system_test(scale scale ${CMAKE_SOURCE_DIR}/scripts/scale-test --touchstone $<TARGET_FILE:touchstone>)
  set_tests_properties(scale PROPERTIES SKIP_RETURN_CODE 77 PROCESSORS 2)
else()
  message(STATUS "scale is left out: it needs Slurm. On Debian: apt-get install slurm-wlm munge")
endif()

# Real servers and clients. A deviation that scripts/peers/NAME/known.json (known-client.json) does not list is a failure, and so is a stale entry.
# The bulk cases meet one of them, the ws server: all four would take two minutes more.
set(profile_of_ws default)
set(profile_of_python-websockets core)
foreach(peer ws python-websockets)
  set(interop ${CMAKE_COMMAND} -E env TOUCHSTONE=@PROGRAM@ TOUCHSTONE_REPORTS=${reports}/@NAME@ ${CMAKE_SOURCE_DIR}/scripts/interop)
  touchstone_program_test(peer.${peer} "system;peer" ${interop} ${peer} -- --profile ${profile_of_${peer}})
  touchstone_program_test(peer.${peer}-client "system;peer" ${interop} --clients ${peer} -- --profile core)
  foreach(name ${peer} ${peer}-client ${peer}.clang ${peer}-client.clang)
    if(TEST peer.${name})
      set_tests_properties(peer.${name} PROPERTIES RESOURCE_LOCK peer-${peer})  # the first one installs it
    endif()
  endforeach()
endforeach()

# The packages for other people's tests, from their files into fresh environments, with ten tests that use them.
foreach(kind python npm)
  touchstone_program_test(packages.${kind} "system;example" ${CMAKE_SOURCE_DIR}/scripts/package.d/try @PROGRAM@ ${kind})
endforeach()
set_tests_properties(packages.npm PROPERTIES RESOURCE_LOCK peer-ws)
# Where there is a Go; to install one takes longer than all the others.
find_program(GO go)
if(GO AND EXISTS /usr/share/gocode/src/github.com/gorilla/websocket)
  touchstone_program_test(packages.go "system;example" ${CMAKE_SOURCE_DIR}/scripts/package.d/try @PROGRAM@ go)
endif()

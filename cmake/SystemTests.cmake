# Tests of the tree and of the whole binary. ctest -L LABEL chooses: unit, law, sanitized, fuzz, tree, system, peer, page.
if(NOT BUILD_TESTING)
  return()
endif()

# touchstone_system_test(NAME LABELS COMMAND...): run from the root of the repository.
function(touchstone_system_test name labels)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT 300)
endfunction()

touchstone_system_test(includes tree ${CMAKE_SOURCE_DIR}/scripts/check-includes)
touchstone_system_test(includes.self-test tree ${CMAKE_SOURCE_DIR}/scripts/check-includes --self-test)

if(NOT TARGET touchstone)
  return()
endif()

# The program as its users meet it: exit codes, messages, files.
if(NOT BUILD_TESTING OR NOT TARGET touchstone)
  return()
endif()
find_package(Python3 COMPONENTS Interpreter QUIET)
if(Python3_FOUND)
  add_test(NAME cli COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/runner/cli/tests/cli_test.py $<TARGET_FILE:touchstone>)
  set_tests_properties(cli PROPERTIES LABELS system TIMEOUT 600)
  add_test(NAME serve COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/runner/cli/tests/serve_test.py $<TARGET_FILE:touchstone>)
  set_tests_properties(serve PROPERTIES LABELS system TIMEOUT 600)
  add_test(NAME cli.shells COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/runner/cli/tests/shell_test.py $<TARGET_FILE:touchstone>)
  set_tests_properties(cli.shells PROPERTIES LABELS system TIMEOUT 600)
else()
  message(STATUS "cli, cli.shells and serve are left out: they need python3. On Debian: apt-get install python3")
endif()

# CHROMEDRIVER and CHROMIUM: reports/tests.cmake.
if(Python3_FOUND AND CHROMEDRIVER AND CHROMIUM)
  add_test(NAME serve.page COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/runner/cli/tests/live_page_test.py
           --touchstone $<TARGET_FILE:touchstone> --chromium ${CHROMIUM} --chromedriver ${CHROMEDRIVER})
  set_tests_properties(serve.page PROPERTIES LABELS page TIMEOUT 600)
endif()

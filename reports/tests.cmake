# The program that writes the reports of a made-up run (reports/testing), and the test that opens its page in a browser.
if(NOT BUILD_TESTING)
  return()
endif()
add_executable(reports_sample reports/page_test/sample_main.cc reports/testing/sample.cc reports/testing/sample_cases.cc
                              reports/testing/sample_talk.cc)
target_link_libraries(reports_sample PRIVATE touchstone_reports touchstone_options)

find_program(CHROMEDRIVER chromedriver)
find_program(CHROMIUM NAMES chromium chromium-browser google-chrome)
find_package(Python3 COMPONENTS Interpreter QUIET)
set(page_test ${CMAKE_SOURCE_DIR}/reports/page_test)
if(CHROMEDRIVER AND CHROMIUM AND Python3_FOUND)
  add_test(NAME reports.page COMMAND ${Python3_EXECUTABLE} ${page_test}/page_test.py
           --sample $<TARGET_FILE:reports_sample> --chromium ${CHROMIUM} --chromedriver ${CHROMEDRIVER})
  set_tests_properties(reports.page PROPERTIES LABELS page TIMEOUT 900)
else()
  message(STATUS "reports.page is left out: it needs chromium, chromedriver and python3. "
                 "On Debian: apt-get install chromium chromium-driver python3")
endif()

# The programs that the reports are for, from Debian and npm; reports/consumers/test says so when it has to skip.
if(Python3_FOUND)
  add_test(NAME reports.consumers COMMAND ${CMAKE_SOURCE_DIR}/reports/consumers/test $<TARGET_FILE:reports_sample>)
  set_tests_properties(reports.consumers PROPERTIES LABELS "page" TIMEOUT 900 SKIP_RETURN_CODE 77)
endif()

if(Python3_FOUND)
  execute_process(COMMAND ${Python3_EXECUTABLE} -c "import jsonschema; jsonschema.Draft202012Validator"
                  RESULT_VARIABLE no_jsonschema OUTPUT_QUIET ERROR_QUIET)
endif()
if(Python3_FOUND AND NOT no_jsonschema)
  add_test(NAME reports.schemas COMMAND ${Python3_EXECUTABLE} ${page_test}/schema_test.py
           --sample $<TARGET_FILE:reports_sample> --schemas ${CMAKE_SOURCE_DIR}/reports/schema)
  set_tests_properties(reports.schemas PROPERTIES LABELS unit)
else()
  message(STATUS "reports.schemas is left out: it needs python3's jsonschema. On Debian: apt-get install python3-jsonschema")
endif()

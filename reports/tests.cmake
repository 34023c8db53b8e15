# The program that writes the reports of a made-up run (reports/testing), and the test that opens its page in a browser.
if(NOT BUILD_TESTING)
  return()
endif()
add_executable(reports_sample reports/page_test/sample_main.cc reports/testing/sample.cc reports/testing/sample_talk.cc)
target_link_libraries(reports_sample PRIVATE touchstone_reports touchstone_options)

find_program(CHROMEDRIVER chromedriver)
find_program(CHROMIUM NAMES chromium chromium-browser google-chrome)
find_package(Python3 COMPONENTS Interpreter QUIET)
if(CHROMEDRIVER AND CHROMIUM AND Python3_FOUND)
  add_test(NAME reports.page COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/reports/page_test/page_test.py
           --sample $<TARGET_FILE:reports_sample> --chromium ${CHROMIUM} --chromedriver ${CHROMEDRIVER})
  set_tests_properties(reports.page PROPERTIES LABELS page TIMEOUT 900)
else()
  message(STATUS "reports.page is left out: it needs chromium, chromedriver and python3. "
                 "On Debian: apt-get install chromium chromium-driver python3")
endif()

# One library and one test program per room: a folder with all that is below it. A new file or folder needs no edit here.
if(PROJECT_IS_TOP_LEVEL)
  add_custom_target(test_programs)   # all of unit tests and laws: what the sanitizer build is for
  add_custom_target(bench_programs)  # all that measure, where Google Benchmark is installed
  find_package(benchmark QUIET)
endif()

# TOUCHSTONE_AT_ONCE compiles several files of a room at once, in a third of the time. Names in the unnamed namespaces of a
# room must differ for that.
function(touchstone_at_once target)
  if(TOUCHSTONE_AT_ONCE)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
  endif()
endfunction()

# touchstone_library(NAME FOLDER LINK ... [WITHOUT SUBFOLDER...]): all *.cc in and below FOLDER but the tests; NAME_test from
# *_test.cc and what those share, FOLDER/testing/*.cc; NAME_bench from *_bench.cc. WITHOUT names the folders below it that are
# rooms of their own. The order of the folders within a room is held by scripts/check-includes.
function(touchstone_library name folder)
  cmake_parse_arguments(arg "" "" "LINK;WITHOUT" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cc)
  foreach(other IN LISTS arg_WITHOUT ITEMS testing page page_test tests)
    list(FILTER sources EXCLUDE REGEX "^${PROJECT_SOURCE_DIR}/${folder}/${other}/")
  endforeach()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(measured ${sources})
  list(FILTER measured INCLUDE REGEX "_bench\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    # The flags are this build's own business, not that of those who link an installed library.
    target_link_libraries(${name} PUBLIC ${arg_LINK} PRIVATE $<BUILD_INTERFACE:touchstone_options>)
    target_compile_features(${name} PUBLIC cxx_std_23)
    target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                              $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/reference>)
    touchstone_at_once(${name})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${arg_LINK})
  endif()
  if(NOT PROJECT_IS_TOP_LEVEL)
    return()
  endif()
  touchstone_bench_program(${name} "${measured}")
  if(tests)
    file(GLOB shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/testing/*.cc)
    touchstone_test_program(${name} unit "${tests};${shared}" LINK ${name} GTest::gmock)
    if(TARGET ${name}_test)
      touchstone_at_once(${name}_test)
    endif()
  endif()
endfunction()

# NAME_bench from SOURCES: a measuring program, built on demand (the target bench_programs builds all) where Google Benchmark
# is installed.
function(touchstone_bench_program name sources)
  if(NOT benchmark_FOUND OR NOT sources)
    return()
  endif()
  add_executable(${name}_bench EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(${name}_bench PRIVATE ${name} touchstone_options benchmark::benchmark)
  add_dependencies(bench_programs ${name}_bench)
endfunction()

# touchstone_program_test(NAME LABELS COMMAND...): a test of the whole program, from the root of the repository; @PROGRAM@
# in the command is the program, @NAME@ the test's name. NAME.clang is the same with the program that clang built, when
# TOUCHSTONE_CLANG_TREE says where: what the two compilers may order differently must not change what a user sees.
function(touchstone_program_test name labels)
  set(names ${name})
  set(programs $<TARGET_FILE:touchstone>)
  if(TOUCHSTONE_CLANG_TREE)
    list(APPEND names ${name}.clang)
    list(APPEND programs ${TOUCHSTONE_CLANG_TREE}/touchstone)
  endif()
  foreach(each program IN ZIP_LISTS names programs)
    string(REPLACE "@PROGRAM@" "${program}" command "${ARGN}")
    string(REPLACE "@NAME@" "${each}" command "${command}")
    add_test(NAME ${each} COMMAND ${command} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${each} PROPERTIES LABELS "${labels}" TIMEOUT 900)
  endforeach()
  if(TOUCHSTONE_CLANG_TREE)
    set_property(TEST ${name}.clang APPEND PROPERTY LABELS clang)
  endif()
endfunction()

# touchstone_test(NAME FOLDER LINK ...): one test program from FOLDER/*.cc, labelled as laws.
function(touchstone_test name folder)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cc)
  touchstone_test_program(${name} law "${sources}" LINK ${arg_LINK})
  if(TARGET ${name}_test)
    touchstone_at_once(${name}_test)
  endif()
endfunction()

# NAME_test from SOURCES, in ctest as NAME; and as NAME.sanitized when TOUCHSTONE_SANITIZED_TREE says where that build is.
function(touchstone_test_program name label sources)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  if(NOT BUILD_TESTING OR NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE ${arg_LINK} touchstone_options GTest::gtest GTest::gtest_main)
  add_dependencies(test_programs ${name}_test)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 300)
  if(TOUCHSTONE_SANITIZED_TREE)
    add_test(NAME ${name}.sanitized COMMAND ${TOUCHSTONE_SANITIZED_TREE}/${name}_test)
    # Laws are tried a hundred times without sanitizers; here less is enough to touch the same code.
    set_tests_properties(${name}.sanitized PROPERTIES LABELS "${label};sanitized" TIMEOUT 600
                         ENVIRONMENT RC_PARAMS=max_success=40)
  endif()
endfunction()

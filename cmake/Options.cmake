# What kind of build this is. The presets in CMakePresets.json set these; every target links touchstone_options.
set(TOUCHSTONE_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, for example address,undefined or thread")
option(TOUCHSTONE_STATIC "Link the program with nothing shared: one file for any Linux of this architecture" OFF)
option(TOUCHSTONE_FUZZ "Build fuzz/*_fuzzer.cc as libFuzzer targets (clang), not as programs that replay their corpus" OFF)
set(TOUCHSTONE_FUZZ_ENGINE "-fsanitize=fuzzer" CACHE STRING "What links a fuzz target: a flag, or another engine's library")
option(TOUCHSTONE_COVERAGE "Count which lines run (clang's source-based coverage; scripts/coverage shows them)" OFF)
option(TOUCHSTONE_AT_ONCE "Compile several files of a room at once: faster from nothing, slower after an edit" OFF)
set(TOUCHSTONE_SANITIZED_TREE "" CACHE PATH "A second build tree, with sanitizers, whose test programs run in this tree's ctest")
set(TOUCHSTONE_CLANG_TREE "" CACHE PATH "A third one, built by clang, whose program the tests of the whole program run too")

if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
   OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19))
  message(FATAL_ERROR "${CMAKE_CXX_COMPILER} is ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}; "
                      "C++23's <expected> needs g++ 12 or clang 19. On Debian: apt-get install g++ (or clang-19)")
endif()
if((TOUCHSTONE_FUZZ OR TOUCHSTONE_COVERAGE) AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "TOUCHSTONE_FUZZ and TOUCHSTONE_COVERAGE need clang, but the compiler is ${CMAKE_CXX_COMPILER}. "
                      "Use a preset (cmake --preset fuzz, cmake --preset coverage) in an empty build tree.")
endif()

find_program(CCACHE ccache)
if(PROJECT_IS_TOP_LEVEL AND CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(touchstone_options INTERFACE)
if(PROJECT_IS_TOP_LEVEL)  # in somebody else's build, whose compiler is not ours, warnings are nobody's business
  target_compile_options(touchstone_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
endif()
# GCC 12 sees overlapping copies where a literal is added to a std::string (GCC bug 105651), and takes the operator
# delete of Asio's coroutine frames for another allocator's when only one of the pair is inlined.
target_compile_options(touchstone_options INTERFACE
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-mismatched-new-delete>)
if(TOUCHSTONE_AT_ONCE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(touchstone_options INTERFACE -Wno-subobject-linkage)  # takes the joined files for headers
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang 19 reports what libstdc++ 12's own std::stable_sort calls. Deprecated calls of ours are g++'s to find.
  target_compile_options(touchstone_options INTERFACE -Wno-deprecated-declarations)
endif()
target_include_directories(touchstone_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/reference)

# touchstone_instrument(DEBIAN-PACKAGE FLAGS...): compile and link with FLAGS, after a try that they work here.
include(CheckCXXSourceCompiles)
function(touchstone_instrument debian)
  list(JOIN ARGN " " CMAKE_REQUIRED_FLAGS)
  string(MAKE_C_IDENTIFIER "works ${ARGN}" works)
  check_cxx_source_compiles("int main() { return 0; }" ${works})
  if(NOT ${works})
    message(FATAL_ERROR "${CMAKE_CXX_COMPILER} cannot link with ${CMAKE_REQUIRED_FLAGS}. "
                        "On Debian: apt-get install ${debian}")
  endif()
  target_compile_options(touchstone_options INTERFACE ${ARGN})
  target_link_options(touchstone_options INTERFACE ${ARGN})
endfunction()

set(runtime libclang-rt-19-dev)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(runtime g++)
endif()
if(TOUCHSTONE_SANITIZE)
  touchstone_instrument(${runtime} -fsanitize=${TOUCHSTONE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
endif()
# Another engine brings its own instrumentation in CMAKE_CXX_FLAGS (fuzz/oss-fuzz/build.sh).
if(TOUCHSTONE_FUZZ AND TOUCHSTONE_FUZZ_ENGINE STREQUAL "-fsanitize=fuzzer")
  touchstone_instrument(${runtime} -fsanitize=fuzzer-no-link)
endif()
if(TOUCHSTONE_COVERAGE)
  touchstone_instrument(${runtime} -fprofile-instr-generate -fcoverage-mapping)
endif()

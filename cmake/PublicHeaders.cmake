# Which headers others get: installed by Install.cmake, documented by scripts/docs. A new header is public unless its name
# says what it is (test_*.h, *_impl.h) or it stands here: what only the .cc files beside it include.
# `cmake -P cmake/PublicHeaders.cmake` prints them, one a line.
set(touchstone_internal_headers
    ws/core/connection/header_reader.h ws/core/connection/message_reader.h ws/core/connection/sender.h
    ws/core/deflate/window_inflater.h
    ws/io/net/dial_tcp.h ws/io/frame_cutter.h ws/io/net/tunnel.h
    ws/testing/oracle/frames_judge.h ws/testing/oracle/opening_judge.h
    ws/testing/oracle/stimulus.h ws/testing/oracle/unlimited.h)

# touchstone_public_headers(RESULT ROOM): absolute paths, ROOM being core, rules, io or testing.
function(touchstone_public_headers result room)
  set(reference ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../reference)
  cmake_path(NORMAL_PATH reference)
  set(again)
  if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(again CONFIGURE_DEPENDS)
  endif()
  file(GLOB_RECURSE headers ${again} ${reference}/ws/${room}/*.h)
  list(FILTER headers EXCLUDE REGEX "/test_[a-z_]+\\.h$|_impl\\.h$")
  foreach(internal IN LISTS touchstone_internal_headers)
    if(NOT EXISTS ${reference}/${internal})
      message(FATAL_ERROR "cmake/PublicHeaders.cmake lists ${internal}, which is not there any more.")
    endif()
    list(REMOVE_ITEM headers ${reference}/${internal})
  endforeach()
  set(${result} ${headers} PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  foreach(room core rules io testing)
    touchstone_public_headers(headers ${room})
    list(JOIN headers "\n" lines)
    execute_process(COMMAND ${CMAKE_COMMAND} -E echo "${lines}")
  endforeach()
endif()

# Which headers others get: installed by Install.cmake, documented by scripts/docs. Each header below reference/ws stands in
# one of the lists here, or its name says that it is internal (test_*.h, *_impl.h); configuring fails otherwise. Public is
# what a user's program needs; what only the .cc files beside it include is internal.
# `cmake -P cmake/PublicHeaders.cmake` prints the public ones, one a line.
set(touchstone_public_core
  ws/core/bytes.h
  ws/core/close.h
  ws/core/connection/command.h
  ws/core/connection/connection.h
  ws/core/connection/event.h
  ws/core/connection/limits.h
  ws/core/connection/options.h
  ws/core/connection/prepared.h
  ws/core/connection/transitions.h
  ws/core/deflate/deflate.h
  ws/core/frame.h
  ws/core/http/extensions.h
  ws/core/http/handshake.h
  ws/core/http/http1.h
  ws/core/http/url.h
  ws/core/http2/error_code.h
  ws/core/http2/heads.h
  ws/core/http2/tunnel.h
  ws/core/http2/violation.h
  ws/core/mask.h
  ws/core/state.h
  ws/core/utf8.h
  ws/core/violation.h)
set(touchstone_public_rules
  ws/rules/answer.h
  ws/rules/codes.h
  ws/rules/finding.h
  ws/rules/frame_walker.h
  ws/rules/mask_keys.h
  ws/rules/own_frames.h
  ws/rules/predictable.h
  ws/rules/refusals.h
  ws/rules/request.h)
set(touchstone_public_io
  ws/io/accept.h
  ws/io/byte_stream.h
  ws/io/cookie.h
  ws/io/deflate_settings.h
  ws/io/http2/dial.h
  ws/io/http2/serve.h
  ws/io/http2/session.h
  ws/io/http2/tunnel_stream.h
  ws/io/json.h
  ws/io/net/asio_abi.h
  ws/io/net/completion.h
  ws/io/net/key_log.h
  ws/io/net/listener.h
  ws/io/net/proxy.h
  ws/io/net/random.h
  ws/io/net/stream.h
  ws/io/net/stream_socket.h
  ws/io/net/stream_tls.h
  ws/io/net/tls_context.h
  ws/io/net/wait.h
  ws/io/origin.h
  ws/io/redirect.h
  ws/io/serve/backoff.h
  ws/io/serve/direct_sockets.h
  ws/io/serve/echo_client.h
  ws/io/serve/echo_server.h
  ws/io/serve/hub.h
  ws/io/serve/reconnect.h
  ws/io/serve/service.h
  ws/io/use_error.h
  ws/io/websocket.h)
set(touchstone_public_testing
  ws/testing/ask.h
  ws/testing/clock.h
  ws/testing/faults/deviant.h
  ws/testing/faults/deviant_endpoints.h
  ws/testing/faults/faults.h
  ws/testing/faults/http2_lens.h
  ws/testing/faults/told_client.h
  ws/testing/heard.h
  ws/testing/matchers.h
  ws/testing/oracle/describe.h
  ws/testing/oracle/oracle.h
  ws/testing/oracle/transcript.h
  ws/testing/pipe.h
  ws/testing/relay/relay.h
  ws/testing/relay/relay_faults.h
  ws/testing/run.h
  ws/testing/script.h
  ws/testing/script_session.h
  ws/testing/scripted_endpoints.h
  ws/testing/seeded.h
  ws/testing/service_thread.h)
set(touchstone_internal
  ws/core/connection/fast_way.h
  ws/core/connection/header_reader.h
  ws/core/connection/message_reader.h
  ws/core/connection/sender.h
  ws/core/deflate/window_inflater.h
  ws/core/enumerators.h
  ws/core/glob.h
  ws/core/http/base64.h
  ws/io/frame_cutter.h
  ws/io/net/dial_tcp.h
  ws/io/net/tunnel.h
  ws/rules/said.h
  ws/testing/oracle/complain.h
  ws/testing/oracle/stimulus.h
  ws/testing/oracle/transcript_frames.h
  ws/testing/oracle/transcript_opening.h
  ws/testing/oracle/unlimited.h)

# The lists against what is there.
function(touchstone_check_headers)
  set(reference ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../reference)
  cmake_path(NORMAL_PATH reference)
  set(again)
  if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(again CONFIGURE_DEPENDS)
  endif()
  file(GLOB_RECURSE there RELATIVE ${reference} ${again} ${reference}/ws/*.h)
  list(FILTER there EXCLUDE REGEX "/test_[a-z_]+\\.h$|_impl\\.h$")
  set(listed ${touchstone_internal})
  foreach(room IN LISTS touchstone_rooms)
    set(strangers ${touchstone_public_${room}})
    list(FILTER strangers EXCLUDE REGEX "^ws/${room}/")
    if(strangers)
      message(FATAL_ERROR "cmake/PublicHeaders.cmake lists among the headers of ${room}: ${strangers}")
    endif()
    list(APPEND listed ${touchstone_public_${room}})
  endforeach()
  set(unlisted ${there})
  list(REMOVE_ITEM unlisted ${listed})
  if(unlisted)
    message(FATAL_ERROR "cmake/PublicHeaders.cmake does not say whether these are public or internal: ${unlisted}")
  endif()
  list(REMOVE_ITEM listed ${there})
  if(listed)
    message(FATAL_ERROR "cmake/PublicHeaders.cmake lists headers that are not there: ${listed}")
  endif()
endfunction()
set(touchstone_rooms core rules io testing)
touchstone_check_headers()

# touchstone_public_headers(RESULT ROOM): absolute paths, ROOM being core, rules, io or testing.
function(touchstone_public_headers result room)
  set(reference ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../reference)
  cmake_path(NORMAL_PATH reference)
  set(headers ${touchstone_public_${room}})
  list(TRANSFORM headers PREPEND ${reference}/)
  set(${result} ${headers} PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  foreach(room IN LISTS touchstone_rooms)
    touchstone_public_headers(headers ${room})
    list(JOIN headers "\n" lines)
    execute_process(COMMAND ${CMAKE_COMMAND} -E echo "${lines}")
  endforeach()
endif()

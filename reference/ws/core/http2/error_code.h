// error_code.h - why a stream or a connection of HTTP/2 ended (RFC 9113 7).
#pragma once
#include <cstdint>
#include <string_view>

namespace ws::http2 {

enum class ErrorCode : std::uint32_t {
  no_error,
  protocol_error,
  internal_error,
  flow_control_error,
  settings_timeout,
  stream_closed,
  frame_size_error,
  refused_stream,
  cancel,
  compression_error,
  connect_error,
  enhance_your_calm,
  inadequate_security,
  http_1_1_required,
};
[[nodiscard]] std::string_view name(ErrorCode code) noexcept;  // "CANCEL"

}  // namespace ws::http2

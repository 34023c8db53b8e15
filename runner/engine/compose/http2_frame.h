// http2_frame.h - a frame of HTTP/2 as octets. RFC 9113 4.1.
#pragma once
#include <ws/core/bytes.h>

#include <cstdint>
#include <string>

namespace touchstone::http2 {

constexpr std::size_t kHead = 9;
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // RFC 9113 3.4
enum Type : std::uint8_t {
  data,
  headers,
  priority,
  rst_stream,
  settings,
  push_promise,
  ping,
  goaway,
  window_update,
  continuation
};
enum Flag : std::uint8_t { end_stream = 1, ack = 1, end_headers = 4, padded = 8, with_priority = 0x20 };
enum Setting : std::uint16_t {
  header_table_size = 1,
  enable_push,
  max_concurrent_streams,
  initial_window_size,
  max_frame_size,
  max_header_list_size,
  enable_connect_protocol = 8
};

// RFC 9113 7.
enum Error : std::uint32_t {
  protocol_error = 1,
  flow_control_error = 3,
  settings_timeout,
  stream_closed,
  frame_size_error,
  compression_error = 9
};

struct FrameHead {
  std::uint8_t type = 0, flags = 0;
  std::uint32_t stream = 0;
};

[[nodiscard]] std::uint32_t number(ws::ByteView octets, std::size_t at, int count) noexcept;
[[nodiscard]] FrameHead head_of(ws::ByteView frame) noexcept;         // frame.size() >= kHead
[[nodiscard]] std::size_t payload_size(ws::ByteView frame) noexcept;  // that the head announces

void put(ws::Bytes& out, std::uint64_t value, int octets);
void put_frame(ws::Bytes& out, const FrameHead& head, ws::ByteView payload);

[[nodiscard]] std::string name_of_type(std::uint8_t type);    // "RST_STREAM", "a frame of type 11"
[[nodiscard]] std::string name_of_setting(std::uint16_t id);  // "MAX_FRAME_SIZE", "setting 7"
[[nodiscard]] std::string name_of_error(std::uint32_t code);

}  // namespace touchstone::http2

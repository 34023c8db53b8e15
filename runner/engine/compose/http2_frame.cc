#include "runner/engine/compose/http2_frame.h"

#include <ws/core/http2/error_code.h>

#include <fmt/format.h>

#include <array>
#include <utility>

namespace touchstone::http2 {

std::uint32_t number(ws::ByteView octets, std::size_t at, int count) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i)
    value = value << 8 | static_cast<std::uint32_t>(octets[at + static_cast<std::size_t>(i)]);
  return value;
}

FrameHead head_of(ws::ByteView frame) noexcept {
  return {static_cast<std::uint8_t>(frame[3]), static_cast<std::uint8_t>(frame[4]), number(frame, 5, 4) & 0x7fffffffU};
}

std::size_t payload_size(ws::ByteView frame) noexcept { return number(frame, 0, 3); }

void put(ws::Bytes& out, std::uint64_t value, int octets) {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(value >> shift));
}

void put_frame(ws::Bytes& out, const FrameHead& head, ws::ByteView payload) {
  put(out, payload.size(), 3);
  put(out, head.type, 1);
  put(out, head.flags, 1);
  put(out, head.stream, 4);
  ws::append(out, payload);
}

std::string name_of_type(std::uint8_t type) {
  constexpr std::array<std::string_view, 10> kNames = {"DATA",          "HEADERS",      "PRIORITY", "RST_STREAM",
                                                       "SETTINGS",      "PUSH_PROMISE", "PING",     "GOAWAY",
                                                       "WINDOW_UPDATE", "CONTINUATION"};
  return type < kNames.size() ? std::string(kNames[type]) : fmt::format("a frame of type {}", type);
}

std::string name_of_setting(std::uint16_t id) {
  constexpr std::array<std::string_view, 9> kNames = {"",
                                                      "HEADER_TABLE_SIZE",
                                                      "ENABLE_PUSH",
                                                      "MAX_CONCURRENT_STREAMS",
                                                      "INITIAL_WINDOW_SIZE",
                                                      "MAX_FRAME_SIZE",
                                                      "MAX_HEADER_LIST_SIZE",
                                                      "",
                                                      "ENABLE_CONNECT_PROTOCOL"};
  return id < kNames.size() && !kNames[id].empty() ? std::string(kNames[id]) : fmt::format("setting {}", id);
}

std::string name_of_error(std::uint32_t code) {
  using ws::http2::ErrorCode;
  if (code > std::to_underlying(ErrorCode::http_1_1_required)) return fmt::format("error {:#x}", code);
  return std::string(ws::http2::name(static_cast<ErrorCode>(code)));
}

}  // namespace touchstone::http2

// script_session.h - the connection of a Script that is being played: what came, frame by frame.
#pragma once
#include <ws/io/net/wait.h>
#include <ws/testing/script.h>
#include <ws/testing/seeded.h>

namespace ws::testing {

// What came in place of what was wanted, in words.
using Came = std::string;

class Script::Session {
 public:
  Session(io::Stream& stream, Role role) : stream_(stream), role_(role) {}

  // Up to and with the empty line.
  [[nodiscard]] asio::awaitable<std::expected<Bytes, Came>> next_head();
  // The next frame as RFC 6455 5.1 wants it masked.
  [[nodiscard]] asio::awaitable<std::expected<Frame, Came>> next_frame();
  // The same, but answers Pings and overlooks Pongs when the script says so, unless `wanted`.
  [[nodiscard]] asio::awaitable<std::expected<Frame, Came>> next_frame_but_pings(Opcode wanted);
  // Nothing when TCP ends; the error says how.
  [[nodiscard]] asio::awaitable<std::expected<std::error_code, Came>> next_end();

  // Nothing, or why it could not be sent.
  [[nodiscard]] asio::awaitable<std::optional<Came>> send(ByteView octets);
  [[nodiscard]] asio::awaitable<std::optional<Came>> send(FrameHeader header, ByteView payload);
  [[nodiscard]] io::Stream& stream() noexcept { return stream_; }

  std::string key{};  // of the request
  bool answers_pings = false;
  std::optional<std::chrono::milliseconds> late{};  // the time limit that passed

 private:
  // Reads until `in_` has so many octets.
  [[nodiscard]] asio::awaitable<std::optional<Came>> fill(std::size_t octets);
  [[nodiscard]] asio::awaitable<std::error_code> read_more();
  [[nodiscard]] Came words(const std::error_code& error) const;

  io::Stream& stream_;
  Role role_;
  Bytes in_;
  Seeded random_{1};
};

}  // namespace ws::testing

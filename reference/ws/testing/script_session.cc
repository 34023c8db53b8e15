#include <ws/core/http/http1.h>
#include <ws/rules/frame_walker.h>
#include <ws/testing/script_session.h>

#include <asio/error.hpp>

#include <algorithm>

namespace ws::testing {
namespace {

constexpr std::uint64_t kLongestFrame = 256 * 1024 * 1024;  // that a script is willing to keep

}  // namespace

Came Script::Session::words(const std::error_code& error) const {
  if (late) return "nothing for " + std::to_string(late->count()) + " ms";
  if (error == asio::error::eof) return "the end of TCP";
  if (error == asio::error::connection_reset) return "a reset";
  return "an error: " + error.message();
}

asio::awaitable<std::error_code> Script::Session::read_more() {
  Bytes buffer(16 * 1024);
  const auto count = co_await stream_.read_some(buffer);
  if (!count) co_return count.error();
  append(in_, ByteView(buffer).first(*count));
  co_return std::error_code{};
}

asio::awaitable<std::optional<Came>> Script::Session::fill(std::size_t octets) {
  while (in_.size() < octets) {
    const auto error = co_await read_more();
    if (!error) continue;
    Came came = words(error);
    if (!in_.empty()) came += " after " + describe(ByteView(in_)) + ", which is no whole frame";
    co_return came;
  }
  co_return std::nullopt;
}

asio::awaitable<std::expected<Bytes, Came>> Script::Session::next_head() {
  while (true) {
    const auto end = head_end(in_, HeadLimits{});
    if (!end) co_return std::unexpected("a head that is no HTTP: " + std::string(rule(end.error()).text));
    if (*end) {
      Bytes head = to_bytes(ByteView(in_).first(**end));
      in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(**end));
      co_return head;
    }
    if (const auto error = co_await read_more()) co_return std::unexpected(words(error) + " within or before the head");
  }
}

asio::awaitable<std::expected<Frame, Came>> Script::Session::next_frame() {
  auto here = rules::first_frame(in_);
  while (!here || here->cut_off()) {
    if (here && here->header.length > kLongestFrame)
      co_return std::unexpected("a frame of " + std::to_string(here->header.length) + " octets");
    const std::size_t wanted =
        here ? here->head.size() + static_cast<std::size_t>(here->header.length) : in_.size() + 1;
    if (auto came = co_await fill(wanted)) co_return std::unexpected(std::move(*came));
    here = rules::first_frame(in_);
  }
  Frame frame{here->header, here->unmasked()};
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(here->size()));
  // RFC 6455 5.1: a client masks every frame, a server none.
  if (frame.header.mask.has_value() != (role_ == Role::server))
    co_return std::unexpected(describe(frame) + (frame.header.mask ? " with a masking key" : " without a masking key"));
  co_return frame;
}

asio::awaitable<std::expected<Frame, Came>> Script::Session::next_frame_but_pings(Opcode wanted) {
  while (true) {
    auto frame = co_await next_frame();
    if (!frame || !answers_pings || frame->header.opcode == wanted) co_return frame;
    const Opcode opcode = frame->header.opcode;
    if (opcode != Opcode::ping && opcode != Opcode::pong) co_return frame;
    if (opcode == Opcode::pong) continue;
    FrameHeader pong;
    pong.opcode = Opcode::pong;
    if (auto came = co_await send(pong, frame->payload)) co_return std::unexpected(std::move(*came));
  }
}

asio::awaitable<std::expected<std::error_code, Came>> Script::Session::next_end() {
  if (in_.empty()) {
    const auto error = co_await read_more();
    if (late) co_return std::unexpected(words(error));
    if (error) co_return error;
  }
  const auto frame = co_await next_frame();
  co_return std::unexpected(frame ? describe(*frame) : frame.error());
}

asio::awaitable<std::optional<Came>> Script::Session::send(ByteView octets) {
  if (const auto error = co_await stream_.write(octets)) co_return words(error);
  co_return std::nullopt;
}

asio::awaitable<std::optional<Came>> Script::Session::send(FrameHeader header, ByteView payload) {
  if (role_ == Role::client && !header.mask) header.mask = random_.mask_key();
  Bytes octets;
  encode_frame(header, payload, octets);
  co_return co_await send(octets);
}

}  // namespace ws::testing

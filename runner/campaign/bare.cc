#include "runner/campaign/bare.h"

#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/opening.h"

#include <ws/core/close.h>
#include <ws/core/frame.h>

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <array>
#include <string>

namespace touchstone::fuzz {
namespace {

ws::Bytes normal_close() {
  const ws::FrameHeader header{.opcode = ws::Opcode::close, .mask = ws::MaskKey{}, .length = 2};
  ws::Bytes out;
  ws::encode_frame(header, close_payload(ws::close_code::kNormal, {}), out);
  return out;
}

class BareLoop {
 public:
  BareLoop(const Target& target, std::chrono::milliseconds time)
      : target_(target),
        request_(opening_request(Case{}, target, 1).octets),
        close_(normal_close()),
        end_(std::chrono::steady_clock::now() + time) {}

  std::uint64_t run(unsigned jobs) {
    asio::ip::tcp::resolver resolver(context_);
    std::error_code error;
    const auto found = resolver.resolve(target_.url.host, std::to_string(target_.url.port), error);
    if (error || found.empty()) return 0;
    endpoint_ = found.begin()->endpoint();
    for (unsigned i = 0; i < jobs; ++i) asio::co_spawn(context_, work(), asio::detached);
    context_.run_until(end_ + std::chrono::seconds(1));  // and no longer for those that are not answered
    return closed_;
  }

 private:
  [[nodiscard]] bool over() const { return std::chrono::steady_clock::now() >= end_ || failed_ > closed_ + 1000; }

  asio::awaitable<void> work() {
    while (!over()) {
      const bool closed = co_await one();
      ++(closed ? closed_ : failed_);
    }
  }

  // Whether all went as it should, the end of TCP by the server included (RFC 6455 7.1.1).
  asio::awaitable<bool> one() {
    std::error_code error;
    asio::ip::tcp::socket socket(context_);
    co_await socket.async_connect(endpoint_, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return false;
    const asio::const_buffer request(request_.data(), request_.size());
    co_await socket.async_write_some(request, asio::redirect_error(asio::use_awaitable, error));
    std::string in;
    while (!error && !in.contains("\r\n\r\n")) error = co_await read(socket, in);
    if (error || !in.starts_with("HTTP/1.1 101 ")) co_return false;
    const asio::const_buffer close(close_.data(), close_.size());
    co_await socket.async_write_some(close, asio::redirect_error(asio::use_awaitable, error));
    while (!error) error = co_await read(socket, in);
    co_return error == asio::error::eof;
  }

  static asio::awaitable<std::error_code> read(asio::ip::tcp::socket& socket, std::string& in) {
    std::error_code error;
    std::array<char, 4096> octets{};
    const asio::mutable_buffer room(octets.data(), octets.size());
    in.append(octets.data(), co_await socket.async_read_some(room, asio::redirect_error(asio::use_awaitable, error)));
    co_return error;
  }

  const Target& target_;
  const ws::Bytes request_, close_;
  const std::chrono::steady_clock::time_point end_;
  asio::io_context context_{1};
  asio::ip::tcp::endpoint endpoint_;
  std::uint64_t closed_ = 0, failed_ = 0;
};

}  // namespace

std::uint64_t bare_connections(const Target& target, unsigned jobs, std::chrono::milliseconds time) {
  return BareLoop(target, time).run(jobs);
}

}  // namespace touchstone::fuzz

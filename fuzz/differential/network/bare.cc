#include "fuzz/differential/network/bare.h"

#include "runner/engine/opening.h"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <array>
#include <string>

namespace touchstone::fuzz {
namespace {

class BareLoop {
 public:
  BareLoop(const Target& target, std::chrono::seconds time)
      : target_(target),
        request_(opening_request(Case{}, target, 1).octets),
        end_(std::chrono::steady_clock::now() + time) {}

  std::uint64_t run(unsigned jobs) {
    asio::ip::tcp::resolver resolver(context_);
    std::error_code error;
    const auto found = resolver.resolve(target_.url.host, std::to_string(target_.url.port), error);
    if (error || found.empty()) return 0;
    endpoint_ = found.begin()->endpoint();
    for (unsigned i = 0; i < jobs; ++i) asio::co_spawn(context_, work(), asio::detached);
    context_.run();
    return answered_;
  }

 private:
  [[nodiscard]] bool over() const { return std::chrono::steady_clock::now() >= end_ || failed_ > answered_ + 1000; }

  asio::awaitable<void> work() {
    while (!over()) {
      const bool answered = co_await one();
      ++(answered ? answered_ : failed_);
    }
  }

  asio::awaitable<bool> one() {
    std::error_code error;
    asio::ip::tcp::socket socket(context_);
    co_await socket.async_connect(endpoint_, asio::redirect_error(asio::use_awaitable, error));
    std::string answer;
    if (error) co_return false;
    const asio::const_buffer out(request_.data(), request_.size());
    co_await socket.async_write_some(out, asio::redirect_error(asio::use_awaitable, error));
    std::array<char, 4096> in{};
    const asio::mutable_buffer room(in.data(), in.size());
    while (!error && !answer.contains("\r\n\r\n")) {
      const std::size_t n = co_await socket.async_read_some(room, asio::redirect_error(asio::use_awaitable, error));
      answer.append(in.data(), n);
    }
    co_return answer.starts_with("HTTP/1.1 101 ");
  }

  const Target& target_;
  const ws::Bytes request_;
  const std::chrono::steady_clock::time_point end_;
  asio::io_context context_{1};
  asio::ip::tcp::endpoint endpoint_;
  std::uint64_t answered_ = 0, failed_ = 0;
};

}  // namespace

std::uint64_t bare_connections(const Target& target, unsigned jobs, std::chrono::seconds time) {
  return BareLoop(target, time).run(jobs);
}

}  // namespace touchstone::fuzz

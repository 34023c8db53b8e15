#include "runner/proxy/back.h"

#include "runner/proxy/tap.h"

#include <ws/io/http2/serve.h>
#include <ws/io/serve/echo_server.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <array>

namespace touchstone::proxy {
namespace {

constexpr std::size_t kMostHead = 256 * 1024;
constexpr std::string_view kEndOfHead = "\r\n\r\n";

}  // namespace

std::expected<std::unique_ptr<Back>, std::string> Back::open(std::string host, std::uint16_t port) {
  std::unique_ptr<Back> back(new Back(host));
  ws::io::ListenOptions listen;
  listen.host = std::move(host);
  listen.port = port;
  auto listener = ws::io::Listener::open(back->context_.get_executor(), std::move(listen));
  if (!listener) return std::unexpected(std::move(listener.error()));
  back->listener_ = std::move(*listener);
  back->port_ = back->listener_->port();
  asio::co_spawn(back->context_, back->serve(), asio::detached);
  return back;
}

Back::~Back() {
  leave_thread();
  listener_->close();
}

ws::Url Back::url() const { return {false, host_, port_}; }

void Back::enter_thread() {
  if (thread_.joinable()) return;
  context_.restart();
  thread_ = std::thread([this] { context_.run(); });
}

void Back::leave_thread() {
  if (!thread_.joinable()) return;
  context_.stop();
  thread_.join();
  context_.restart();
}

std::vector<Arrived> Back::take_arrived() {
  const std::lock_guard lock(mutex_);
  std::vector<Arrived> all;
  for (const auto& one : std::exchange(arrived_, {})) all.push_back(*one);
  return all;
}

void Back::expect(const std::string& token, Take take) { takers_[token] = std::move(take); }
void Back::forget(const std::string& token) { takers_.erase(token); }

asio::awaitable<void> Back::serve() {
  while (true) {
    auto stream = co_await listener_->accept();
    if (!stream) co_return;
    asio::co_spawn(context_, welcome_either(std::move(*stream)), asio::detached);
  }
}

// An intermediary may speak HTTP/2 with its server: RFC 9113 3.3, RFC 8441.
asio::awaitable<void> Back::welcome_either(std::unique_ptr<ws::io::Stream> stream) {
  auto detected = co_await ws::io::http2::detect(std::move(stream));
  if (!detected) co_return;
  if (!detected->is_http2) {
    co_await welcome(std::move(detected->stream));
    co_return;
  }
  ws::io::http2::SessionOptions options;
  options.role = ws::Role::server;
  const auto session = ws::io::http2::Session::start(std::move(detected->stream), std::move(options));
  while (true) {
    auto request = co_await session->accept();
    if (!request) co_return;
    asio::co_spawn(context_, welcome_stream(std::move(*request)), asio::detached);
  }
}

asio::awaitable<void> Back::welcome_stream(std::unique_ptr<ws::io::http2::Http2Stream> stream) {
  auto tunnel = co_await ws::io::http2::tunnel_of(std::move(stream));
  if (tunnel) co_await welcome(std::move(tunnel));
}

const Back::Take* Back::taker_of(std::string_view head) const {
  for (const auto& [token, take] : takers_) {
    // With its end: "7." is not the beginning of "71.".
    if (head.find(token + ".") != std::string_view::npos) return &take;
  }
  return nullptr;
}

// Where no conversation waits, the strict stack reads from the first octet on: it refuses a bad head before its end.
asio::awaitable<void> Back::welcome(std::unique_ptr<ws::io::Stream> stream) {
  ws::Bytes read;
  std::array<std::byte, 4096> buffer;
  while (!takers_.empty() && read.size() < kMostHead && ws::as_text(read).find(kEndOfHead) == std::string_view::npos) {
    const auto got = co_await stream->read_some(buffer);
    if (!got) break;
    ws::append(read, std::span(buffer).first(*got));
  }
  if (const Take* take = taker_of(ws::as_text(read))) {
    const Take hand_over = *take;  // it may forget itself
    hand_over(std::move(stream), std::move(read));
    co_return;
  }
  co_await echo_on(std::move(stream), std::move(read));
}

asio::awaitable<void> Back::echo_on(std::unique_ptr<ws::io::Stream> stream, ws::Bytes read) {
  auto seen = std::make_shared<Arrived>();
  {
    const std::lock_guard lock(mutex_);
    arrived_.push_back(seen);
    if (arrived_.size() > kMost) arrived_.pop_front();
  }
  auto socket = co_await ws::io::accept(std::make_unique<Tap>(std::move(stream), std::move(read), seen, mutex_),
                                        ws::io::open_to_all());
  if (!socket) co_return;
  ws::io::WebSocket open = std::move(*socket);
  (void)co_await ws::io::echo(open);
}

}  // namespace touchstone::proxy

#include "runner/bench/tunnels.h"

#include "runner/bench/message.h"
#include "runner/bench/meter.h"
#include "runner/engine/talk/until_set.h"

#include <ws/io/http2/tunnel_stream.h>
#include <ws/io/net/wait.h>
#include <ws/io/websocket.h>

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>

namespace touchstone::bench {
namespace {

using ws::io::http2::Http2Stream, ws::io::http2::Session, ws::io::http2::TunnelStream;

constexpr std::chrono::milliseconds kLook{100};   // a turn waits no longer
constexpr std::chrono::seconds kFarewell{2};      // for the closing handshakes
constexpr std::chrono::milliseconds kGrace{500};  // after the user's stop, for what is under way

class Tunnels {
 public:
  Tunnels(const LoadOptions& options, const std::atomic<bool>& stop, const std::function<void(const Progress&)>& tell)
      : options_(options), stop_(stop), message_(options.size, options.text), meter_(options, tell, result_) {}

  LoadResult run() {
    asio::co_spawn(context_, all(), asio::detached);
    asio::co_spawn(context_, watch(), asio::detached);
    context_.run();
    result_.interrupted = stop_;
    ones_.clear();  // what ends with them is told to the context
    return std::move(result_);
  }

 private:
  // One WebSocket: its messages are numbered, and each has to come back.
  struct One {
    std::optional<ws::io::WebSocket> socket{};
    std::unique_ptr<Http2Stream> stream{};  // in place of it: octets without WebSocket
    std::uint64_t sent = 0, echoed = 0;
    std::vector<Clock::time_point> sent_at{};
    bool over = false;
  };

  asio::awaitable<void> all() {
    begun_ = Clock::now();
    meter_.opening_begins(begun_);
    ones_.resize(options_.connections);
    for (std::size_t at = 0; at < ones_.size() && !stop_; at += options_.streams) {
      const bool goes_on = co_await open_connection(at, std::min(options_.streams, ones_.size() - at));
      if (!goes_on) break;
    }
    result_.opening_time = Clock::now() - begun_;
    if (result_.opened == 0 && !result_.not_opened.empty()) result_.unreachable = result_.not_opened.begin()->first;
    if (result_.opened > 0 && !stop_) co_await load();
    context_.stop();
  }

  // A server may keep anything waiting, the opening of the first connection already.
  asio::awaitable<void> watch() {
    co_await until_set(stop_);
    asio::steady_timer grace(context_, kGrace);
    co_await grace.async_wait(asio::use_awaitable);
    context_.stop();
  }

  // The first one finds out whether the server is there. False: it is not.
  asio::awaitable<bool> open_connection(std::size_t first, std::size_t count) {
    ws::io::DialOptions dial;
    dial.host = options_.url.host;
    dial.port = options_.url.port;
    dial.family = options_.family;
    dial.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(options_.patience);
    if (options_.url.secure) {
      dial.tls = options_.tls;
      dial.tls->http = ws::io::Http::two;
    }
    auto under = co_await ws::io::dial(std::move(dial));
    if (!under) co_return not_opened(under.error().text, count);
    const auto session = Session::start(std::move(*under));
    const auto error = co_await session->ready(
        ws::io::deadline_after(std::chrono::duration_cast<std::chrono::milliseconds>(options_.patience)));
    if (error) co_return not_opened("HTTP/2: " + error.message(), count);
    if (!session->peer_allows_connect())
      co_return not_opened("HTTP/2: no SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 3)", count);
    opening_ += count;
    for (std::size_t i = first; i < first + count; ++i)
      asio::co_spawn(context_, open(ones_[i], session), asio::detached);
    while (opening_ > 0) {
      if (co_await opened_.wait(ws::io::deadline_after(kLook)) && stop_) co_return false;
      meter_.tell(Progress::Phase::opening, Clock::now(), begun_, begun_);
    }
    co_return true;
  }

  bool not_opened(const std::string& why, std::size_t count) {
    result_.not_opened[why] += count;
    return result_.opened > 0;
  }

  asio::awaitable<void> open(One& one, std::shared_ptr<Session> session) {
    const auto begun = Clock::now();
    one.sent_at.resize(options_.in_flight);
    if (options_.raw) {
      co_await open_raw(one, *session);
      if (one.stream) result_.opening.add(Clock::now() - begun);
      --opening_;
      opened_.notify_all();
      co_return;
    }
    ws::io::ConnectOptions how;
    how.subprotocols = options_.subprotocols;
    how.extra_fields = options_.fields;
    how.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(options_.patience);
    if (!options_.deflate) how.connection.deflate_offer.reset();
    auto socket = co_await ws::io::connect(std::make_unique<TunnelStream>(std::move(session)), options_.url, how);
    if (socket) {
      if (result_.opened++ == 0) result_.deflate = socket->deflate().has_value();
      result_.opening.add(Clock::now() - begun);
      one.socket.emplace(std::move(*socket));
    } else {
      ++result_.not_opened[socket.error().text];
    }
    --opening_;
    opened_.notify_all();
  }

  // A stream whose octets come back as they are.
  asio::awaitable<void> open_raw(One& one, Session& session) {
    auto stream = session.request({{":method", "CONNECT"},
                                   {":protocol", "websocket"},
                                   {":scheme", "http"},
                                   {":path", "/"},
                                   {":authority", options_.url.host}},
                                  false);
    if (!stream) {
      ++result_.not_opened[stream.error().message()];
      co_return;
    }
    const auto answer = co_await (*stream)->head();
    if (!answer) {
      ++result_.not_opened[answer.error().message()];
      co_return;
    }
    ++result_.opened;
    (*stream)->becomes_tunnel();
    one.stream = std::move(*stream);
  }

  asio::awaitable<void> load() {
    meter_.begin(Clock::now());
    for (One& one : ones_) {
      if (!one.socket && !one.stream) continue;
      ++running_;
      asio::co_spawn(context_, talk(one), asio::detached);
    }
    asio::steady_timer timer(context_);
    while (!stop_ && running_ > 0 && Clock::now() < meter_.to()) {
      const auto now = Clock::now();
      timer.expires_at(std::min(meter_.next_boundary(now), now + kLook));
      co_await timer.async_wait(asio::use_awaitable);
      meter_.look(Clock::now());
      meter_.report(Clock::now());
    }
    sending_ = false;
    meter_.end(Clock::now());
    co_await leave();
  }

  // The last echoes, and the closing handshakes.
  asio::awaitable<void> leave() {
    const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(options_.patience + kFarewell);
    while (running_ > 0 && !stop_ && Clock::now() < until)
      (void)co_await done_.wait(std::min<Clock::time_point>(until, Clock::now() + kLook));
    for (One& one : ones_) {
      result_.unanswered += one.sent - one.echoed;
      if (one.socket) one.socket->drop();
    }
  }

  asio::awaitable<void> talk(One& one) {
    std::string why = co_await exchange(one);
    if (!why.empty()) {
      ++result_.lost[why];
      ++result_.lost_count;
    } else if (one.socket) {
      (void)co_await one.socket->close(ws::close_code::kNormal, {}, kFarewell);
    }
    --running_;
    done_.notify_all();
  }

  // Why it ended before the load did; empty: it did not.
  asio::awaitable<std::string> exchange(One& one) {
    for (std::size_t i = 0; i < options_.in_flight; ++i) {
      std::string why = co_await send(one);
      if (!why.empty()) co_return why;
    }
    while (one.echoed < one.sent) {
      std::string wrong = co_await next_echo(one);
      if (!wrong.empty()) co_return wrong;
      count(one.sent_at[static_cast<std::size_t>(one.echoed++ % one.sent_at.size())]);
      if (!sending_) continue;
      std::string why = co_await send(one);
      if (!why.empty()) co_return why;
    }
    co_return std::string();
  }

  // What is wrong with it; empty: nothing.
  asio::awaitable<std::string> next_echo(One& one) {
    if (!one.socket) co_return co_await next_octets(one);
    const auto got = co_await one.socket->read();
    if (!got) co_return got.error().message();
    if (std::holds_alternative<ws::io::Ended>(*got)) co_return "the server ended the WebSocket";
    co_return compare(one, *got);
  }

  asio::awaitable<std::string> next_octets(One& one) {
    ws::Bytes buffer(message_.size());
    std::size_t position = 0;
    while (position < message_.size()) {
      const auto got = co_await one.stream->read_some(std::span(buffer).first(message_.size() - position));
      if (!got) co_return got.error().message();
      const std::size_t same = message_.matching(one.echoed, position, ws::ByteView(buffer).first(*got));
      position += same;
      if (same != *got) co_return fmt::format("the echo differs from octet {} of {} on", position, message_.size());
    }
    co_return std::string();
  }

  asio::awaitable<std::string> send(One& one) {
    one.sent_at[static_cast<std::size_t>(one.sent % one.sent_at.size())] = Clock::now();
    const ws::ByteView octets = message_.numbered(one.sent++);
    if (!one.socket) {
      const ws::Bytes own = ws::to_bytes(octets);
      const auto error = co_await one.stream->write(own);
      co_return error ? error.message() : std::string();
    }
    if (message_.is_text()) {
      const ws::io::Result sent = co_await one.socket->write_text(ws::to_string(octets));
      co_return said(sent);
    }
    const ws::io::Result sent = co_await one.socket->write_binary(ws::to_bytes(octets));
    co_return said(sent);
  }

  static std::string said(const ws::io::Result& sent) { return sent ? sent.message() : std::string(); }

  std::string compare(const One& one, const ws::io::Received& got) const {
    const auto* const text = std::get_if<ws::event::Text>(&got);
    if ((text != nullptr) != message_.is_text()) return "an echo is of the other type";
    const ws::ByteView octets = text != nullptr ? ws::as_octets(text->data) : std::get<ws::event::Binary>(got).data;
    const std::size_t same = message_.matching(one.echoed, 0, octets);
    if (same == octets.size() && same == message_.size()) return {};
    return fmt::format("the echo of a message differs from octet {} of {} on", same, message_.size());
  }

  void count(Clock::time_point sent) { meter_.count(Clock::now(), sent); }

  const LoadOptions& options_;
  const std::atomic<bool>& stop_;
  Message message_;
  LoadResult result_;
  Meter meter_;
  Clock::time_point begun_;
  std::vector<One> ones_;
  std::size_t opening_ = 0, running_ = 0;
  bool sending_ = true;
  ws::io::Signal opened_, done_;
  asio::io_context context_{1};  // last: what is under way uses all of the above
};

}  // namespace

LoadResult run_tunnels(const LoadOptions& options, const std::atomic<bool>& stop,
                       const std::function<void(const Progress&)>& tell) {
  return Tunnels(options, stop, tell).run();
}

}  // namespace touchstone::bench

// test_relay.h - for tests: cases as they run against an endpoint, with all octets between the two written down.
#pragma once
#include "runner/engine/talk/session.h"

#include <ws/core/http/handshake.h>
#include <ws/io/net/listener.h>
#include <ws/rules/frame_walker.h>
#include <ws/testing/faults/deviant_endpoints.h>
#include <ws/testing/oracle/describe.h>
#include <ws/testing/oracle/transcript.h>

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace touchstone {

struct Overheard {
  std::optional<Observation> observation;  // nothing: no connection
  ws::testing::Transcript transcript;      // as a tester would have written it down
};

namespace on_the_line {

using asio::ip::tcp;
using Kind = ws::testing::Transcript::Kind;
using ws::testing::Transcript;

inline tcp::endpoint loopback(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

// A piece for each read, so that it can be said later where the tester waited.
inline void note(Transcript& transcript, Kind kind, ws::ByteView octets = {}) {
  transcript.pieces.push_back({kind, {octets.begin(), octets.end()}});
}

inline asio::awaitable<void> carry(tcp::socket& from, tcp::socket& to, Transcript& transcript, bool to_endpoint) {
  ws::Bytes buffer(64 * 1024);
  std::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  while (!error) {
    const std::size_t n = co_await from.async_read_some(asio::buffer(buffer), token);
    if (error) break;
    note(transcript, to_endpoint ? Kind::sent : Kind::came, ws::ByteView(buffer).first(n));
    std::error_code refused;  // who has gone reads nothing; what it said before that is still to be carried
    co_await asio::async_write(to, asio::buffer(buffer.data(), n), asio::redirect_error(asio::use_awaitable, refused));
  }
  if (error == asio::error::operation_aborted) co_return;  // the tester is done, and the endpoint keeps TCP
  const bool in_order = error == asio::error::eof;
  note(transcript, to_endpoint ? Kind::we_ended : in_order ? Kind::it_ended : Kind::it_reset);
  std::error_code ignored;
  if (in_order) {
    to.shutdown(tcp::socket::shutdown_send, ignored);
  } else {
    to.set_option(asio::socket_base::linger(true, 0), ignored);
    to.close(ignored);
  }
}

// Carries one connection to the endpoint at `port`.
inline asio::awaitable<void> relay(std::shared_ptr<tcp::acceptor> acceptor, std::uint16_t port, Transcript& transcript,
                                   std::weak_ptr<tcp::socket>& onward) {
  auto tester = std::make_shared<tcp::socket>(co_await acceptor->async_accept(asio::use_awaitable));
  auto endpoint = std::make_shared<tcp::socket>(tester->get_executor());
  onward = endpoint;
  co_await endpoint->async_connect(loopback(port), asio::use_awaitable);
  asio::co_spawn(
      tester->get_executor(), [tester, endpoint, &transcript] { return carry(*endpoint, *tester, transcript, false); },
      [tester, endpoint](const std::exception_ptr&) {});
  co_await carry(*tester, *endpoint, transcript, true);
}

// Where the tester waited in vain, which no octet shows.
inline void add_waiting(const Observation& o, Transcript& transcript) {
  auto& pieces = transcript.pieces;
  const auto at = [&](Seen::Kind kind) { return std::ranges::find(o.seen, kind, &Seen::kind); };
  const Transcript::Piece waited{Kind::nothing_came, {}};
  if (at(Seen::Kind::silent) < at(Seen::Kind::tester_close) && at(Seen::Kind::tester_close) != o.seen.end()) {
    // The tester's Close of a polite end is the last that it sends.
    const auto last = std::find_if(pieces.rbegin(), pieces.rend(), [](const auto& p) { return p.kind == Kind::sent; });
    if (last != pieces.rend()) pieces.insert(std::prev(last.base()), waited);
  }
  const bool waited_for_the_end = (o.ended_after_half_close || o.ended_by_tester) && !o.ended_tcp_in_steps;
  const auto end = std::ranges::find(pieces, Kind::we_ended, &Transcript::Piece::kind);
  if (waited_for_the_end || (o.opening_silent && end != pieces.end())) pieces.insert(end, waited);
  if (o.ended_by_tester) pieces.push_back(waited);
}

inline asio::awaitable<void> run(const Case& c, std::uint16_t port, const SessionOptions& options, Overheard& heard,
                                 const std::weak_ptr<tcp::socket>& onward) {
  Target target;
  target.url = {false, "127.0.0.1", port, "/"};
  DeflateCache cache;
  if (auto observed = co_await observe(c, target, options, cache)) heard.observation = std::move(*observed);
  std::error_code ignored;
  if (const auto endpoint = onward.lock()) endpoint->close(ignored);
}

}  // namespace on_the_line

// Runs the cases against the endpoint at `port`, all at once.
inline std::vector<Overheard> talk(std::uint16_t port, const std::vector<Case>& cases, const SessionOptions& options) {
  using namespace on_the_line;
  asio::io_context context{1};
  std::vector<Overheard> overheard(cases.size());
  std::vector<std::weak_ptr<tcp::socket>> onward(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    auto acceptor = std::make_shared<tcp::acceptor>(context, loopback(0));
    const std::uint16_t own_port = acceptor->local_endpoint().port();
    asio::co_spawn(context, relay(acceptor, port, overheard[i].transcript, onward[i]), asio::detached);
    asio::co_spawn(context, run(cases[i], own_port, options, overheard[i], onward[i]), asio::detached);
  }
  context.run();
  for (Overheard& heard : overheard)
    if (heard.observation) add_waiting(*heard.observation, heard.transcript);
  return overheard;
}

namespace on_the_line {

inline asio::awaitable<void> serve(ws::io::Listener& listener, const Case& c, const SessionOptions& options,
                                   Overheard& heard) {
  auto accepted = co_await listener.accept();
  if (!accepted) co_return;
  auto transcript = std::make_shared<Transcript>();
  transcript->endpoint = ws::Role::client;
  auto stream = ws::testing::tap(std::move(*accepted), transcript);
  ws::Bytes octets, buffer(4096);
  std::expected<std::optional<std::size_t>, ws::Violation> end;
  while (end && !*end) {
    const auto n = co_await stream->read_some(buffer);
    if (!n) co_return;
    ws::append(octets, ws::ByteView(buffer).first(*n));
    end = ws::head_end(octets, {});
  }
  auto request = end ? ws::parse_request(ws::ByteView(octets).first(**end), {}) : std::unexpected(end.error());
  if (!request) co_return;
  const ws::Bytes early(octets.begin() + static_cast<std::ptrdiff_t>(**end), octets.end());
  DeflateCache cache;
  heard.observation = co_await observe_client(c, std::move(stream), std::move(*request), early, options, cache);
  listener.close();
  heard.transcript = *transcript;
}

inline asio::awaitable<void> run_client(std::uint16_t port, ws::testing::FaultSet faults) {
  (void)co_await ws::testing::run_deviant_client(ws::Url("127.0.0.1", port), faults, {});
}

}  // namespace on_the_line

// Runs the case against a client with these faults.
inline Overheard talk_to_client(const ws::testing::FaultSet& faults, const Case& c, const SessionOptions& options) {
  asio::io_context context{1};
  Overheard heard;
  auto listener = ws::io::Listener::open(context.get_executor(), {});
  asio::co_spawn(context, on_the_line::serve(**listener, c, options, heard),
                 [&context](const std::exception_ptr&) { context.stop(); });  // some clients keep TCP
  asio::co_spawn(context, on_the_line::run_client((*listener)->port(), faults), asio::detached);
  context.run();
  // Between what was sent before a silence and after it nothing shows where it was: then there is nothing to compare.
  const auto waited = [&] { return std::ranges::find(heard.observation->seen, Seen::Kind::silent, &Seen::kind); };
  if (heard.observation && waited() != heard.observation->seen.end()) heard.observation.reset();
  if (heard.observation) on_the_line::add_waiting(*heard.observation, heard.transcript);
  return heard;
}

// A server whose answer to each frame a test writes by hand. It runs in a thread of its own.
class HandMadeServer {
 public:
  struct Answer {
    ws::Bytes octets{};
    bool ends_tcp = false;
  };
  using React = std::function<Answer(const ws::testing::Frame&)>;

  // `fields`: further lines of its 101.
  explicit HandMadeServer(React react, std::string fields = {})
      : react_(std::move(react)), fields_(std::move(fields)), acceptor_(context_, on_the_line::loopback(0)) {
    asio::co_spawn(context_, accept_all(), asio::detached);
    thread_ = std::jthread([this] { context_.run(); });
  }
  HandMadeServer(const HandMadeServer&) = delete;
  HandMadeServer& operator=(const HandMadeServer&) = delete;
  ~HandMadeServer() { context_.stop(); }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  using Socket = asio::ip::tcp::socket;

  asio::awaitable<void> accept_all() {
    while (true) {
      Socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
      asio::co_spawn(context_, serve(std::move(socket)), [](const std::exception_ptr&) {});
    }
  }

  asio::awaitable<void> serve(Socket socket) {
    ws::Bytes octets, buffer(4096);
    std::optional<std::size_t> end;
    while (!end) {
      const std::size_t n = co_await socket.async_read_some(asio::buffer(buffer), asio::use_awaitable);
      ws::append(octets, ws::ByteView(buffer).first(n));
      end = ws::head_end(octets, {}).value();
    }
    const auto request = ws::parse_request(ws::ByteView(octets).first(*end), {}).value();
    const auto key = ws::field_values(request.fields, "Sec-WebSocket-Key").front();
    const std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        ws::accept_key(key) + "\r\n" + fields_ + "\r\n";
    co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
    octets.erase(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(*end));
    while (co_await answer_frames(socket, octets)) {
      const std::size_t n = co_await socket.async_read_some(asio::buffer(buffer), asio::use_awaitable);
      ws::append(octets, ws::ByteView(buffer).first(n));
    }
  }

  asio::awaitable<bool> answer_frames(Socket& socket, ws::Bytes& octets) {
    for (auto frame = ws::rules::first_frame(octets); frame && !frame->cut_off();
         frame = ws::rules::first_frame(octets)) {
      const Answer answer = react_({frame->header, frame->unmasked()});
      octets.erase(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(frame->size()));
      co_await asio::async_write(socket, asio::buffer(answer.octets), asio::use_awaitable);
      if (answer.ends_tcp) co_return false;
    }
    co_return true;
  }

  const React react_;
  const std::string fields_;
  asio::io_context context_{1};
  asio::ip::tcp::acceptor acceptor_;
  std::jthread thread_;
};

}  // namespace touchstone

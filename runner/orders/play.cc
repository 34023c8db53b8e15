// play.cc - the tester's side of an order: listeners, connections, and their end.
#include "reports/result/result.h"
#include "runner/engine/talk/watchdog.h"
#include "runner/orders/order.h"

#include <openssl/ssl.h>
#include <ws/core/connection/connection.h>
#include <ws/io/net/stream.h>
#include <ws/io/net/stream_socket.h>
#include <ws/io/net/stream_tls.h>
#include <ws/rules/request.h>

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace touchstone::orders {
namespace {

constexpr ws::HeadLimits kHead{.octets = 64 * 1024, .fields = 1000};
constexpr std::size_t kMostKept = 4096;
constexpr std::string_view kPing = "next";
constexpr std::byte kTlsHandshake{22};  // RFC 8446 5.1: the type of the first record

std::chrono::steady_clock::time_point now() { return std::chrono::steady_clock::now(); }

std::string beginning(ws::ByteView octets) { return ws::to_string(octets.first(std::min(octets.size(), kMostKept))); }

// Gives what was read already before what comes.
class Unread final : public ws::io::Stream {
 public:
  Unread(std::unique_ptr<ws::io::Stream> under, ws::Bytes first) : under_(std::move(under)), first_(std::move(first)) {}
  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override {
    if (given_ == first_.size()) co_return co_await under_->read_some(into);
    const std::size_t n = std::min(into.size(), first_.size() - given_);
    std::memcpy(into.data(), first_.data() + given_, n);
    given_ += n;
    co_return n;
  }
  asio::awaitable<std::error_code> write(ws::ByteView octets) override { return under_->write(octets); }
  asio::awaitable<std::error_code> shutdown_send() override { return under_->shutdown_send(); }
  void reset() noexcept override { under_->reset(); }
  void close() noexcept override { under_->close(); }
  asio::any_io_executor executor() override { return under_->executor(); }
  [[nodiscard]] int descriptor() noexcept override { return under_->descriptor(); }
  [[nodiscard]] std::string peer() const override { return under_->peer(); }
  [[nodiscard]] bool secure() const noexcept override { return under_->secure(); }
  [[nodiscard]] ws::io::PeerAddress peer_address() const override { return under_->peer_address(); }

 private:
  std::unique_ptr<ws::io::Stream> under_;
  ws::Bytes first_;
  std::size_t given_ = 0;
};

std::string answer_101(const ws::RequestFacts& facts) {
  ws::ResponseHead head;
  head.status = 101;
  head.reason = ws::reason_phrase(101);
  head.fields = {
      {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", ws::accept_key(facts.key)}};
  if (!facts.subprotocols.empty()) head.fields.push_back({"Sec-WebSocket-Protocol", facts.subprotocols.front()});
  return ws::serialize(head);
}

}  // namespace

// --- One connection ------------------------------------------------------------------------------------------------

// False: the end, or nothing for too long.
asio::awaitable<bool> Visit::more() {
  ws::Bytes buffer(16 * 1024);
  Watchdog watchdog(*stream_);
  watchdog.arm(play_.patience);
  const auto n = co_await stream_->read_some(buffer);
  if (!n) {
    arrival_.waited_in_vain = arrival_.waited_in_vain || watchdog.bit();
    arrival_.ended_by_client = arrival_.ended_by_client || (!watchdog.bit() && !play_.over());
    co_return false;
  }
  play_.read_ += *n;
  ws::append(octets_, std::span(buffer).first(*n));
  co_return true;
}

asio::awaitable<bool> Visit::begin_tls(const ws::io::Identity& identity) {
  if (!co_await more()) co_return false;
  arrival_.secure = octets_.front() == kTlsHandshake;
  if (!arrival_.secure) {
    while (octets_.size() < kMostKept && ws::as_text(octets_).find("\r\n\r\n") == std::string_view::npos) {
      if (!co_await more()) break;
    }
    arrival_.plain = beginning(octets_);
    co_return false;
  }
  ws::io::ServerTls tls;
  tls.certificate_pem = identity.certificate_pem;
  tls.private_key_pem = identity.private_key_pem;
  const auto context = ws::io::server_context(tls);
  if (!context) {
    play_.shortage = context.error();
    co_return false;
  }
  const auto place = std::ranges::find(play_.streams_, stream_.get());
  auto under = std::make_unique<Unread>(std::move(stream_), std::move(octets_));
  octets_.clear();
  auto secured = std::make_unique<ws::io::TlsStream>(std::move(under), ws::io::server_session(*context));
  ws::io::TlsStream& session = *secured;
  *place = secured.get();
  stream_ = std::move(secured);
  Watchdog watchdog(*stream_);
  watchdog.arm(play_.patience);
  const auto error = co_await session.handshake();
  if (const char* name = SSL_get_servername(session.session(), TLSEXT_NAMETYPE_host_name)) arrival_.server_name = name;
  arrival_.tls_open = !error;
  arrival_.ended_by_client = arrival_.ended_by_client || (error && !watchdog.bit());
  co_return !error;
}

asio::awaitable<std::optional<ws::RequestHead>> Visit::read_head() {
  while (true) {
    const auto end = ws::head_end(octets_, kHead);
    if (end && *end) {
      const auto head = ws::ByteView(octets_).first(**end);
      arrival_.heads.push_back(ws::to_string(head));
      auto parsed = ws::parse_request(head, kHead);
      if (!parsed) arrival_.rubbish = beginning(head);
      octets_.erase(octets_.begin(), octets_.begin() + static_cast<std::ptrdiff_t>(**end));
      if (!parsed) co_return std::nullopt;
      (parsed->method == "CONNECT" ? arrival_.connect : arrival_.request) = *parsed;
      co_return std::move(*parsed);
    }
    if (!end) {
      arrival_.rubbish = beginning(octets_);
      co_return std::nullopt;
    }
    if (!co_await more()) co_return std::nullopt;
  }
}

asio::awaitable<bool> Visit::say(std::string octets) {
  arrival_.answers.push_back(octets);
  Watchdog watchdog(*stream_);
  watchdog.arm(play_.patience);
  const auto error = co_await stream_->write(ws::as_octets(octets));
  co_return !error;
}

asio::awaitable<void> Visit::until_end() {
  bool goes_on = true;
  while (goes_on) {
    const bool came = co_await more();
    goes_on = came && octets_.size() < kHead.octets;
  }
  stream_->close();
}

asio::awaitable<void> Visit::open(ws::RequestHead request, After after, Gate gate) {
  const auto reading = ws::rules::read_request(request);
  if (!reading.facts) {
    (void)co_await say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    co_return co_await until_end();
  }
  if (!co_await say(answer_101(*reading.facts))) co_return;
  arrival_.answered = true;
  ws::Options options;
  options.role = ws::Role::server;
  ws::Connection connection = ws::Connection::opened(std::move(options), std::nullopt);
  (void)connection.submit(ws::command::Ping{ws::as_octets(kPing)});
  bool going = true;
  while (going) {
    connection.receive(octets_);
    octets_.clear();
    while (const auto event = connection.next_event()) {
      if (std::holds_alternative<ws::event::Closed>(*event)) going = false;
      if (!std::holds_alternative<ws::event::Pong>(*event) || arrival_.opened) continue;
      arrival_.opened = true;
      play_.changed.notify_all();
      if (gate) co_await gate();
      if (after == After::reset) co_return stream_->reset();
      (void)connection.submit(ws::command::Close{ws::CloseReason{}});
    }
    if (!connection.output().empty()) {
      const auto out = connection.output();
      const std::size_t size = out.size();
      if (co_await stream_->write(out)) break;
      connection.wrote(size);
    }
    if (connection.wants_shutdown()) break;  // RFC 6455 7.1.1: the server ends TCP first
    if (!going) break;
    if (!co_await more()) break;
  }
  (void)co_await stream_->shutdown_send();
  co_await until_end();
}

asio::awaitable<void> Visit::relay(std::uint16_t port) {
  ws::io::DialOptions dial;
  dial.host = "127.0.0.1";
  dial.port = port;
  auto dialled = co_await ws::io::dial(std::move(dial));
  if (!dialled) co_return;
  const std::shared_ptr<ws::io::Stream> far = std::move(*dialled);
  ws::io::Stream* const near = stream_.get();
  const auto back = [](std::shared_ptr<ws::io::Stream> from, ws::io::Stream* to,
                       std::shared_ptr<bool> open) -> asio::awaitable<void> {
    ws::Bytes buffer(16 * 1024);
    while (*open) {
      const auto n = co_await from->read_some(buffer);
      if (!*open) co_return;
      if (!n) break;
      if (co_await to->write(ws::ByteView(buffer).first(*n))) break;
    }
    if (*open) (void)co_await to->shutdown_send();
  };
  const auto open = std::make_shared<bool>(true);
  asio::co_spawn(play_.executor(), back(far, near, open), asio::detached);
  while (true) {
    const ws::Bytes piece = std::exchange(octets_, {});
    if (co_await far->write(piece)) break;
    if (!co_await more()) break;
  }
  *open = false;
  far->close();
}

// --- The order -----------------------------------------------------------------------------------------------------

struct Play::Door {
  Door(std::string called, Serve serves, asio::ip::tcp::acceptor taken)
      : name(std::move(called)), serve(std::move(serves)), acceptor(std::move(taken)) {}
  std::string name;
  Serve serve;
  asio::ip::tcp::acceptor acceptor;
};

// `port` 0 becomes the one that was free.
std::error_code Play::open_door(const std::string& name, const Serve& serve, bool v6, std::uint16_t& port) {
  using asio::ip::tcp;
  tcp::acceptor acceptor(executor_);
  const tcp::endpoint where(
      v6 ? asio::ip::address(asio::ip::address_v6::loopback()) : asio::ip::address(asio::ip::address_v4::loopback()),
      port);
  std::error_code error;
  acceptor.open(where.protocol(), error);
  if (!error && v6) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(where, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return error;
  const auto made = std::make_shared<Door>(name, serve, std::move(acceptor));
  doors_.push_back(made);
  ++accepting_;
  asio::co_spawn(executor_, accept_all(*this, made), asio::detached);
  port = made->acceptor.local_endpoint().port();
  return {};
}

std::uint16_t Play::door(std::string name, Serve serve, bool v6) {
  std::uint16_t port = 0;
  if (const auto error = open_door(name, serve, v6, port))
    shortage = fmt::format("listen on {}: {}", v6 ? "::1" : "127.0.0.1", error.message());
  return port;
}

std::uint16_t Play::door_of_name(std::string name, Serve serve) {
  std::uint16_t port = door(name, serve);
  // No IPv6 here, or the port is somebody else's there: a client comes to the other address then.
  if (port != 0) (void)open_door(name, serve, /*v6=*/true, port);
  return port;
}

asio::awaitable<void> Play::accept_all(Play& play, std::shared_ptr<Door> door) {
  while (!play.over_) {
    std::error_code error;
    auto socket = co_await door->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error || play.over_) break;
    auto stream = std::make_unique<ws::io::SocketStream>(ws::io::SocketStream::Socket(std::move(socket)));
    Arrival& arrival = play.arrivals.emplace_back();
    arrival.door = door->name;
    arrival.began = now();
    ++play.visits_;
    asio::co_spawn(play.executor_, receive(play, door, std::move(stream), arrival), asio::detached);
  }
  --play.accepting_;
  play.changed.notify_all();
}

asio::awaitable<void> Play::receive(Play& play, std::shared_ptr<Door> door, std::unique_ptr<ws::io::Stream> stream,
                                    Arrival& arrival) {
  const std::size_t place = play.streams_.size();
  play.streams_.push_back(stream.get());
  {
    Visit visit(play, arrival, std::move(stream));
    co_await door->serve(visit);
    visit.leave();
    play.streams_[place] = nullptr;
  }
  arrival.ended = now();
  arrival.over = true;
  --play.visits_;
  play.changed.notify_all();
}

std::vector<const Arrival*> Play::at(std::string_view name) const {
  std::vector<const Arrival*> found;
  for (const Arrival& arrival : arrivals)
    if (arrival.door == name) found.push_back(&arrival);
  return found;
}

void Play::leave() noexcept {
  over_ = true;
  for (const auto& each : doors_) {
    std::error_code ignored;
    each->acceptor.close(ignored);
  }
  for (ws::io::Stream* stream : streams_)
    if (stream != nullptr) stream->close();
}

asio::awaitable<void> Play::finish() {
  // What a client sent before it asked for the next order is in this machine already: until no more of it is found.
  asio::steady_timer turn(executor_);
  for (std::uint64_t before = ~std::uint64_t{0}; before != read_ + arrivals.size();) {
    before = read_ + arrivals.size();
    for (int i = 0; i < 3; ++i) {
      turn.expires_after(std::chrono::milliseconds(1));
      co_await turn.async_wait(asio::use_awaitable);
    }
  }
  const auto until = ws::io::deadline_after(patience);
  while (lingers && visits_ > 0) {
    if (co_await changed.wait(until)) break;
  }
  leave();
  while (visits_ > 0 || accepting_ > 0) (void)co_await changed.wait(ws::io::deadline_after(patience));
}

}  // namespace touchstone::orders

#include "runner/engine/talk/http2_beside.h"

#include "runner/engine/talk/watchdog.h"

#include <fmt/format.h>
#include <ws/core/http2/tunnel.h>
#include <ws/rules/frame_walker.h>
#include <asio/error.hpp>

#include <algorithm>

namespace touchstone {
namespace {

using ws::io::http2::Fields, ws::io::http2::TunnelStream;

constexpr std::string_view kPayload = "a Ping of another tunnel, cut in two";

ws::Bytes frame_of(ws::Opcode opcode, ws::ByteView payload, std::uint8_t rsv = 0) {
  DeflateCache cache;
  Composer composer(ws::Role::client, 1, std::nullopt, cache);
  ws::Bytes octets;
  composer.frame(opcode, true, rsv, payload, [&](const WireFrame& frame) { ws::append(octets, frame.octets); });
  return octets;
}

// What a server says on a tunnel, as far as this file asks.
class Listener {
 public:
  void take(ws::ByteView octets) {
    while (!octets.empty()) {
      const auto step = walker_.take(octets);
      octets = octets.subspan(step.taken);
      if (walker_.complete() && walker_.header()->opcode == ws::Opcode::pong) pong_ = walker_.payload();
      if (walker_.complete() && walker_.header()->opcode == ws::Opcode::close) closed_ = true;
      if (walker_.complete() && walker_.header()->opcode == ws::Opcode::text) answered_ = true;
    }
  }
  [[nodiscard]] const std::optional<ws::Bytes>& pong() const noexcept { return pong_; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] bool answered() const noexcept { return answered_; }

 private:
  ws::rules::ControlWalker walker_;
  std::optional<ws::Bytes> pong_;
  bool closed_ = false, answered_ = false;
};

}  // namespace

struct Http2Neighbours::Tunnel {
  std::unique_ptr<ws::io::Stream> stream;
  Listener listener{};
};

Http2Neighbours::Http2Neighbours(const Case& c, Http2Framing& framing,
                                 std::shared_ptr<ws::io::http2::Session> connection, const Target& target,
                                 const SessionOptions& options)
    : case_(c), framing_(framing), connection_(std::move(connection)), target_(target), options_(options) {}

Http2Neighbours::~Http2Neighbours() = default;

asio::awaitable<void> Http2Neighbours::begin(bool first) {
  for (const Http2Beside& one : case_.http2->beside)
    if (one.first == first) co_await begin(one.what);
}

asio::awaitable<void> Http2Neighbours::begin(Http2Beside::What what) {
  using enum Http2Beside::What;
  const std::string path = target_.url.target;
  const std::string host = target_.host.empty() ? ws::host_field(target_.url) : target_.host;
  const std::string scheme = target_.url.secure ? "https" : "http";
  const Fields regular{{"x-beside", "a field that is remembered"}, {"sec-websocket-version", "13"}};
  if (what == get) {
    Fields section{{":method", "GET"}, {":scheme", scheme}, {":path", path}, {":authority", host}};
    co_return co_await request(std::move(section), true, "a GET");
  }
  if (what == refused) {
    Fields section{
        {":method", "CONNECT"}, {":protocol", "x-unknown"}, {":scheme", scheme}, {":path", path}, {":authority", host}};
    section.insert(section.end(), regular.begin(), regular.end());
    co_return co_await request(std::move(section), false, "a CONNECT for an unknown protocol");
  }
  auto beside = co_await open();
  if (!beside) co_return;
  const ws::Bytes ping = frame_of(ws::Opcode::ping, ws::as_octets(kPayload));
  if (what == tunnel || what == reset) co_await write(*beside, ws::ByteView(ping).first(ping.size() / 2));
  if (what == reset) beside->stream->reset();
  if (what == tunnel) {
    halves_.push_back(std::move(beside));
  } else if (what == stalled) {
    const ws::Bytes payload(1000, std::byte{'x'});
    for (int i = 0; i < 20; ++i) co_await write(*beside, frame_of(ws::Opcode::binary, payload));
    kept_.push_back(std::move(beside));
  } else if (what == ended) {
    co_await end(*beside);
  } else if (what == faulty) {
    constexpr std::uint8_t kRsv3 = 1;
    co_await write(*beside, frame_of(ws::Opcode::text, ws::as_octets(kPayload), kRsv3));
    co_await hear(*beside, [&] { return beside->listener.closed(); });
  }
}

asio::awaitable<void> Http2Neighbours::end(Tunnel& tunnel) {
  ++ended_;
  // As long as that of the case.
  const auto* const message = case_.steps.empty() ? nullptr : std::get_if<step::Message>(&case_.steps.front().action);
  const std::size_t size = message == nullptr ? kPayload.size() : static_cast<std::size_t>(length(message->payload));
  co_await write(tunnel, frame_of(ws::Opcode::text, ws::Bytes(size, std::byte{'x'})));
  (void)co_await tunnel.stream->shutdown_send();
  co_await hear(tunnel, [&] { return tunnel.listener.answered(); });
  if (tunnel.listener.answered()) ++answered_;
}

asio::awaitable<void> Http2Neighbours::last() {
  for (const auto& half : halves_) {
    const ws::Bytes ping = frame_of(ws::Opcode::ping, ws::as_octets(kPayload));
    co_await write(*half, ws::ByteView(ping).subspan(ping.size() / 2));
    co_await hear(*half, [&] { return half->listener.pong().has_value(); });
    const auto& pong = half->listener.pong();
    if (!pong) {
      of_pongs_.emplace_back("the Ping on another tunnel got no Pong");
    } else if (ws::as_text(*pong) != kPayload) {
      of_pongs_.emplace_back("the Pong on another tunnel has another payload than the Ping");
    }
  }
}

asio::awaitable<void> Http2Neighbours::request(Fields section, bool end, std::string what) {
  framing_.expect(section);
  auto stream = connection_->request(section, end);
  if (!stream) co_return complain(what + " could not be sent: " + stream.error().message());
  Watchdog watchdog(**stream);
  watchdog.arm(options_.timeout);
  const auto answer = co_await (*stream)->head();
  if (answer) co_return;
  if (watchdog.bit()) co_return complain(what + " was not answered");
  if (connection_->is_over()) complain("the connection ended after " + what);
}

asio::awaitable<std::unique_ptr<Http2Neighbours::Tunnel>> Http2Neighbours::open() {
  auto stream = std::make_unique<TunnelStream>(connection_);
  stream->edit_head([this](Fields section) {
    framing_.expect(section);
    return TunnelStream::Edited{std::move(section), false};
  });
  Opening opening(std::move(stream), 0, Budget{});
  const Case plain;
  if (!co_await open_as_client(opening, plain, target_, options_)) {
    // RFC 9113 5.1.2: how many streams there may be is the endpoint's to say.
    const bool enough = opening.observation.handshake_failure.ends_with("REFUSED_STREAM");
    if (!enough) complain("another tunnel did not open: " + opening.observation.handshake_failure);
    co_return nullptr;
  }
  auto beside = std::make_unique<Tunnel>();
  beside->stream = std::move(opening.stream);
  beside->listener.take(opening.early);
  co_return beside;
}

asio::awaitable<void> Http2Neighbours::write(Tunnel& tunnel, ws::ByteView octets) {
  Watchdog watchdog(*tunnel.stream);
  watchdog.arm(options_.timeout);
  if (const auto error = co_await tunnel.stream->write(octets))
    of_pongs_.push_back("nothing could be sent on another tunnel: " + error.message());
}

asio::awaitable<void> Http2Neighbours::hear(Tunnel& tunnel, std::function<bool()> done) {
  Watchdog watchdog(*tunnel.stream);
  watchdog.arm(options_.timeout);
  ws::Bytes buffer(16 * 1024);
  while (!done()) {
    const auto count = co_await tunnel.stream->read_some(buffer);
    if (!count) co_return;
    tunnel.listener.take(ws::ByteView(buffer).first(*count));
  }
}

}  // namespace touchstone

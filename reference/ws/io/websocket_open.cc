// websocket_open.cc - what the events mean, and the opening handshake from both sides. RFC 6455 4.
#include <ws/io/random.h>
#include <ws/io/websocket_impl.h>

#include <algorithm>
#include <asio/error.hpp>

namespace ws::io {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};

// Why the opening handshake of `self`, which is not open, did not succeed.
OpenError failed_handshake(const WebSocket::Impl& self, const std::error_code& error, const std::string& peer) {
  OpenError result{.code = error ? error : self.ending.error,
                   .violation = self.ending.violation,
                   .rejected = self.rejected,
                   .text = "opening handshake with " + peer + ": "};
  if (result.rejected) {
    result.text += "refused with status " + std::to_string(result.rejected->status);
  } else if (result.violation) {
    result.text += rule(*result.violation).text;
  } else if (result.code == asio::error::timed_out) {
    result.text += "no answer in time";
  } else {
    result.text += result.code ? result.code.message() : "the connection ended before it was complete";
  }
  return result;
}

OpenError not_asked(Misuse misuse) {
  return {.code = make_error_code(misuse), .text = "the request was not sent: " + std::string(describe(misuse))};
}

OpenError not_dialed(DialError error) {
  return {.stage = error.stage, .code = error.code, .text = std::move(error.text)};
}

asio::awaitable<std::expected<WebSocket, OpenError>> finish_opening(std::shared_ptr<WebSocket::Impl> self,
                                                                    std::string peer, Clock::time_point until) {
  WebSocket socket(self);  // drops the connection unless it is handed out
  while (!self->opened && !self->rejected) {
    if (self->feed()) continue;
    if (self->opened || self->rejected) break;
    if (self->ended) co_return std::unexpected(failed_handshake(*self, {}, peer));
    if (const auto error = co_await self->activity.wait(until))
      co_return std::unexpected(failed_handshake(*self, error, peer));
  }
  if (!self->opened) co_return std::unexpected(failed_handshake(*self, {}, peer));
  co_return std::move(socket);
}

}  // namespace

void WebSocket::Impl::handle(Event event) {
  const auto keep = [this](auto& message) {
    if (!discarding) inbox.emplace_back(std::move(message));
  };
  std::visit(Overload{
                 [this](event::Requested& e) {
                   requested = std::move(e.request);
                   // RFC 6455 4.2.2: the first of the client's that we speak, if any.
                   const auto& wanted = e.facts.subprotocols;
                   const auto chosen = std::ranges::find_first_of(wanted, subprotocols);
                   (void)connection.submit(command::Accept{chosen == wanted.end() ? std::string_view{} : *chosen, {}});
                 },
                 [this](event::Opened& e) { opened = std::move(e); },
                 [this](event::Rejected& e) { rejected = std::move(e.response); },
                 [](event::Frame&) {},
                 [&](event::Text& e) { keep(e); },
                 [&](event::Binary& e) { keep(e); },
                 [](event::Ping&) {},
                 [this](event::Pong& e) {
                   const auto it = std::ranges::find(pings, e.payload, [](const auto& ping) { return ping->payload; });
                   if (it == pings.end()) return;  // RFC 6455 5.5.3: an unsolicited Pong is no fault
                   // RFC 6455 5.5.3: who has several Pings to answer may answer the latest only.
                   for (auto answered = pings.begin(); answered <= it; ++answered) (*answered)->answered = true;
                   pings.erase(pings.begin(), it + 1);
                 },
                 [this](event::Close& e) {
                   if (e.reason) ending.reason = std::move(e.reason->text);
                 },
                 [this](event::Failed& e) {
                   if (!ending.violation) ending.violation = e.violation;
                 },
                 [this](event::Closed& e) {
                   Ended how = std::move(ending);
                   how.code = e.code;
                   how.clean = e.clean;
                   end(std::move(how));
                 },
             },
             event);
}

asio::awaitable<std::expected<WebSocket, OpenError>> accept(std::unique_ptr<Stream> stream, AcceptOptions options) {
  options.connection.role = Role::server;
  const std::string peer = stream->peer();
  const auto self = std::make_shared<WebSocket::Impl>(std::move(stream), std::move(options.connection));
  self->subprotocols = std::move(options.subprotocols);
  self->settle();
  self->start_reading();
  co_return co_await finish_opening(self, peer, Clock::time_point::max());
}

asio::awaitable<std::expected<WebSocket, OpenError>> connect(std::unique_ptr<Stream> stream, Url url,
                                                             ConnectOptions options) {
  options.connection.role = Role::client;
  if (!options.connection.mask_key) options.connection.mask_key = random_mask_key;
  if (!options.connection.nonce) options.connection.nonce = random_nonce;
  const auto self = std::make_shared<WebSocket::Impl>(std::move(stream), std::move(options.connection));
  const std::string host = host_field(url);
  const Command request = command::Connect{host, url.target, options.subprotocols, options.extra_fields};
  if (const auto asked = self->connection.submit(request); !asked) {
    self->end({});
    co_return std::unexpected(not_asked(asked.error()));
  }
  self->settle();
  self->start_reading();
  co_return co_await finish_opening(self, host, deadline_after(options.deadline));
}

asio::awaitable<std::expected<WebSocket, OpenError>> connect(Url url, ConnectOptions options) {
  const auto until = deadline_after(options.deadline);
  DialOptions target;
  target.host = url.host;
  target.port = url.port;
  target.family = options.family;
  target.deadline = options.deadline;
  if (url.secure) target.tls = options.tls;
  auto stream = co_await dial(std::move(target));
  if (!stream) co_return std::unexpected(not_dialed(std::move(stream.error())));
  options.deadline = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  co_return co_await connect(std::move(*stream), std::move(url), std::move(options));
}

}  // namespace ws::io

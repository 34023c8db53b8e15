// connect.cc - the client's side of the opening handshake. RFC 6455 4.1.
#include <ws/io/http2/dial.h>
#include <ws/io/net/random.h>
#include <ws/io/redirect.h>
#include <ws/io/websocket_impl.h>

namespace ws::io {
namespace {

OpenError not_asked(Misuse misuse) {
  return {.code = make_error_code(misuse), .text = "the request was not sent: " + std::string(describe(misuse))};
}

OpenError not_dialed(DialError error) {
  return {.stage = error.stage, .code = error.code, .text = std::move(error.text)};
}

DialOptions dialing(const Url& url, const ConnectOptions& options) {
  DialOptions target;
  target.host = url.host;
  target.port = url.port;
  target.family = options.family;
  target.deadline = options.deadline;
  target.proxy = options.proxy;
  target.unix_path = options.unix_path;
  if (url.secure) target.tls = options.tls;
  return target;
}

// Where the failed attempt sends us, if we may go there; otherwise the error says why not.
std::optional<Url> next_url(OpenError& error, const Url& from, int followed, int allowed) {
  if (!error.rejected || !is_redirect(*error.rejected)) return std::nullopt;
  auto target = redirect_target(*error.rejected, from);
  if (!target) {
    error.text += ", " + target.error();
    return std::nullopt;
  }
  if (followed < allowed) return std::move(*target);
  error.text += ": it redirects to " + to_string(*target) + ", and " +
                (allowed == 0 ? "redirections are not followed" : "too many were followed already") +
                " (ConnectOptions::max_redirects is " + std::to_string(allowed) + ")";
  return std::nullopt;
}

}  // namespace

asio::awaitable<std::expected<WebSocket, OpenError>> connect(std::unique_ptr<Stream> stream, Url url,
                                                             ConnectOptions options) {
  options.connection.role = Role::client;
  if (!options.connection.mask_key) options.connection.mask_key = random_mask_key;
  if (!options.connection.nonce) options.connection.nonce = random_nonce;
  const auto self = std::make_shared<WebSocket::Impl>(std::move(stream), std::move(options.connection));
  WebSocket socket(self);  // drops the connection unless it is handed out
  self->peer = host_field(url);
  const Command request = command::Connect{self->peer, url.target, options.subprotocols, options.extra_fields};
  if (const auto asked = self->connection.submit(request); !asked) co_return std::unexpected(not_asked(asked.error()));
  self->settle();
  const auto error = co_await WebSocket::Impl::opening(self, deadline_after(options.deadline));
  if (error || !self->opened) co_return std::unexpected(self->not_opened(error));
  co_return std::move(socket);
}

asio::awaitable<std::expected<WebSocket, OpenError>> connect(Url url, ConnectOptions options) {
  const auto until = deadline_after(options.deadline);
  for (int followed = 0;; ++followed) {
    auto stream = co_await http2::dial(dialing(url, options), options.http);
    if (!stream) co_return std::unexpected(not_dialed(std::move(stream.error())));
    options.deadline = time_left(until);
    auto socket = co_await connect(std::move(*stream), url, options);
    if (socket) co_return std::move(socket);
    auto next = next_url(socket.error(), url, followed, options.max_redirects);
    if (!next) co_return std::move(socket);
    if (!same_origin(*next, url)) drop_credentials(options.extra_fields);
    url = std::move(*next);
    options.deadline = time_left(until);
  }
}

}  // namespace ws::io

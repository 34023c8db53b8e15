#include <ws/io/http2/dial.h>
#include <ws/io/http2/tunnel_stream.h>

#include <asio/error.hpp>

namespace ws::io::http2 {
namespace {

using Dialed = std::expected<std::unique_ptr<Stream>, DialError>;

std::unexpected<DialError> failed(const std::error_code& code, std::string text) {
  return std::unexpected(DialError{DialStage::http2, code, std::move(text)});
}

std::string why_not_ready(const Session& session, const std::error_code& error, bool settings_came) {
  if (!session.last_words().empty()) return error.message() + ": " + session.last_words();
  if (error != asio::error::timed_out) return error.message();
  return settings_came ? "our SETTINGS were not acknowledged in time" : "no SETTINGS in time";
}

asio::awaitable<Dialed> tunnel_over(std::unique_ptr<Stream> under, SessionOptions options, Clock::time_point until) {
  const std::string what = "HTTP/2 with " + under->peer() + ": ";
  auto session = Session::start(std::move(under), std::move(options));
  if (const auto error = co_await session->ready(until)) {
    const bool settings_came = session->peer_allows_connect();
    session->close();
    co_return failed(error, what + why_not_ready(*session, error, settings_came));
  }
  // RFC 8441 3: SETTINGS that come right after the first may have it.
  if (!session->peer_allows_connect()) (void)co_await session->ping(until);
  if (!session->peer_allows_connect())
    co_return failed(make_error_code(asio::error::operation_not_supported),
                     what +
                         "the server does not offer WebSockets: its SETTINGS have no ENABLE_CONNECT_PROTOCOL with 1 "
                         "(RFC 8441 3)");
  co_return std::make_unique<TunnelStream>(std::move(session));
}

}  // namespace

asio::awaitable<Dialed> dial(DialOptions options, Http http, SessionOptions session) {
  if (!options.tls && http == Http::either) http = Http::one;
  if (http == Http::one) co_return co_await ws::io::dial(std::move(options));
  const auto until = deadline_after(options.deadline);
  if (options.tls) options.tls->http = http;
  auto under = co_await ws::io::dial(options);
  if (!under) co_return std::move(under);
  const bool agreed = !options.tls || (*under)->protocol() == "h2";
  if (!agreed && http == Http::either) co_return std::move(under);
  // RFC 9113 3.2: over TLS, HTTP/2 is spoken where ALPN says so.
  if (!agreed)
    co_return failed(make_error_code(asio::error::operation_not_supported),
                     "HTTP/2 with " + (*under)->peer() + ": the server does not choose h2 by ALPN");
  auto tunnel = co_await tunnel_over(std::move(*under), std::move(session), until);
  const bool may_fall_back =
      !tunnel && http == Http::either && tunnel.error().code == make_error_code(asio::error::operation_not_supported);
  if (!may_fall_back) co_return std::move(tunnel);
  options.tls->http = Http::one;
  options.deadline = time_left(until);
  co_return co_await ws::io::dial(std::move(options));
}

}  // namespace ws::io::http2

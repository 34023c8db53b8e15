// stream.cc - dial(): resolve, connect, proxy, TLS, under one deadline.
#include <ws/io/net/stream_tls.h>
#include <ws/io/net/tunnel.h>

#include <asio/error.hpp>
#include <map>
#include <mutex>
#include <tuple>

namespace ws::io {
namespace {

std::unexpected<DialError> insecure(const std::error_code& code, const std::string& what, const std::string& why) {
  return std::unexpected(DialError{DialStage::tls, code, what + ": " + why});
}

// Contexts are kept: reading the system's CAs takes longer than everything else here. So the files
// that options name are read once.
std::expected<SslContextPtr, std::string> cached_context(const TlsOptions& options) {
  static std::mutex mutex;
  static std::map<std::tuple<std::string, std::string, bool, std::string, std::string, Http>, SslContextPtr> cache;
  const std::lock_guard lock(mutex);
  auto& entry = cache[{options.ca_file, options.ca_pem, options.insecure, options.certificate_file,
                       options.private_key_file, options.http}];
  if (!entry) {
    auto made = client_context(options);
    if (!made) return made;
    entry = *made;
  }
  return entry;
}

asio::awaitable<Dialed> secure(std::unique_ptr<Stream> under, TlsOptions tls, std::string host,
                               Clock::time_point deadline) {
  const std::string name = tls.server_name.empty() ? host : tls.server_name;
  const std::string what = "TLS with " + under->peer() + " as " + name;
  const auto context = cached_context(tls);
  if (!context) co_return insecure(asio::error::invalid_argument, what, context.error());

  auto stream = std::make_unique<TlsStream>(std::move(under), client_session(*context, name, tls.insecure));
  const Watchdog watchdog(stream->executor(), deadline, [&stream] { stream->close(); });
  const auto error = co_await stream->handshake();
  if (!error) co_return std::move(stream);
  if (watchdog.fired()) co_return insecure(asio::error::timed_out, what, "no answer in time");
  co_return insecure(error, what, describe_tls_failure(stream->session(), error));
}

}  // namespace

asio::awaitable<Dialed> dial(DialOptions options) {
  const auto deadline = deadline_after(options.deadline);
  Dialed stream;
  if (!options.unix_path.empty()) {
    stream = co_await dial_unix(options.unix_path, deadline);
  } else if (options.proxy) {
    stream = co_await dial_through(*options.proxy, options.host, options.port, options.family, deadline);
  } else {
    stream = co_await dial_tcp(options.host, options.port, options.family, deadline, std::move(options.prepare));
  }
  if (!stream || !options.tls) co_return std::move(stream);
  co_return co_await secure(std::move(*stream), std::move(*options.tls), std::move(options.host), deadline);
}

}  // namespace ws::io

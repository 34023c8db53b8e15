#include "runner/engine/session.h"

#include "runner/engine/dialogue.h"

namespace touchstone {
namespace {

// Payload octets that a transcript keeps of one frame. Bulk cases are made of look-alikes.
std::size_t kept_octets(const Case& c, const SessionOptions& options) {
  if (options.keep_whole) return Recorder::kWhole;
  return c.bulk ? Entry::kKeptOctets : 64 * 1024;
}

asio::awaitable<Observation> converse(const Case& c, const SessionOptions& options, DeflateCache& cache, ws::Role role,
                                      Opening opening, bool open) {
  if (!open) {
    opening.stream->close();
    opening.recorder.finish();
    opening.observation.transcript = std::move(opening.recorder.transcript());
    co_return std::move(opening.observation);
  }
  const auto dialogue = std::make_shared<Dialogue>(c, options, cache, role, std::move(opening));
  co_return co_await dialogue->run();
}

}  // namespace

asio::awaitable<std::expected<Observation, ws::io::DialError>> observe(const Case& c, const Target& target,
                                                                       const SessionOptions& options,
                                                                       DeflateCache& cache) {
  ws::io::DialOptions dial;
  dial.host = target.url.host;
  dial.port = target.url.port;
  dial.family = target.family;
  if (target.url.secure) dial.tls = target.tls;
  dial.deadline = options.timeout;
  auto stream = co_await ws::io::dial(dial);
  if (!stream) co_return std::unexpected(stream.error());
  Opening opening(std::move(*stream), kept_octets(c, options));
  const bool open = co_await open_as_client(opening, c, target, options);
  co_return co_await converse(c, options, cache, ws::Role::client, std::move(opening), open);
}

asio::awaitable<Observation> observe_client(const Case& c, std::unique_ptr<ws::io::Stream> stream,
                                            ws::RequestHead request, ws::Bytes early, const SessionOptions& options,
                                            DeflateCache& cache) {
  Opening opening(std::move(stream), kept_octets(c, options));
  opening.early = std::move(early);
  const bool open = co_await open_as_server(opening, c, std::move(request), options);
  co_return co_await converse(c, options, cache, ws::Role::server, std::move(opening), open);
}

}  // namespace touchstone

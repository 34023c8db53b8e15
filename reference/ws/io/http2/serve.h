// serve.h - a server's side: which version of HTTP a client speaks, and a WebSocket's request among others.
#pragma once
#include <ws/io/http2/tunnel_stream.h>

namespace ws::io::http2 {

// Reads as much as tells whether the client's connection preface comes (RFC 9113 3.4). The stream that is given back
// has these octets again.
struct Detected {
  bool is_http2 = false;
  std::unique_ptr<Stream> stream;
};
[[nodiscard]] asio::awaitable<std::expected<Detected, std::error_code>> detect(std::unique_ptr<Stream> stream);

// Reads the head of `stream`. A request that is malformed is reset, one that is no WebSocket's gets a status, and both
// give nothing; a WebSocket's is ready for accept(). `mend`, for those who test others: what is read in its place.
[[nodiscard]] asio::awaitable<std::unique_ptr<TunnelStream>> tunnel_of(
    std::unique_ptr<Http2Stream> stream, const std::function<Fields(Fields)>* mend = nullptr);

}  // namespace ws::io::http2

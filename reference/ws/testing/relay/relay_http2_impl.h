// relay_http2_impl.h - HTTP/2 in front of the relay: each extended CONNECT (RFC 8441) is the opening handshake of RFC
// 6455 for the server behind, as RFC 9113 asks of who translates.
#pragma once
#include <ws/core/http2/heads.h>
#include <ws/io/http2/tunnel_stream.h>
#include <ws/testing/relay/relay_faults.h>

#include <asio/awaitable.hpp>

#include <memory>

namespace ws::testing {

// The request in the words of HTTP/1.1. Nothing: it was refused, or is malformed and was reset.
[[nodiscard]] asio::awaitable<std::unique_ptr<io::Stream>> translated(std::unique_ptr<io::http2::Http2Stream> stream,
                                                                      RelayFault fault);
// The answer that opens a tunnel, and the stream for what follows; a fault makes another field section of it.
[[nodiscard]] asio::awaitable<std::shared_ptr<io::Stream>> open_http2(std::shared_ptr<io::Stream> client,
                                                                      std::string head, RelayFault fault);
// RFC 6455 4.1: who has made the key looks at what came of it.
[[nodiscard]] bool accepts(const std::vector<Field>& request, const std::vector<Field>& answer, RelayFault fault);

}  // namespace ws::testing

// dial.h - a stream to a server on which the opening handshake can be made, whichever version of HTTP carries it.
#pragma once
#include <ws/io/http2/session.h>

namespace ws::io::http2 {

// As ws::io::dial(). Http::two: the error also says that the server does not speak HTTP/2, or does not let a client use
// extended CONNECT (RFC 8441 3). Http::either: HTTP/2 where ALPN gives it and the server offers extended CONNECT, and
// HTTP/1.1 otherwise, on a second connection where need be, as browsers do.
[[nodiscard]] asio::awaitable<std::expected<std::unique_ptr<Stream>, DialError>> dial(
    DialOptions options, Http http, SessionOptions session = SessionOptions());

}  // namespace ws::io::http2

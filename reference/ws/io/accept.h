// accept.h - what a server decides about those who ask it for a connection, or for something else. RFC 6455 4.2.
#pragma once
#include <ws/core/connection/options.h>
#include <ws/core/violation.h>
#include <ws/io/net/stream.h>
#include <ws/io/origin.h>
#include <ws/io/use_error.h>

#include <any>
#include <limits>

namespace ws::io {

// Why there is no connection.
struct OpenError {
  std::optional<DialStage> stage{};        // nothing: the opening handshake
  std::error_code code{};                  // of the transport, if that was it
  std::optional<Violation> violation{};    // the peer's
  std::optional<ResponseHead> rejected{};  // client: a well-formed "no"
  std::optional<int> refused{};            // server: the status of our own "no"
  std::string text{};                      // for people
  std::optional<int>
      answered{};         // server: the status of what AcceptOptions::http said; no error, but no WebSocket either
  std::string address{};  // server: the client's, without port; empty: unknown, or of a Unix socket
};

// The largest message, after inflating, that accept() and connect() let pass unless Options::limits say otherwise.
constexpr std::uint64_t kReadLimit = 16 * 1024 * 1024;
[[nodiscard]] Options limited();  // Options with that limit

// Who asks, and for what. Everything in it lives until the coroutine has ended that it was given to.
struct Asking {
  const RequestHead& request;
  PeerAddress peer;
  std::optional<Certificate> certificate;  // TLS: what the client has shown, when ServerTls asks for it; verified
  bool secure = false;

  operator const RequestHead&() const noexcept { return request; }  // a function of the head alone will do
};

// What a server says to a request for a WebSocket.
struct Answer {
  int status = 101;                          // anything else refuses
  std::vector<Field> fields{};               // Set-Cookie, WWW-Authenticate, Retry-After ...
  std::string body{};                        // of a refusal
  std::optional<std::string> subprotocol{};  // instead of the choice by AcceptOptions::subprotocols; empty: none
  std::any value{};                          // for who has the connection, who is logged in, say: WebSocket::value()
};

// What it says to any other request. Content-Length, Connection and, for HEAD, the missing body are the library's own.
struct HttpAnswer {
  int status = 200;
  std::vector<Field> fields{};
  std::string body{};
};

// What the connections that have the same one count together, and how much they may keep together. Belongs to one
// executor.
struct Account {
  std::uint64_t messages_received = 0, messages_sent = 0;  // whole ones; sent: by the WebSocket's own operations
  std::uint64_t octets_received = 0, octets_sent = 0;      // below TLS's records, above TCP
  std::uint64_t out_of_memory = 0;                         // connections that were failed for `most`

  // What waits: parts of messages, messages that nobody took, output. The first kOwnMemory octets of each connection do
  // not count. The one that would go beyond `most` is failed with 1013 (try again later).
  std::size_t kept = 0;
  std::size_t most = std::numeric_limits<std::size_t>::max();
};
constexpr std::size_t kOwnMemory = 16 * 1024;

struct AcceptOptions {
  AcceptOptions() = default;

  Options connection = limited();         // role is set; Limits::handshake is the time for request and answer
  std::vector<std::string> subprotocols;  // that we speak; the client's order decides
  Origins origins;                        // others are refused with 403
  // Looks at a request that is in order, and decides. It may take Asking or const RequestHead&. An exception ends the
  // connection and leaves accept().
  std::function<asio::awaitable<Answer>(const Asking&)> answer;
  // Answers a request that is not for a WebSocket, whose body has come whole: routes like /health. Nothing: as without
  // this function, which is a refusal (426). The connection ends after the answer, and accept() gives
  // OpenError::answered. Exceptions as those of `answer`.
  std::function<asio::awaitable<std::optional<HttpAnswer>>(const Asking&, const std::string& body)> http;
  std::size_t http_body = 64 * 1024;  // octets; a longer one is refused with 413, one without a length with 411
  std::shared_ptr<Account> account;   // counts what the connection does, and bounds what it keeps
};

}  // namespace ws::io

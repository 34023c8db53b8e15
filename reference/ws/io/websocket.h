// websocket.h - a WebSocket connection over a Stream, as coroutines. RFC 6455, RFC 7692.
//
// One reader; any number of writers, whose messages go out whole, one after the other. Every operation takes a time
// limit and can be cancelled; neither harms the connection, whose octets are moved by coroutines of its own: what
// was started goes on. A frame is looked at when somebody waits in read(), ping() or close(), and the one after a
// message only when that message was taken; so a message can be answered before the Close after it, Pings are
// answered while the application reads, and an application that does not read stops the peer (back-pressure).
// Everything belongs to the stream's executor; nothing is locked.
#pragma once
#include <ws/core/connection/connection.h>
#include <ws/core/http/url.h>
#include <ws/io/accept.h>
#include <ws/io/net/completion.h>
#include <ws/io/net/wait.h>

namespace ws::io {

// How a connection ended.
struct Ended {
  std::uint16_t code = close_code::kAbnormal;  // the peer's; 1005: its Close had none; 1006: no Close came
  std::string reason{};                        // the peer's
  bool clean = false;                          // both sides sent Close. RFC 6455 7.1.4
  std::optional<Violation> violation{};        // the rule that the peer broke, for which we failed the connection
  std::error_code error{};                     // of the transport; none when its input ended in order
};

using Received = std::variant<event::Text, event::Binary, Ended>;

// Part of a message, as it came; the pieces of a text end between code points.
struct MessagePiece {
  bool is_text = false;
  Bytes data{};
  bool last = false;  // the message ends here; then `data` may be empty
};
using ReceivedPiece = std::variant<MessagePiece, Ended>;

struct KeepAlive {
  std::chrono::milliseconds interval{20'000};  // between two Pings
  std::chrono::milliseconds limit{10'000};     // for the Pong
};

// What a binary message is made of: Bytes, or std::byte's in braces. (No std::initializer_list: g++ 12 has an internal
// error where braces make one within co_await.)
class Payload {
 public:
  template <std::same_as<std::byte>... B>
  Payload(B... octets) : octets_{octets...} {}                    // NOLINT(google-explicit-constructor)
  Payload(Bytes octets) noexcept : octets_(std::move(octets)) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] Bytes take() noexcept { return std::move(octets_); }

 private:
  Bytes octets_;
};

class MessageWriter;

// A write waits for its turn while more octets than this wait for the network.
constexpr std::size_t kHighWater = 64 * 1024;

class WebSocket {
 public:
  struct Impl;
  explicit WebSocket(std::shared_ptr<Impl> impl) noexcept;  // by accept() and connect()
  WebSocket(WebSocket&&) noexcept;
  WebSocket& operator=(WebSocket&&) noexcept;
  ~WebSocket();  // as drop()

  // The next message, or how the connection ended (as often as asked). One reader at a time:
  // UseError::reader_is_waiting.
  [[nodiscard]] asio::awaitable<std::expected<Received, std::error_code>> read(
      std::chrono::milliseconds limit = kNoLimit);
  // What read() would give without waiting.
  [[nodiscard]] std::optional<Received> next();
  // The same in pieces, for messages that are too long to keep. Limits::message counts all of a message. A read()
  // after a piece gives the rest of that message.
  [[nodiscard]] asio::awaitable<std::expected<ReceivedPiece, std::error_code>> read_piece(
      std::chrono::milliseconds limit = kNoLimit);
  // For applications that only write: from now on control frames are handled in the background, and read() is an error
  // (UseError::reading_given_up). A message ends the connection with 1008. Error: UseError::reader_is_waiting.
  Result close_read();
  // Waits for the end of the connection without reading; somebody else has to (read(), close_read(), keep_alive()).
  // Does not need this object any more once it was called.
  [[nodiscard]] asio::awaitable<std::expected<Ended, std::error_code>> wait_ended(
      std::chrono::milliseconds limit = kNoLimit);

  // A whole message; ends when its last octet went to the kernel. Errors: asio::error::timed_out or operation_aborted
  // (a message whose turn had come still goes out), a Misuse or UseError::closed (nothing was sent), or the
  // transport's.
  [[nodiscard]] asio::awaitable<Result> write_text(std::string text, std::chrono::milliseconds limit = kNoLimit,
                                                   Compress compress = Compress::by_threshold);
  [[nodiscard]] asio::awaitable<Result> write_binary(Payload data, std::chrono::milliseconds limit = kNoLimit,
                                                     Compress compress = Compress::by_threshold);
  [[nodiscard]] asio::awaitable<Result> write_prepared(std::shared_ptr<const PreparedMessage> message,
                                                       std::chrono::milliseconds limit = kNoLimit);
  // A message whose parts are not all there yet. Waits for its turn; then other messages wait until it is finished,
  // and a queue()d one is refused (Misuse::message_in_progress). Control frames go between its pieces.
  [[nodiscard]] asio::awaitable<std::expected<MessageWriter, std::error_code>> start_text(
      std::chrono::milliseconds limit = kNoLimit, Compress compress = Compress::by_threshold);
  [[nodiscard]] asio::awaitable<std::expected<MessageWriter, std::error_code>> start_binary(
      std::chrono::milliseconds limit = kNoLimit, Compress compress = Compress::by_threshold);

  // Without waiting: puts a command's octets after those that wait. Who queues much calls drain() between.
  [[nodiscard]] std::expected<void, Misuse> queue(const Command& command);
  [[nodiscard]] std::size_t queued() const noexcept;  // octets that wait for the network
  // Waits until at most `octets` of them wait.
  [[nodiscard]] asio::awaitable<Result> drain(std::size_t octets = kHighWater,
                                              std::chrono::milliseconds limit = kNoLimit);

  // Sends a Ping with 8 random octets; gives the time until its Pong. While messages wait to be read, the Pong
  // after them is not seen.
  [[nodiscard]] asio::awaitable<std::expected<Clock::duration, std::error_code>> ping(
      std::chrono::milliseconds limit = kNoLimit);

  // Sends Pings from time to time, in the background, and drops a connection whose Pong is late (Ended::error is
  // asio::error::timed_out then). While messages wait to be read, the peer is not blamed. Once for each connection.
  void keep_alive(KeepAlive options);

  // Called for each Ping and Pong as it is read, before anything after it. A Ping is answered in any case. A hook may
  // drop or destroy the connection, or put another hook in its place; one that throws ends it with 1011.
  void on_ping(std::function<void(ByteView payload)> hook);
  void on_pong(std::function<void(ByteView payload)> hook);

  // The closing handshake (RFC 6455 7.1.2), up to the end of TCP. Messages that come after the call are dropped.
  // close_code::kNoStatus sends a Close without a code. Limits::close bounds it, whatever `limit` is.
  [[nodiscard]] asio::awaitable<std::expected<Ended, std::error_code>> close(
      std::uint16_t code = close_code::kNormal, std::string reason = std::string(),
      std::chrono::milliseconds limit = kNoLimit);

  // Ends TCP without ceremony. All operations end.
  void drop() noexcept;

  [[nodiscard]] const std::string& subprotocol() const noexcept;               // agreed; empty: none
  [[nodiscard]] const std::optional<DeflateParams>& deflate() const noexcept;  // agreed
  [[nodiscard]] const RequestHead& request() const noexcept;                   // server: what the client sent
  [[nodiscard]] const ResponseHead& response() const noexcept;                 // client: the 101
  [[nodiscard]] Stream& stream() noexcept;
  // Server: the Answer::value of AcceptOptions::answer, if it is a T.
  template <class T>
  [[nodiscard]] const T* value() const noexcept {
    return std::any_cast<T>(&any_value());
  }
  [[nodiscard]] const std::any& any_value() const noexcept;

  // The operations for callbacks, futures and all other completion tokens of Asio: completion.h says with what they
  // complete. May be called from any thread while this object stays; all else of it belongs to the stream's executor.
  // clang-format off: a table
  template <CompletionToken T> auto read(T&& token) { return run(read(), token); }
  template <CompletionToken T> auto read(std::chrono::milliseconds limit, T&& token) { return run(read(limit), token); }
  template <CompletionToken T> auto read_piece(T&& token) { return run(read_piece(), token); }
  template <CompletionToken T> auto read_piece(std::chrono::milliseconds limit, T&& token) { return run(read_piece(limit), token); }
  template <CompletionToken T> auto wait_ended(T&& token) { return run(wait_ended(), token); }
  template <CompletionToken T> auto wait_ended(std::chrono::milliseconds limit, T&& token) { return run(wait_ended(limit), token); }
  template <CompletionToken T> auto write_text(std::string text, T&& token) { return run(write_text(std::move(text)), token); }
  template <CompletionToken T> auto write_text(std::string text, std::chrono::milliseconds limit, T&& token) { return run(write_text(std::move(text), limit), token); }
  template <CompletionToken T> auto write_binary(Payload data, T&& token) { return run(write_binary(std::move(data)), token); }
  template <CompletionToken T> auto write_binary(Payload data, std::chrono::milliseconds limit, T&& token) { return run(write_binary(std::move(data), limit), token); }
  template <CompletionToken T> auto write_prepared(std::shared_ptr<const PreparedMessage> message, T&& token) { return run(write_prepared(std::move(message)), token); }
  template <CompletionToken T> auto write_prepared(std::shared_ptr<const PreparedMessage> message, std::chrono::milliseconds limit, T&& token) { return run(write_prepared(std::move(message), limit), token); }
  template <CompletionToken T> auto start_text(T&& token);
  template <CompletionToken T> auto start_binary(T&& token);
  template <CompletionToken T> auto drain(std::size_t octets, T&& token) { return run(drain(octets), token); }
  template <CompletionToken T> auto ping(T&& token) { return run(ping(), token); }
  template <CompletionToken T> auto ping(std::chrono::milliseconds limit, T&& token) { return run(ping(limit), token); }
  template <CompletionToken T> auto close(std::uint16_t code, std::string reason, T&& token) { return run(close(code, std::move(reason)), token); }
  template <CompletionToken T> auto close(std::uint16_t code, std::string reason, std::chrono::milliseconds limit, T&& token) { return run(close(code, std::move(reason), limit), token); }
  // clang-format on
  [[nodiscard]] asio::any_io_executor executor() const;  // the stream's

 private:
  template <class Given, class T>
  auto run(asio::awaitable<Given> operation, T&& token) {
    return complete(executor(), std::move(operation), std::forward<T>(token));
  }

  friend class DirectSockets;
  friend class Hub;
  friend class Service;
  std::shared_ptr<Impl> impl_;
};

// A message that is written in pieces. One that is destroyed between its first and its last piece ends the connection
// with 1011, for the peer cannot tell it from one that goes on.
class MessageWriter {
 public:
  MessageWriter() = default;                                                     // of no connection: refuses everything
  MessageWriter(std::shared_ptr<WebSocket::Impl> impl, Command first) noexcept;  // by WebSocket
  MessageWriter(MessageWriter&&) noexcept = default;
  MessageWriter& operator=(MessageWriter&& other) noexcept;
  ~MessageWriter();

  // One frame more; `octets` live until it has ended. Errors as those of write_text(); text is checked as a whole, so
  // that a code point may be cut. A refused piece may be replaced by another.
  [[nodiscard]] asio::awaitable<Result> write(ByteView octets, std::chrono::milliseconds limit = kNoLimit);
  // The last frame.
  [[nodiscard]] asio::awaitable<Result> finish(ByteView octets = {}, std::chrono::milliseconds limit = kNoLimit);
  template <CompletionToken T>
  auto write(ByteView octets, T&& token) {
    return complete(executor(), write(octets), std::forward<T>(token));
  }
  template <CompletionToken T>
  auto finish(ByteView octets, T&& token) {
    return complete(executor(), finish(octets), std::forward<T>(token));
  }
  [[nodiscard]] asio::any_io_executor executor() const;  // the stream's, until the message is finished

 private:
  asio::awaitable<Result> send(ByteView octets, bool fin, std::chrono::milliseconds limit);
  void leave() noexcept;

  std::shared_ptr<WebSocket::Impl> impl_;  // empty when it is finished
  Command first_;                          // Text or Binary
  bool begun_ = false;
};

template <CompletionToken T>
auto WebSocket::start_text(T&& token) {
  return run(start_text(), token);
}
template <CompletionToken T>
auto WebSocket::start_binary(T&& token) {
  return run(start_binary(), token);
}

// What accept() and connect() give.
using Opened = std::expected<WebSocket, OpenError>;

// The server's side of the opening handshake. RFC 6455 4.2.
[[nodiscard]] asio::awaitable<Opened> accept(std::unique_ptr<Stream> stream, AcceptOptions options = AcceptOptions());
// The same after another server, which has read the request already, and perhaps octets after it. The answer is ours.
[[nodiscard]] asio::awaitable<Opened> accept(std::unique_ptr<Stream> stream, RequestHead request, Bytes already_read,
                                             AcceptOptions options = AcceptOptions());
template <CompletionToken T>
auto accept(std::unique_ptr<Stream> stream, AcceptOptions options, T&& token) {
  const auto executor = stream->executor();
  return complete(executor, accept(std::move(stream), std::move(options)), std::forward<T>(token));
}

struct ConnectOptions {
  ConnectOptions() = default;

  Options connection = limited();  // role, mask_key and nonce are set
  std::vector<std::string> subprotocols;
  std::vector<Field> extra_fields;  // Origin, Cookie, Authorization ...
  TlsOptions tls;                   // for wss; its `http` is set
  Http http = Http::one;            // over which the opening handshake goes (RFC 6455 or RFC 8441)
  Family family = Family::any;
  std::optional<Proxy> proxy;  // for ws, too (RFC 6455 4.1)
  std::string unix_path;       // this Unix socket, in place of the URL's host and port; both are told to the server
  std::chrono::milliseconds deadline{10'000};  // from resolving to the 101
  // How many redirections connect(url) follows (RFC 9110 15.4). Never from wss to ws; to another host, port or scheme
  // without Authorization and Cookie.
  int max_redirects = 0;
};
// The client's side, from the URL on. RFC 6455 4.1.
[[nodiscard]] asio::awaitable<Opened> connect(Url url, ConnectOptions options = ConnectOptions());
template <CompletionToken T>
auto connect(asio::any_io_executor executor, Url url, ConnectOptions options, T&& token) {
  return complete(std::move(executor), connect(std::move(url), std::move(options)), std::forward<T>(token));
}
// The same on a stream that is there already.
[[nodiscard]] asio::awaitable<Opened> connect(std::unique_ptr<Stream> stream, Url url,
                                              ConnectOptions options = ConnectOptions());

}  // namespace ws::io

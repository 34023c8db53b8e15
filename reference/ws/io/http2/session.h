// session.h - one HTTP/2 connection and its streams. RFC 9113, RFC 8441; frames and HPACK by nghttp2.
//
// Everything belongs to the executor of the Stream below; nothing is locked.
#pragma once
#include <ws/core/http2/error_code.h>
#include <ws/core/http2/heads.h>
#include <ws/core/state.h>
#include <ws/io/net/stream.h>
#include <ws/io/net/wait.h>

#include <deque>
#include <functional>
#include <optional>

namespace ws::io::http2 {

using ws::http2::Fields;

// As std::error_code: "RST_STREAM with CANCEL" of one stream; of a whole connection the same, as GOAWAY.
using ws::http2::ErrorCode, ws::http2::name;
[[nodiscard]] std::error_code stream_reset(ErrorCode code);  // the peer's RST_STREAM
[[nodiscard]] std::error_code connection_over();             // the connection ended below the stream

struct SessionOptions {
  SessionOptions() = default;

  Role role = Role::client;
  // SETTINGS that we send.
  bool connect_protocol = true;                      // a server's SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 3)
  std::uint32_t initial_window = 256 * 1024;         // of each stream, for what the peer sends
  std::int32_t connection_window = 4 * 1024 * 1024;  // of all streams together
  std::uint32_t max_streams = 1000;                  // of a client, at a time
  std::size_t head_limit = 16 * 1024;                // octets of a field section
  // For those who test others.
  std::vector<std::pair<std::uint16_t, std::uint32_t>> settings{};  // beside those above
  std::int32_t first_stream = 1;                                    // a client's; those below are passed over
  std::size_t data_size = 0;              // the most octets of content in a DATA frame; 0: as many as fit
  std::optional<std::uint8_t> padding{};  // octets of padding in each DATA frame, where the windows are wide enough
  // When set: nothing is given back of the windows until the peer has used one up, or has stopped before; this is
  // called then, and when a PING after it is answered all is given back, once and for all.
  std::function<void()> stalled{};
  std::function<Bytes(ByteView frame)> rewrite{};    // sees each frame before it goes out, gives what goes out instead
  std::function<void(ByteView octets)> sent{};       // whole frames, as they go out
  std::function<Bytes(ByteView octets)> received{};  // as they come, cut anywhere; gives those that are taken in
};

class Session;

// One request and its answer. Http2Stream::write() cuts nothing that fits a DATA frame and glues nothing: one write is
// one frame, as far as its size and the windows allow.
class Http2Stream final : public Stream {
 public:
  struct State;
  Http2Stream(std::shared_ptr<Session> session, std::shared_ptr<State> state) noexcept;
  ~Http2Stream() override;  // as close()

  // The next field section of the peer: the request, an answer (interim ones too).
  [[nodiscard]] asio::awaitable<std::expected<Fields, std::error_code>> head();
  // A server's answer. `end`: no content follows. One with a status of 1xx goes before the final one.
  void answer(const Fields& section, bool end);
  [[nodiscard]] std::int32_t id() const noexcept;
  [[nodiscard]] bool ended_by_peer() const noexcept;  // END_STREAM came, perhaps with what is not read yet
  // From now on it is a tunnel: HEADERS of the peer are a stream error (RFC 9113 8.5).
  void becomes_tunnel() noexcept;

  // asio::error::eof: END_STREAM; stream_reset(); connection_over().
  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override;
  asio::awaitable<std::error_code> write(ByteView octets) override;
  asio::awaitable<std::error_code> shutdown_send() override;  // END_STREAM
  // For those who test others: what is written waits for END_STREAM, which stands on the last DATA of it then.
  void keep_until_end() noexcept;
  void reset() noexcept override { reset_with(ErrorCode::cancel); }  // RFC 8441 5
  void reset_with(ErrorCode code) noexcept;
  // An orderly end where both sides have ended or the peer has; CANCEL otherwise.
  void close() noexcept override;

  [[nodiscard]] asio::any_io_executor executor() override;
  [[nodiscard]] std::string peer() const override;
  [[nodiscard]] bool secure() const noexcept override;
  [[nodiscard]] std::string_view protocol() const noexcept override { return "h2"; }
  [[nodiscard]] PeerAddress peer_address() const override;
  [[nodiscard]] std::optional<Certificate> peer_certificate() const override;
  [[nodiscard]] Session& session() noexcept { return *session_; }

 private:
  std::shared_ptr<Session> session_;
  std::shared_ptr<State> state_;
};

// A connection. It lives as long as its owner or a stream of it does; then it says GOAWAY and closes.
class Session : public std::enable_shared_from_this<Session> {
 public:
  [[nodiscard]] static std::shared_ptr<Session> start(std::unique_ptr<Stream> under,
                                                      SessionOptions options = SessionOptions());
  struct Impl;
  explicit Session(std::shared_ptr<Impl> impl) noexcept;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Waits for the peer's SETTINGS: nothing is promised before. Where ours make windows smaller than 65535, also until
  // the peer has taken them.
  [[nodiscard]] asio::awaitable<std::error_code> ready(Clock::time_point until = Clock::time_point::max());
  [[nodiscard]] bool peer_allows_connect() const noexcept;  // RFC 8441 3

  // Client: sends the request; waits for nothing.
  [[nodiscard]] std::expected<std::unique_ptr<Http2Stream>, std::error_code> request(const Fields& section, bool end);
  // Server: the next request, whose field section is there. Ends with the connection.
  [[nodiscard]] asio::awaitable<std::expected<std::unique_ptr<Http2Stream>, std::error_code>> accept();

  [[nodiscard]] asio::any_io_executor executor() const noexcept;
  [[nodiscard]] std::string peer() const;  // as of the Stream below
  [[nodiscard]] bool secure() const noexcept;

  // The time between a PING and its answer is over when this is (RFC 9113 6.7). Errors: asio::error::timed_out,
  // connection_over().
  [[nodiscard]] asio::awaitable<std::error_code> ping(Clock::time_point until = Clock::time_point::max());
  // Something has come from the peer, whatever it is. Errors: as ping().
  [[nodiscard]] asio::awaitable<std::error_code> hears(Clock::time_point until);
  // Octets between two frames, for those who test others: they are not looked at.
  void inject(Bytes octets);
  // SETTINGS at any later time (RFC 9113 6.5). False: not legal ones, and nothing was sent.
  [[nodiscard]] bool change_settings(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings);
  // The peer's GOAWAY, or what it broke for which we ended the connection: for people. Empty: neither.
  [[nodiscard]] const std::string& last_words() const noexcept;
  [[nodiscard]] bool is_over() const noexcept;

  // Server: takes no new streams; those that are open go on (GOAWAY).
  void go_away() noexcept;
  void close() noexcept;  // GOAWAY, and the end of the connection

 private:
  friend class Http2Stream;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ws::io::http2

// tunnel_stream.h - a stream of HTTP/2 with the face of a connection on which RFC 6455's opening handshake is made.
//
// The side above writes and reads the two heads of HTTP/1.1, and on the wire they are an extended CONNECT and its
// answer (RFC 8441; core/http2/tunnel.h has what becomes of which field). From then on octets are DATA, the end of them
// is END_STREAM, a reset is RST_STREAM with CANCEL (RFC 8441 5). So `connect`, `accept` and everything above them are
// the same over both versions of HTTP; WebSocket::request() and response() give the heads of RFC 6455.
#pragma once
#include <ws/core/http2/tunnel.h>
#include <ws/io/http2/session.h>

namespace ws::io::http2 {

// RFC 8441 5: HTTP/2 has no Sec-WebSocket-Key; the handshake of RFC 6455 wants one, and nothing is made of it.
inline constexpr std::string_view kNoKey = "AAAAAAAAAAAAAAAAAAAAAA==";

class TunnelStream final : public Stream {
 public:
  // A client's: the first head that is written opens a stream of `session`.
  explicit TunnelStream(std::shared_ptr<Session> session);
  // A server's: `request` was looked at (check_tunnel), and is read here first.
  TunnelStream(std::unique_ptr<Http2Stream> stream, const ws::http2::Request& request);
  // The same of any request, as HTTP/1.1 would say it.
  TunnelStream(std::unique_ptr<Http2Stream> stream, const RequestHead& request);
  ~TunnelStream() override;

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override;
  asio::awaitable<std::error_code> write(ByteView octets) override;
  asio::awaitable<std::error_code> shutdown_send() override;
  void reset() noexcept override;
  void close() noexcept override;

  [[nodiscard]] asio::any_io_executor executor() override { return executor_; }
  [[nodiscard]] std::string peer() const override { return peer_; }
  [[nodiscard]] bool secure() const noexcept override { return secure_; }
  [[nodiscard]] std::string_view protocol() const noexcept override { return "h2"; }
  [[nodiscard]] PeerAddress peer_address() const override;
  [[nodiscard]] std::optional<Certificate> peer_certificate() const override;

  // Client: what the field section of the answer breaks, for which the stream was reset; and the sections themselves.
  [[nodiscard]] const std::optional<ws::http2::Violation>& violation() const noexcept { return violation_; }
  // For those who test others: what becomes of the field section of a client's request or of a server's final answer,
  // and END_STREAM on it.
  struct Edited {
    Fields section;
    bool ends = false;
  };
  void edit_head(std::function<Edited(Fields)> edit) { edit_ = std::move(edit); }
  [[nodiscard]] std::shared_ptr<Session> session() const noexcept { return session_; }  // null: asked for, see stream()
  [[nodiscard]] Http2Stream* stream() noexcept { return stream_.get(); }                // null: not asked for yet
  [[nodiscard]] const Fields& request_section() const noexcept { return request_; }
  [[nodiscard]] const Fields& answer_section() const noexcept { return answer_; }

 private:
  asio::awaitable<std::error_code> read_answer();
  [[nodiscard]] std::error_code send_request(ByteView head);
  [[nodiscard]] std::error_code send_answer(ByteView head);

  const Role role_;
  std::shared_ptr<Session> session_;  // client, until the stream is there
  asio::any_io_executor executor_;
  std::string peer_;
  bool secure_;
  std::unique_ptr<Http2Stream> stream_;
  Signal opened_;             // stream_ is there, or closed_
  Bytes head_out_, head_in_;  // that is being written; that is still to be read
  std::size_t taken_ = 0;     // of head_in_
  bool wrote_head_ = false, read_head_ = false;
  bool closed_ = false;
  std::string key_;
  std::optional<ws::http2::Violation> violation_;
  Fields request_, answer_;
  std::function<Edited(Fields)> edit_;
};

}  // namespace ws::io::http2

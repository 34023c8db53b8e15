// stream.h - a connected octet stream (TCP, a Unix socket, TLS over either, ...) with one face, and how to get one.
//
// Errors are values. An orderly end of input is asio::error::eof, a reset asio::error::connection_reset; what came
// before either is delivered first. TLS that ends without close_notify is asio::ssl::error::stream_truncated.
// Every operation ends with asio::error::operation_aborted when close() or reset() is called or its coroutine is
// cancelled. A stream may be destroyed when no operation is under way.
#pragma once
#include <ws/core/bytes.h>
#include <ws/io/net/asio_abi.h>
#include <ws/io/net/proxy.h>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace ws::io {

// The other end of a TCP connection: "127.0.0.1", "::1". Both are empty of what has no such address (a Unix socket).
struct PeerAddress {
  std::string address{};
  std::uint16_t port = 0;
};

// A certificate that was verified. RFC 5280
struct Certificate {
  std::string subject{};      // RFC 2253: "CN=anna,O=Example"
  std::string common_name{};  // the last one of the subject; empty: none
  std::vector<std::string>
      alternative_names{};  // "DNS:a.example", "email:anna@example.org", "URI:...", "IP Address:127.0.0.1"
  std::string sha256{};     // of the DER, lower-case hexadecimal
  std::string pem{};
};

class Stream {
 public:
  virtual ~Stream() = default;

  // At least one octet, as many as are there. One reader at a time.
  virtual asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) = 0;
  // All of them. One writer at a time; may run beside a read.
  virtual asio::awaitable<std::error_code> write(ByteView octets) = 0;
  // Hands over what is taken at once, without waiting, and gives how many octets that were; the rest, and any error, is
  // left to write(). Not beside a write().
  virtual std::size_t write_now(ByteView) noexcept { return 0; }
  // Hands over what is taken at once and drops the rest: for last words.
  virtual void write_without_waiting(ByteView) noexcept {}
  // No more octets from us: TLS close_notify, then TCP FIN. Reading goes on.
  virtual asio::awaitable<std::error_code> shutdown_send() = 0;
  // Ends the TCP connection with a reset (RST).
  virtual void reset() noexcept = 0;
  // Closes the socket; operations under way end.
  virtual void close() noexcept = 0;

  [[nodiscard]] virtual asio::any_io_executor executor() = 0;
  [[nodiscard]] virtual int descriptor() noexcept { return -1; }  // of the socket: options, not I/O; -1: none
  [[nodiscard]] virtual std::string peer() const = 0;  // for people: "127.0.0.1 port 80", "unix:/run/chat.sock"
  [[nodiscard]] virtual bool secure() const noexcept = 0;
  [[nodiscard]] virtual PeerAddress peer_address() const { return {}; }
  [[nodiscard]] virtual std::optional<Certificate> peer_certificate() const { return std::nullopt; }  // TLS
  // Agreed on by ALPN (RFC 7301): "h2", "http/1.1"; empty: nothing was.
  [[nodiscard]] virtual std::string_view protocol() const noexcept { return {}; }
};

// A stream of a connected TCP or Unix socket that another library has let go of (boost::asio: release()). Owns it from
// now on, also when it throws std::system_error: the descriptor is no such socket.
[[nodiscard]] std::unique_ptr<Stream> stream_of(asio::any_io_executor executor, int descriptor);

enum class Family : std::uint8_t { any, v4, v6 };

// Which version of HTTP carries the opening handshake: RFC 6455, RFC 8441, or what client and server agree on. Over TLS
// that is ALPN's business; without it HTTP/2 is spoken with prior knowledge (RFC 9113 3.3), and a client that may
// choose takes HTTP/1.1.
enum class Http : std::uint8_t { one, two, either };

// Options have a constructor, so that co_await dial({}) is right: g++ 12 destroys a braced aggregate there twice.
struct TlsOptions {
  TlsOptions() = default;

  std::string ca_file;                             // PEM; empty: the system's
  std::string server_name;                         // SNI and the name that is verified; empty: the URL's host
  bool insecure = false;                           // accept any certificate
  std::string certificate_file, private_key_file;  // client certificate, PEM
  std::string ca_pem;                              // trusted too, as text; alone: instead of the system's
  Http http = Http::one;                           // what ALPN offers: http/1.1, h2 or both
};

struct DialOptions {
  DialOptions() = default;

  std::string host;  // name or address, IPv6 without brackets
  std::uint16_t port = 80;
  Family family = Family::any;
  std::optional<TlsOptions> tls{};
  std::chrono::milliseconds deadline{10'000};  // resolving, connecting, proxy and TLS together
  std::optional<Proxy> proxy{};                // `family` is of the way to it, then
  std::string unix_path{};  // this Unix socket, in place of host and port; TLS still verifies the host
  // Called with the descriptor of each TCP socket before it connects: for setsockopt(2), not for I/O.
  std::function<void(int)> prepare{};
};

enum class DialStage : std::uint8_t { resolve, connect, tls, proxy, http2 };

struct DialError {
  DialStage stage;
  std::error_code code;
  std::string text;  // for people: what, where, why ("connect to 127.0.0.1:9001: Connection refused")
};

// Tries the addresses of the name in turn, each with its share of the time that is left.
[[nodiscard]] asio::awaitable<std::expected<std::unique_ptr<Stream>, DialError>> dial(DialOptions options);

}  // namespace ws::io

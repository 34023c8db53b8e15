// channel.h - one TCP connection, plain or under TLS, that never waits: every call does what can be done at once and
// says what it waits for. Made for thousands of connections in one epoll loop, where Asio's one operation per message
// would cost the load generator more than it spends on the message.
#pragma once
#include <sys/socket.h>
#include <ws/core/bytes.h>
#include <ws/io/net/tls_context.h>

#include <expected>
#include <string>

namespace touchstone::bench {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};
[[nodiscard]] std::string to_text(const Address& address);  // "127.0.0.1:9001", "[::1]:9001"

// All addresses of a name, in the resolver's order. The error is a sentence.
[[nodiscard]] std::expected<std::vector<Address>, std::string> resolve(const std::string& host, std::uint16_t port,
                                                                       ws::io::Family family);

class Channel {
 public:
  enum class State : std::uint8_t {
    done,         // what was asked
    wants_read,   // nothing more until the socket is readable ...
    wants_write,  // ... or writable
    ended,        // the orderly end of the peer's octets
    failed,       // error() says why
  };
  struct Moved {
    State state;
    std::size_t octets;  // may be more than 0 in every state
  };

  // Begins to connect; `session` is nothing for plain TCP. The error is a sentence.
  [[nodiscard]] static std::expected<Channel, std::string> connect(const Address& address, ws::io::SslPtr session);
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&& other) noexcept;
  ~Channel();

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

  // Goes on with TCP's and TLS's handshake until done. Call it when the socket became writable, or what it wanted.
  [[nodiscard]] State establish();
  // Reads once; with TLS until `into` is full or nothing is there.
  [[nodiscard]] Moved read(std::span<std::byte> into);
  [[nodiscard]] Moved write(ws::ByteView octets);

 private:
  Channel(int descriptor, ws::io::SslPtr session);
  State fail(std::string why);
  State tls_state(int result);

  int descriptor_ = -1;
  ws::io::SslPtr session_;
  bool connected_ = false;
  std::string error_;
};

}  // namespace touchstone::bench

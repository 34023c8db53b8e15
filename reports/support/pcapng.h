// pcapng.h - octets that went over TCP, as a file that Wireshark reads. draft-ietf-opsawg-pcapng, RFC 9293.
//
// What is known are the octets of both directions and when they came; addresses, sequence numbers and the opening of
// TCP around them are made up, and the file says so.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace touchstone {

class Pcapng {
 public:
  // `about`: a comment on the whole file.
  explicit Pcapng(std::string_view about);

  // A file of lines as NSS writes them (SSLKEYLOGFILE), so that TLS can be read. Before the packets.
  void secrets(std::string_view key_log);

  enum class From : std::uint8_t { client, server };
  // Each packet of one connection after the other; `at_us`: microseconds since 1970; `comment`: UTF-8, may be empty.
  void open(std::int64_t at_us, std::string_view comment);  // SYN, SYN and ACK, ACK; the comment is on the first
  void data(From from, std::int64_t at_us, std::string_view octets, std::string_view comment);
  void fin(From from, std::int64_t at_us, std::string_view comment);
  void reset(From from, std::int64_t at_us, std::string_view comment);

  // What was made since the last call.
  [[nodiscard]] std::string take() { return std::exchange(out_, {}); }

 private:
  struct Side {
    std::uint32_t next = 1000;  // the sequence number of its next octet
  };
  void block(std::uint32_t type, std::string body);
  void packet(From from, std::int64_t at_us, std::uint8_t flags, std::string_view payload, std::string_view comment);

  std::string out_;
  std::uint16_t port_ = 50000;  // of the client; another one each connection
  Side client_, server_;
};

}  // namespace touchstone

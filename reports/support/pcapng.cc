#include "reports/support/pcapng.h"

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::uint32_t kSection = 0x0A0D0D0A, kInterface = 1, kPacket = 6, kSecrets = 10, kTlsKeyLog = 0x544c534b;
constexpr std::uint16_t kComment = 1, kEndOfOptions = 0;
constexpr std::uint16_t kRawIp = 101;        // LINKTYPE_RAW
constexpr std::size_t kLargest = 32 * 1024;  // octets a packet
constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;
// As HTTP: a dissector looks for WebSocket after an Upgrade there.
constexpr std::uint16_t kServerPort = 80;
constexpr std::uint32_t kClientAddress = 0x7f000002, kServerAddress = 0x7f000001;  // 127.0.0.2, 127.0.0.1

// Of the file: in the order of octets that the section header says. Of the packets: big-endian.
template <class Number>
void little(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}
template <class Number>
void big(std::string& out, Number value) {
  for (std::size_t i = sizeof value; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
}

void pad(std::string& out) { out.resize((out.size() + 3) / 4 * 4); }

void option(std::string& out, std::uint16_t code, std::string_view value) {
  value = value.substr(0, 60000);
  little(out, code);
  little(out, static_cast<std::uint16_t>(value.size()));
  out += value;
  pad(out);
}

void comment_option(std::string& out, std::string_view comment) {
  if (comment.empty()) return;
  option(out, kComment, comment);
  option(out, kEndOfOptions, {});
}

std::uint32_t sum(std::string_view octets, std::uint32_t start = 0) {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const std::uint32_t octet = static_cast<unsigned char>(octets[i]);
    start += i % 2 == 0 ? octet << 8 : octet;
  }
  return start;
}

std::uint16_t checksum(std::uint32_t sum) {  // RFC 1071
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum & 0xffff);
}

void put_big(std::string& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<char>(value >> 8);
  out[at + 1] = static_cast<char>(value & 0xff);
}

}  // namespace

Pcapng::Pcapng(std::string_view about) {
  std::string section;
  little(section, std::uint32_t{0x1A2B3C4D});
  little(section, std::uint16_t{1});
  little(section, std::uint16_t{0});
  little(section, ~std::uint64_t{0});  // as long as it takes
  comment_option(section, about);
  block(kSection, std::move(section));
  std::string interface;
  little(interface, kRawIp);
  little(interface, std::uint16_t{0});
  little(interface, std::uint32_t{0});  // no limit
  block(kInterface, std::move(interface));
}

void Pcapng::block(std::uint32_t type, std::string body) {
  pad(body);
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  little(out_, type);
  little(out_, length);
  out_ += body;
  little(out_, length);
}

void Pcapng::secrets(std::string_view key_log) {
  std::string body;
  little(body, kTlsKeyLog);
  little(body, static_cast<std::uint32_t>(key_log.size()));
  body += key_log;
  block(kSecrets, std::move(body));
}

void Pcapng::packet(From from, std::int64_t at_us, std::uint8_t flags, std::string_view payload,
                    std::string_view comment) {
  const bool by_client = from == From::client;
  Side &mine = by_client ? client_ : server_, &other = by_client ? server_ : client_;
  std::string tcp;
  big(tcp, by_client ? port_ : kServerPort);
  big(tcp, by_client ? kServerPort : port_);
  big(tcp, mine.next);
  big(tcp, (flags & kAck) != 0 ? other.next : std::uint32_t{0});
  big(tcp, static_cast<std::uint16_t>(0x5000 | flags));
  big(tcp, std::uint16_t{65535});
  big(tcp, std::uint32_t{0});  // checksum, urgent
  tcp += payload;
  std::string ip;
  big(ip, std::uint16_t{0x4500});
  big(ip, static_cast<std::uint16_t>(20 + tcp.size()));
  big(ip, std::uint32_t{0x4000});  // identification, do not fragment
  big(ip, std::uint16_t{0x4006});  // time to live, TCP
  big(ip, std::uint16_t{0});
  big(ip, by_client ? kClientAddress : kServerAddress);
  big(ip, by_client ? kServerAddress : kClientAddress);
  put_big(ip, 10, checksum(sum(ip)));
  const auto length = static_cast<std::uint32_t>(tcp.size());
  put_big(tcp, 16, checksum(sum(tcp, sum(std::string_view(ip).substr(12, 8), 6 + length))));
  mine.next += static_cast<std::uint32_t>(payload.size()) + ((flags & (kSyn | kFin)) != 0 ? 1 : 0);

  std::string body;
  const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(at_us, 0));
  little(body, std::uint32_t{0});
  little(body, static_cast<std::uint32_t>(time >> 32));
  little(body, static_cast<std::uint32_t>(time & 0xffffffff));
  little(body, static_cast<std::uint32_t>(ip.size() + tcp.size()));
  little(body, static_cast<std::uint32_t>(ip.size() + tcp.size()));
  body += ip + tcp;
  pad(body);
  comment_option(body, comment);
  block(kPacket, std::move(body));
}

void Pcapng::open(std::int64_t at_us, std::string_view comment) {
  ++port_;
  client_ = server_ = Side();
  packet(From::client, at_us, kSyn, {}, comment);
  packet(From::server, at_us, kSyn | kAck, {}, {});
  packet(From::client, at_us, kAck, {}, {});
}

void Pcapng::data(From from, std::int64_t at_us, std::string_view octets, std::string_view comment) {
  do {
    const auto piece = octets.substr(0, kLargest);
    octets.remove_prefix(piece.size());
    packet(from, at_us, kPsh | kAck, piece, comment);
    comment = {};
  } while (!octets.empty());
}

void Pcapng::fin(From from, std::int64_t at_us, std::string_view comment) {
  packet(from, at_us, kFin | kAck, {}, comment);
}

void Pcapng::reset(From from, std::int64_t at_us, std::string_view comment) {
  packet(from, at_us, kRst | kAck, {}, comment);
}

}  // namespace touchstone

#include "reports/testing/sample_talk.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

namespace touchstone {
namespace {

std::string close_body(std::optional<std::uint16_t> code, std::string_view reason) {
  if (!code) return {};
  return std::string{static_cast<char>(*code >> 8), static_cast<char>(*code & 255)} + std::string(reason);
}

}  // namespace

std::uint32_t SampleTalk::next() { return random_ = random_ * 1664525U + 1013904223U; }

Entry& SampleTalk::add(Entry::Direction direction, Entry::Kind kind) {
  now_ += direction == Entry::Direction::received ? 80 + next() % 240 : 4 + next() % 20;
  Entry& entry = transcript_.entries.emplace_back();
  entry.at_us = now_;
  entry.direction = direction;
  entry.kind = kind;
  return entry;
}

void SampleTalk::handshake(std::string_view host, std::string_view server, std::string_view extensions) {
  const std::string offer = extensions.empty() ? "" : fmt::format("Sec-WebSocket-Extensions: {}\r\n", extensions);
  transcript_.request = fmt::format(
      "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{}\r\n",
      host, offer);
  transcript_.response = fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\n{}Upgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{}\r\n",
      server.empty() ? "" : fmt::format("Server: {}\r\n", server), offer);
  transcript_.octets_sent += transcript_.request.size();
  transcript_.octets_received += transcript_.response.size();
  now_ += 300 + next() % 500;
}

void SampleTalk::frame(Entry::Direction direction, std::uint8_t opcode, std::string payload, bool fin, std::uint8_t rsv,
                       std::uint64_t length) {
  const bool sent = direction == Entry::Direction::sent;
  const std::uint32_t mask = next();
  Entry& entry = add(direction, Entry::Kind::frame);
  entry.opcode = opcode;
  entry.fin = fin;
  entry.rsv = rsv;
  if (sent) entry.mask = mask;
  entry.length = length;
  entry.crc32 = static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const unsigned char*>(payload.data()), static_cast<unsigned>(payload.size())));
  entry.octets = payload.substr(0, Entry::kKeptOctets);
  (sent ? transcript_.octets_sent : transcript_.octets_received) += length + (sent ? 6 : 2);
  ++(sent ? transcript_.frames_sent : transcript_.frames_received);
}

void SampleTalk::send(std::uint8_t opcode, std::string payload, bool fin, std::uint8_t rsv,
                      std::optional<std::uint64_t> length) {
  const std::uint64_t whole = length.value_or(payload.size());
  frame(Entry::Direction::sent, opcode, std::move(payload), fin, rsv, whole);
}

void SampleTalk::receive(std::uint8_t opcode, std::string payload, bool fin, std::uint8_t rsv,
                         std::optional<std::uint64_t> length) {
  const std::uint64_t whole = length.value_or(payload.size());
  frame(Entry::Direction::received, opcode, std::move(payload), fin, rsv, whole);
}

void SampleTalk::echo() {
  const auto sent = std::find_if(transcript_.entries.rbegin(), transcript_.entries.rend(), [](const Entry& entry) {
    return entry.direction == Entry::Direction::sent && entry.kind == Entry::Kind::frame;
  });
  const auto index = static_cast<std::size_t>(transcript_.entries.rend() - sent) - 1;
  const std::uint32_t crc32 = sent->crc32;  // receive() may move the entries
  receive(sent->opcode, {}, true, sent->rsv, sent->length);
  transcript_.entries.back().same_as = index;
  transcript_.entries.back().crc32 = crc32;
}

void SampleTalk::octets(Entry::Direction direction, std::string octets) {
  Entry& entry = add(direction, Entry::Kind::octets);
  entry.length = octets.size();
  entry.octets = std::move(octets);
}

void SampleTalk::mark(std::string note) { add(Entry::Direction::local, Entry::Kind::mark).note = std::move(note); }

void SampleTalk::plain(Entry::Direction direction, Entry::Kind kind, std::string note) {
  add(direction, kind).note = std::move(note);
}

void SampleTalk::close(std::optional<std::uint16_t> code, std::string_view reason) {
  send(8, close_body(code, reason));
}

void SampleTalk::close_comes(std::optional<std::uint16_t> code, std::string_view reason) {
  receive(8, close_body(code, reason));
}

void SampleTalk::end_politely() {
  close(1000);
  close_comes(1000);
  plain(Entry::Direction::received, Entry::Kind::eof);
}

}  // namespace touchstone

// sample_talk.h - builds the transcript of a made-up conversation.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reports/result/result.h"

namespace touchstone {

class SampleTalk {
 public:
  explicit SampleTalk(std::uint32_t seed) : random_(seed * 2654435761U + 1) {}

  void handshake(std::string_view host, std::string_view server, std::string_view extensions);
  // `length` when the payload is longer than what is kept of it.
  void send(std::uint8_t opcode, std::string payload, bool fin = true, std::uint8_t rsv = 0,
            std::optional<std::uint64_t> length = {});
  void receive(std::uint8_t opcode, std::string payload, bool fin = true, std::uint8_t rsv = 0,
               std::optional<std::uint64_t> length = {});
  void echo();  // what was sent last comes back
  void octets(Entry::Direction direction, std::string octets);
  void mark(std::string note);
  void plain(Entry::Direction direction, Entry::Kind kind, std::string note = {});
  void end_politely();  // the closing handshake, begun by the tester, and the end of TCP
  void close(std::optional<std::uint16_t> code, std::string_view reason = {});
  void close_comes(std::optional<std::uint16_t> code, std::string_view reason = {});
  void wait(std::int64_t us) { now_ += us; }

  [[nodiscard]] Transcript take() { return std::move(transcript_); }
  [[nodiscard]] double duration_ms() const { return static_cast<double>(now_) / 1000; }

 private:
  std::uint32_t next();
  Entry& add(Entry::Direction direction, Entry::Kind kind);
  void frame(Entry::Direction direction, std::uint8_t opcode, std::string payload, bool fin, std::uint8_t rsv,
             std::uint64_t length);
  Transcript transcript_;
  std::int64_t now_ = 0;
  std::uint32_t random_;
};

}  // namespace touchstone

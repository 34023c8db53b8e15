// sample_cases.cc - nothing here is read from the catalogue, which has cases like these.
#include "reports/testing/sample_cases.h"

#include <fmt/format.h>

#include <array>

namespace touchstone {
namespace {

using enum Entry::Direction;
using enum Entry::Kind;

void end_with(SampleTalk& talk, std::uint16_t code, std::string_view reason = {}) {
  talk.close_comes(code, reason);
  talk.close(code);
  talk.plain(received, eof);
}

std::string filler(std::size_t length) {
  std::string text;
  while (text.size() < length) text += "The quick brown fox jumps over the lazy dog. ";
  text.resize(length);
  return text;
}

void play_length(SampleTalk& talk, unsigned i) {
  constexpr std::array<std::size_t, 8> lengths{0, 125, 126, 127, 128, 65535, 65536, 70000};
  const std::size_t length = lengths[(i - 1) % lengths.size()];
  talk.send(1, filler(length));
  talk.echo();
  talk.end_politely();
}

void play_ping(SampleTalk& talk, unsigned i) {
  if (i >= 10) {
    for (int n = 1; n <= 10; ++n) talk.send(9, fmt::format("ping {}", n));
    talk.receive(10, "ping 10");
  } else {
    talk.send(9, std::string(i * 12, static_cast<char>('a' + i)));
    talk.receive(10, std::string(i * 12, static_cast<char>('a' + i)));
  }
  talk.end_politely();
}

void play_reserved(SampleTalk& talk, unsigned i) {
  talk.send(1, "Hello, world!");
  talk.send(i > 7 ? static_cast<std::uint8_t>(3 + i % 5) : 1, "Hello, world!", true, static_cast<std::uint8_t>(i % 8));
  talk.mark("sentinel: Ping \"touchstone-1\", awaiting its Pong, a Close or the end");
  talk.send(9, "touchstone-1");
  talk.receive(1, "Hello, world!");
  end_with(talk, 1002, "Invalid WebSocket frame: RSV2 and RSV3 must be clear");
}

void play_fragments(SampleTalk& talk, unsigned i) {
  talk.send(1, "fragment1", false);
  if (i % 3 == 0) {
    talk.send(9, "between");
    talk.receive(10, "between");
  }
  talk.send(0, "fragment2", true);
  talk.receive(1, "fragment1fragment2");
  talk.end_politely();
}

void play_utf8(SampleTalk& talk, unsigned i) {
  if (i % 2 == 0) {
    talk.send(1, "Hello-µ@ßöäüàá-UTF-8!! κόσμε 水 🜚");
    talk.echo();
    return talk.end_politely();
  }
  talk.send(1,
            "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
            "edited");
  end_with(talk, 1007, "Invalid UTF-8 sequence");
}

void play_close(SampleTalk& talk, unsigned i) {
  constexpr std::array<std::uint16_t, 8> codes{1000, 1001, 1002, 1003, 1007, 3000, 4000, 4999};
  talk.send(1, "Hello, world!");
  talk.echo();
  talk.close(codes[i % codes.size()], i % 2 == 0 ? "bye" : "");
  talk.close_comes(codes[i % codes.size()]);
  talk.plain(received, eof);
}

void play_bulk(SampleTalk& talk, unsigned i) {
  const std::uint64_t length = 1ULL << (10 + i % 13);
  for (unsigned n = 0; n < 4 + i % 9; ++n) {
    talk.send(2, filler(4096), true, 0, length);
    talk.wait(static_cast<std::int64_t>(length / 300));
    talk.echo();
  }
  talk.end_politely();
}

void play_deflate(SampleTalk& talk, unsigned i) {
  for (unsigned n = 0; n < 3 + i % 4; ++n) {
    talk.send(1, std::string("\xf2\x48\xcd\xc9\xc9\x07\x04\0", 8) + filler(i % 60), true, 4);
    talk.echo();
  }
  talk.end_politely();
}

// A loop that a person would not read to its end: the page cuts it.
void play_many(SampleTalk& talk, unsigned) {
  for (int n = 0; n < 300; ++n) {
    talk.send(1, fmt::format("message {}", n));
    talk.echo();
  }
  talk.end_politely();
}

const std::vector<SampleFamily> kFamilies = {
    {"framing/text-length/{}",
     "1.1.{}",
     "A text message, length {} of eight",
     "The message comes back unchanged.",
     {"rfc6455-5.2-12", "rfc6455-5.2-13", "rfc6455-5.2-14", "rfc6455-5.6-4"},
     8,
     play_length},
    {"framing/binary-length/{}",
     "1.2.{}",
     "A binary message, length {} of eight",
     "The message comes back unchanged.",
     {"rfc6455-5.2-12", "rfc6455-5.2-13", "rfc6455-5.2-14", "rfc6455-5.2-24"},
     8,
     play_length},
    {"pings/payload/{}",
     "2.{}",
     "A Ping with payload {}",
     "Each Ping is answered by a Pong with the same payload; of several unanswered ones the latest is enough.",
     {"rfc6455-5.5.2-2", "rfc6455-5.5.3-1", "rfc6455-5.5.3-2"},
     11,
     play_ping},
    {"reserved/rsv/{}",
     "3.{}",
     "A reserved bit is set without an extension ({})",
     "The endpoint fails the connection: a Close frame with 1002, or a plain end.",
     {"rfc6455-5.2-3", "rfc6455-5.2-6", "rfc6455-7.1.7-2", "rfc6455-7.1.7-5", "rfc6455-7.4.1-9"},
     7,
     play_reserved},
    {"reserved/opcode/{}",
     "4.1.{}",
     "A frame with a reserved opcode ({})",
     "The endpoint fails the connection: a Close frame with 1002, or a plain end.",
     {"rfc6455-5.2-8", "rfc6455-5.2-9", "rfc6455-7.1.7-2"},
     10,
     play_reserved},
    {"fragmentation/order/{}",
     "5.{}",
     "A message in fragments ({})",
     "The fragments come back as one message; control frames between them are answered.",
     {"rfc6455-5.4-2", "rfc6455-5.4-4", "rfc6455-5.4-5", "rfc6455-5.4-9", "rfc6455-5.4-13"},
     20,
     play_fragments},
    {"utf8/sequence/{}",
     "6.4.{}",
     "Text with UTF-8 sequence {}",
     "Valid text comes back; invalid text fails the connection with 1007.",
     {"rfc6455-8.1-1", "rfc6455-8.1-2", "rfc6455-8.1-3", "rfc6455-7.4.1-11"},
     140,
     play_utf8},
    {"close/code/{}",
     "7.7.{}",
     "A Close with status code {}",
     "The endpoint answers with a Close and ends TCP.",
     {"rfc6455-5.5.1-3", "rfc6455-5.5.1-10", "rfc6455-5.5.1-11", "rfc6455-5.5.1-16", "rfc6455-5.5.1-17",
      "rfc6455-7.4.1-5", "rfc6455-7.4.2-3"},
     36,
     play_close},
    {"limits/message-size/{}",
     "9.1.{}",
     "Large messages ({})",
     "Every message comes back whole.",
     {"rfc6455-5.6-4", "rfc6455-5.2-14", "rfc6455-10.4-1"},
     54,
     play_bulk},
    {"limits/many-messages/{}",
     "9.7.{}",
     "300 small messages in a row ({})",
     "Every message comes back, in order.",
     {"rfc6455-5.2-22"},
     3,
     play_many},
    {"deflate/sizes/{}",
     "12.1.{}",
     "Compressed messages of {} sizes",
     "Every message comes back whole.",
     {"rfc7692-7.2.1-1", "rfc7692-7.2.2-1", "rfc7692-5-15"},
     90,
     play_deflate},
    {"deflate/parameters/{}",
     "13.1.{}",
     "Parameters of permessage-deflate, row {}",
     "What was agreed on is kept to; every message comes back whole.",
     {"rfc7692-7.2.1-12", "rfc7692-7.2.2-4", "rfc7692-7.2.2-10"},
     126,
     play_deflate},
    {"resources/after-attack/{}",
     "",
     "A fresh connection still echoes after attack {}",
     "The endpoint serves others while one connection misbehaves.",
     {"rfc6455-10.4-1", "rfc6455-5.6-4"},
     6,
     play_length},
};

}  // namespace

std::span<const SampleFamily> sample_families() { return kFamilies; }

Result play_sample(const SampleFamily& family, unsigned i, const SampleEndpoint& endpoint, std::uint32_t seed) {
  Result result;
  result.case_id = fmt::format(fmt::runtime(family.id), i);
  if (!family.alias.empty()) result.aliases = {fmt::format(fmt::runtime(family.alias), i)};
  result.title = fmt::format(fmt::runtime(family.title), i);
  result.endpoint = endpoint.name;
  result.behavior = Behavior::ok;
  result.requirements = family.requirements;
  result.expectation = family.expectation;
  result.summary = "As expected.";
  result.clean = true;
  result.dropped_by_peer = true;
  result.remote_close_code = 1000;
  result.local_close_code = 1000;
  result.replay = fmt::format("touchstone test {} --case {} --seed 1", endpoint.url, result.case_id);
  SampleTalk talk(seed);
  talk.handshake("127.0.0.1:9001", endpoint.server,
                 result.case_id.starts_with("deflate/") ? "permessage-deflate; client_max_window_bits" : "");
  family.play(talk, i);
  result.duration_ms = talk.duration_ms();
  result.transcript = talk.take();
  return result;
}

}  // namespace touchstone

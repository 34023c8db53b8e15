// payload.h - recipes for message contents, so that a case of megabytes stays one line of JSON.
#pragma once
#include <ws/core/bytes.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace touchstone {

struct Payload;

namespace recipe {
struct Literal {
  ws::Bytes octets;
};  // "text" or {"hex": "00ff"}
struct Fill {
  ws::Bytes pattern;
  std::uint64_t length = 0;
};  // {"fill": pattern, "len": n}: repeated and cut
// {"stream": name, "len": n}: the next n octets of an endless seeded stream; each use in a case goes on
// where the last one stopped, so the messages of a repeat differ. Names: json, html, prose, letters, bitmap,
// noise. The text ones may be cut anywhere: three are ASCII, and letters has an x in place of what a cut leaves of a
// code point.
struct Stream {
  std::string name;
  std::uint64_t length = 0;
};
struct Cat {
  std::vector<Payload> parts;
};  // {"cat": [...]}
}  // namespace recipe

struct Payload {
  std::variant<recipe::Literal, recipe::Fill, recipe::Stream, recipe::Cat> recipe;
};

// The streams that there are.
[[nodiscard]] std::span<const std::string_view> stream_names();

// Octets that the payload has, without making them.
[[nodiscard]] std::uint64_t length(const Payload& payload);

// Makes payloads. Equal seeds give equal octets. A stream is a repeating pool of `kStreamPool` octets
// made once per (name, seed) and shared; `position` counts what this generator has taken of it.
class PayloadGenerator {
 public:
  static constexpr std::size_t kStreamPool = 4 * 1024 * 1024;
  explicit PayloadGenerator(std::uint64_t seed);
  ~PayloadGenerator();
  [[nodiscard]] ws::Bytes make(const Payload& payload);
  // Forget the positions: the next case starts its streams anew.
  void rewind();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace touchstone

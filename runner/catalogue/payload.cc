#include "runner/catalogue/payload.h"

#include "runner/catalogue/streams.h"

#include <ws/core/utf8.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace touchstone {

std::uint64_t length(const Payload& payload) {
  struct Length {
    std::uint64_t operator()(const recipe::Literal& literal) const { return literal.octets.size(); }
    std::uint64_t operator()(const recipe::Fill& fill) const { return fill.length; }
    std::uint64_t operator()(const recipe::Stream& stream) const { return stream.length; }
    std::uint64_t operator()(const recipe::Cat& cat) const {
      std::uint64_t sum = 0;
      for (const Payload& part : cat.parts) sum += touchstone::length(part);
      return sum;
    }
  };
  return std::visit(Length{}, payload.recipe);
}

namespace {

bool continues_code_point(std::byte octet) { return (octet & std::byte{0xc0}) == std::byte{0x80}; }

// A cut out of UTF-8 becomes UTF-8 of the same length: an x for each octet of a code point that is not all there.
void mend_ends(std::span<std::byte> text) {
  constexpr std::byte kMended{'x'};
  for (std::size_t i = 0; i < text.size() && continues_code_point(text[i]); ++i) text[i] = kMended;
  std::size_t start = text.size();
  while (start > 0 && continues_code_point(text[start - 1])) --start;
  if (start == 0) return;
  --start;
  if (!ws::is_utf8(text.subspan(start))) std::ranges::fill(text.subspan(start), kMended);
}

}  // namespace

struct PayloadGenerator::Impl {
  struct Reading {
    std::shared_ptr<const ws::Bytes> pool;
    std::size_t position = 0;
  };
  std::uint64_t seed;
  std::map<std::string, Reading, std::less<>> streams;

  void add(const Payload& payload, ws::Bytes& out) {
    std::visit([&](const auto& recipe) { add(recipe, out); }, payload.recipe);
  }

  void add(const recipe::Literal& literal, ws::Bytes& out) { ws::append(out, literal.octets); }

  void add(const recipe::Fill& fill, ws::Bytes& out) {
    if (fill.pattern.empty() || fill.length == 0) return;
    const std::size_t start = out.size(), wanted = fill.length;
    out.resize(start + wanted);
    std::byte* const begin = out.data() + start;
    std::size_t done = std::min(fill.pattern.size(), wanted);
    std::memcpy(begin, fill.pattern.data(), done);
    // Doubling keeps the phase, because what is there already is a whole number of patterns.
    while (done < wanted) {
      const std::size_t more = std::min(done, wanted - done);
      std::memcpy(begin + done, begin, more);
      done += more;
    }
  }

  void add(const recipe::Stream& stream, ws::Bytes& out) {
    auto found = streams.find(stream.name);
    if (found == streams.end()) found = streams.emplace(stream.name, Reading{stream_pool(stream.name, seed)}).first;
    Reading& reading = found->second;
    const std::size_t start = out.size();
    for (std::uint64_t left = stream.length; left > 0;) {
      const auto rest = ws::ByteView(*reading.pool).subspan(reading.position);
      const auto piece = rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), left)));
      ws::append(out, piece);
      reading.position = (reading.position + piece.size()) % reading.pool->size();
      left -= piece.size();
    }
    if (stream.name == "letters") mend_ends(std::span(out).subspan(start));
  }

  void add(const recipe::Cat& cat, ws::Bytes& out) {
    for (const Payload& part : cat.parts) add(part, out);
  }
};

PayloadGenerator::PayloadGenerator(std::uint64_t seed) : impl_(std::make_unique<Impl>(seed)) {}
PayloadGenerator::~PayloadGenerator() = default;

ws::Bytes PayloadGenerator::make(const Payload& payload) {
  ws::Bytes octets;
  octets.reserve(static_cast<std::size_t>(length(payload)));
  impl_->add(payload, octets);
  return octets;
}

void PayloadGenerator::rewind() {
  for (auto& [name, reading] : impl_->streams) reading.position = 0;
}

}  // namespace touchstone

#include "runner/catalogue/streams.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <list>
#include <mutex>

namespace touchstone {
namespace {

constexpr std::size_t kPool = PayloadGenerator::kStreamPool;

// SplitMix64 (Steele, Lea, Flood 2014): whole-number arithmetic only, so every machine yields the same octets.
class Random {
 public:
  Random(std::string_view name, std::uint64_t seed) : state_(seed) {
    for (const char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // 0 .. bound-1; the tiny bias of the multiplication does not matter here.
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32); }

 private:
  std::uint64_t state_;
};

// Common words first: picking the smaller of two indices makes them frequent, as in a language.
constexpr std::string_view kWords[] = {
    "the",    "of",      "and",     "to",       "in",      "a",       "is",      "that",     "for",     "it",
    "was",    "on",      "with",    "as",       "be",      "at",      "by",      "this",     "had",     "not",
    "are",    "but",     "from",    "or",       "have",    "an",      "they",    "which",    "one",     "you",
    "were",   "her",     "all",     "she",      "there",   "would",   "their",   "we",       "him",     "been",
    "has",    "when",    "who",     "will",     "more",    "no",      "if",      "out",      "so",      "said",
    "what",   "up",      "its",     "about",    "into",    "than",    "them",    "can",      "only",    "other",
    "new",    "some",    "could",   "time",     "these",   "two",     "may",     "then",     "do",      "first",
    "any",    "my",      "now",     "such",     "like",    "our",     "over",    "man",      "me",      "even",
    "most",   "made",    "after",   "also",     "did",     "many",    "before",  "must",     "through", "back",
    "years",  "where",   "much",    "your",     "way",     "well",    "down",    "should",   "because", "each",
    "just",   "those",   "people",  "how",      "too",     "little",  "state",   "good",     "very",    "make",
    "world",  "still",   "own",     "see",      "work",    "long",    "get",     "here",     "between", "both",
    "life",   "being",   "under",   "never",    "day",     "same",    "another", "know",     "while",   "last",
    "might",  "us",      "great",   "old",      "year",    "off",     "come",    "since",    "against", "go",
    "came",   "right",   "used",    "take",     "three",   "harbour", "lantern", "granite",  "meadow",  "thunder",
    "copper", "whisper", "orchard", "velvet",   "compass", "glacier", "saffron", "quarry",   "ember",   "willow",
    "anchor", "marble",  "falcon",  "cinnamon", "horizon", "timber",  "silver",  "mountain", "river",   "window"};

class Writer {
 public:
  Writer(std::string_view name, std::uint64_t seed) : random(name, seed) { text_.reserve(kPool + 4096); }

  Writer& operator<<(std::string_view text) {
    text_.append(text.data(), text.size());
    return *this;
  }
  Writer& operator<<(std::uint32_t number) {
    std::array<char, 12> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text_.append(digits.data(), end);
    return *this;
  }
  std::string_view word() {
    // Two numbers out of one draw; the smaller one wins.
    const auto draw = random.next();
    return kWords[std::min((draw >> 32) * std::size(kWords) >> 32, (draw & 0xffffffff) * std::size(kWords) >> 32)];
  }
  void sentence() {
    const auto count = 5 + random.below(13);
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto start = text_.size();
      *this << word();
      if (i == 0) text_[start] = static_cast<char>(text_[start] - 'a' + 'A');
      if (i + 1 < count) *this << (random.below(9) == 0 ? ", " : " ");
    }
    *this << (random.below(12) == 0 ? "?" : ".");
  }
  void paragraph() {
    const auto count = 3 + random.below(6);
    for (std::uint32_t i = 0; i < count; ++i) {
      sentence();
      if (i + 1 < count) *this << " ";
    }
  }
  [[nodiscard]] bool full() const { return text_.size() >= kPool; }
  [[nodiscard]] ws::Bytes take() const { return ws::to_bytes(std::string_view(text_).substr(0, kPool)); }

  Random random;

 private:
  std::string text_;
};

ws::Bytes prose(std::uint64_t seed) {
  Writer out("prose", seed);
  while (!out.full()) {
    out.paragraph();
    out << "\n\n";
  }
  return out.take();
}

ws::Bytes json(std::uint64_t seed) {
  Writer out("json", seed);
  out << "[";
  for (std::uint32_t id = 1; !out.full(); ++id) {
    out << R"({"id":)" << id << R"(,"name":")" << out.word() << " " << out.word() << R"(","price":)"
        << out.random.below(1000) << "." << 10 + out.random.below(90) << R"(,"active":)"
        << (out.random.below(3) == 0 ? "false" : "true") << R"(,"tags":[)";
    const auto tags = out.random.below(4);
    for (std::uint32_t i = 0; i < tags; ++i) out << (i == 0 ? "\"" : ",\"") << out.word() << "\"";
    out << R"(],"position":{"x":)" << out.random.below(10000) << R"(,"y":)" << out.random.below(10000)
        << R"(},"note":")";
    out.sentence();
    out << "\"},\n";
  }
  return out.take();
}

ws::Bytes html(std::uint64_t seed) {
  Writer out("html", seed);
  while (!out.full()) {
    out << "<section class=\"" << out.word() << "\" id=\"s" << out.random.below(100000) << "\">\n  <h2>";
    out << out.word() << " " << out.word() << " " << out.word() << "</h2>\n  <p>";
    out.paragraph();
    out << "</p>\n  <ul>\n";
    for (auto items = 2 + out.random.below(5); items > 0; --items) {
      out << "    <li><a href=\"/" << out.word() << "/" << out.word() << ".html\">" << out.word() << "</a> ";
      out.sentence();
      out << "</li>\n";
    }
    out << "  </ul>\n  <table>\n";
    for (auto rows = 1 + out.random.below(4); rows > 0; --rows) {
      out << "    <tr><td>" << out.word() << "</td><td class=\"number\">" << out.random.below(10000) << "</td></tr>\n";
    }
    out << "  </table>\n</section>\n";
  }
  return out.take();
}

// Code points of two, three and four octets, and of one, by chance: no buffer's end is for long a boundary of theirs.
ws::Bytes letters(std::uint64_t seed) {
  constexpr std::string_view kLetters[] = {"a",          "\u00e9",     "\u03c9",    "\u0416", "\u05d0",
                                           "\u20ac",     "\u3042",     "\u4e2d",    "\ud55c", " ",
                                           "\U0001d11e", "\U0001f600", "\U00010348"};
  Random random("letters", seed);
  std::string text;
  text.reserve(kPool);
  while (text.size() + 4 <= kPool) text += kLetters[random.below(std::size(kLetters))];
  text.resize(kPool, 'x');
  return ws::to_bytes(std::string_view(text));
}

// Grey pixels, 512 a row: even runs, runs with a grain, and rows that repeat the row above but for a few pixels.
ws::Bytes bitmap(std::uint64_t seed) {
  constexpr std::size_t kRow = 512;
  Random random("bitmap", seed);
  ws::Bytes pixels(kPool);
  for (std::size_t row = 0; row < kPool; row += kRow) {
    if (row != 0 && random.below(3) == 0) {
      std::memcpy(&pixels[row], &pixels[row - kRow], kRow);
      for (int i = 0; i < 24; ++i) pixels[row + random.below(kRow)] = static_cast<std::byte>(random.below(256));
      continue;
    }
    std::uint32_t grey = random.below(256);
    for (std::size_t x = 0; x < kRow;) {
      const auto end = std::min<std::size_t>(x + 4 + random.below(40), kRow);
      const bool even = random.below(2) == 0;
      grey = (grey + 248 + random.below(17)) & 0xff;
      for (; x < end; ++x) pixels[row + x] = static_cast<std::byte>((even ? grey : grey + random.below(6)) & 0xff);
    }
  }
  return pixels;
}

ws::Bytes noise(std::uint64_t seed) {
  Random random("noise", seed);
  ws::Bytes octets(kPool);
  for (std::size_t i = 0; i < kPool; i += 8) {
    const auto value = random.next();
    for (std::size_t k = 0; k < 8; ++k) octets[i + k] = static_cast<std::byte>((value >> (8 * k)) & 0xff);
  }
  return octets;
}

struct Maker {
  std::string_view name;
  ws::Bytes (*make)(std::uint64_t seed);
};
constexpr Maker kMakers[] = {{"json", json},       {"html", html},     {"prose", prose},
                             {"letters", letters}, {"bitmap", bitmap}, {"noise", noise}};
constexpr std::string_view kNames[] = {"json", "html", "prose", "letters", "bitmap", "noise"};

struct Pool {
  std::string name;
  std::uint64_t seed;
  std::shared_ptr<const ws::Bytes> octets;
};

}  // namespace

std::span<const std::string_view> stream_names() { return kNames; }

std::shared_ptr<const ws::Bytes> stream_pool(std::string_view name, std::uint64_t seed) {
  constexpr std::size_t kKept = 16;
  static std::mutex mutex;
  static std::list<Pool> pools;  // The latest used one first.
  const std::scoped_lock lock(mutex);
  const auto wanted = [&](const Pool& pool) { return pool.name == name && pool.seed == seed; };
  if (const auto found = std::ranges::find_if(pools, wanted); found != pools.end()) {
    pools.splice(pools.begin(), pools, found);
    return pools.front().octets;
  }
  const auto maker = std::ranges::find(kMakers, name, &Maker::name);
  const auto make = maker == std::end(kMakers) ? noise : maker->make;
  pools.push_front({std::string(name), seed, std::make_shared<const ws::Bytes>(make(seed))});
  if (pools.size() > kKept) pools.pop_back();
  return pools.front().octets;
}

}  // namespace touchstone

// utf8.cc - a table-driven automaton that stops at the first impossible octet. RFC 3629.
#include <ws/core/utf8.h>

#include <cstring>

namespace ws {
namespace {

// What the validator waits for. RFC 3629 4 gives, for every first octet, the range of the second;
// all later octets are 80..BF.
enum Expect : std::uint8_t {
  kStart,    // a first octet
  kOne,      // one more octet 80..BF
  kTwo,      // two more
  kThree,    // three more
  kAfterE0,  // A0..BF, then one: no overlong forms
  kAfterEd,  // 80..9F, then one: no surrogates
  kAfterF0,  // 90..BF, then two: no overlong forms
  kAfterF4,  // 80..8F, then two: nothing above U+10FFFF
  kFailed,
  kStates
};

struct Range {
  unsigned first, last;
  Expect next;
};

using Table = std::array<std::array<std::uint8_t, 256>, kStates>;

constexpr Table make_table() {
  Table table{};
  for (auto& row : table) row.fill(kFailed);
  const auto fill = [&](Expect state, Range range) {
    for (unsigned octet = range.first; octet <= range.last; ++octet) table[state][octet] = range.next;
  };
  fill(kStart, {0x00, 0x7F, kStart});
  fill(kStart, {0xC2, 0xDF, kOne});  // C0 and C1 could only be overlong
  fill(kStart, {0xE0, 0xE0, kAfterE0});
  fill(kStart, {0xE1, 0xEC, kTwo});
  fill(kStart, {0xED, 0xED, kAfterEd});
  fill(kStart, {0xEE, 0xEF, kTwo});
  fill(kStart, {0xF0, 0xF0, kAfterF0});
  fill(kStart, {0xF1, 0xF3, kThree});
  fill(kStart, {0xF4, 0xF4, kAfterF4});
  fill(kOne, {0x80, 0xBF, kStart});
  fill(kTwo, {0x80, 0xBF, kOne});
  fill(kThree, {0x80, 0xBF, kTwo});
  fill(kAfterE0, {0xA0, 0xBF, kOne});
  fill(kAfterEd, {0x80, 0x9F, kOne});
  fill(kAfterF0, {0x90, 0xBF, kTwo});
  fill(kAfterF4, {0x80, 0x8F, kTwo});
  return table;
}

constexpr Table kTable = make_table();

// The length of the run of ASCII at the front, in whole words of 8 octets.
std::size_t ascii_words(ByteView octets) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t done = 0;
  for (; octets.size() - done >= 8; done += 8) {
    std::uint64_t word;
    std::memcpy(&word, octets.data() + done, sizeof word);
    if ((word & kHighBits) != 0) break;
  }
  return done;
}

}  // namespace

std::size_t Utf8Validator::consume(ByteView octets) noexcept {
  if (state_ == kFailed) return 0;
  std::uint8_t state = state_;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (state == kStart) {
      i += ascii_words(octets.subspan(i));
      if (i == octets.size()) break;
    }
    state = kTable[state][std::to_integer<std::size_t>(octets[i])];
    if (state == kFailed) {
      state_ = state;
      return i;
    }
  }
  state_ = state;
  return octets.size();
}

bool Utf8Validator::complete() const noexcept { return state_ == kStart; }

void Utf8Validator::reset() noexcept { state_ = kStart; }

bool is_utf8(ByteView octets) noexcept {
  Utf8Validator validator;
  return validator.consume(octets) == octets.size() && validator.complete();
}

}  // namespace ws

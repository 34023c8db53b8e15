#include <ws/rules/predictable.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include <utility>
#include <vector>

namespace ws::rules {
namespace {

__extension__ using Wide = __int128;
using Numbers = std::span<const std::uint32_t>;

constexpr std::size_t kMost = 1024;
constexpr int kPatterns = 256;  // more than there are tests below

// Whether 2^log2_of_one, once for each pattern that is tried, is less than anybody would call chance.
bool beyond_chance(double log2_of_one) {
  return log2_of_one + std::log2(double{kPatterns}) < std::log2(kChanceOfPattern);
}

Wide magnitude(Wide value) { return value < 0 ? -value : value; }

Wide common_divisor(Wide a, Wide b) {
  while (b != 0) a = std::exchange(b, a % b);
  return a;
}

// --- The whole state is seen ---------------------------------------------------------------------------------

// x' = a x + c mod m makes differences with d' = a d, so that d'' d - d' d' is a multiple of m, whatever a and c are.
// k such numbers of a random source have a common divisor of g and more with a chance of about g^(1-k).
bool is_whole_state(Numbers numbers) {
  if (numbers.size() < 5) return false;
  std::vector<Wide> differences;
  Wide step = 0;  // what all differences share says nothing about m
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    differences.push_back(Wide{numbers[i]} - Wide{numbers[i - 1]});
    step = common_divisor(step, magnitude(differences.back()));
  }
  if (step == 0) return false;
  Wide modulus = 0;
  for (std::size_t i = 2; i < differences.size(); ++i) {
    const Wide a = differences[i - 2] / step, b = differences[i - 1] / step, c = differences[i] / step;
    modulus = common_divisor(modulus, magnitude(c * a - b * b));
  }
  const auto [least, most] = std::ranges::minmax(numbers);
  const Wide range = (Wide{most} - Wide{least}) / step;
  if (modulus == 0 || modulus <= range) return false;  // 0: equal steps, which is another matter (mask_keys.h)
  const double k = static_cast<double>(numbers.size()) - 3;
  return range > 1 && beyond_chance((1 - k) * std::log2(static_cast<double>(range)));
}

// --- The upper bits of the state are seen ----------------------------------------------------------------------

struct Truncated {
  std::uint64_t multiplier;
  int state_bits;   // of the modulus, a power of two
  int hidden_bits;  // at the lower end of the state
  int seen_bits;    // above them
};

// drand48 and java.util.Random; Knuth's MMIX, which the C libraries newlib and musl use too; L'Ecuyer's; PCG's smaller.
constexpr std::array kTruncated{
    Truncated{0x5DEECE66DULL, 48, 16, 32},         Truncated{0x5DEECE66DULL, 48, 17, 31},
    Truncated{6364136223846793005ULL, 64, 32, 32}, Truncated{6364136223846793005ULL, 64, 33, 31},
    Truncated{2862933555777941757ULL, 64, 32, 32}, Truncated{3935559000370003845ULL, 64, 32, 32},
    Truncated{3202034522624059733ULL, 64, 32, 32}, Truncated{0xd1342543de82ef95ULL, 64, 32, 32},
};

// Differences D of states are D' = a D mod 2^n, whatever the increment is, and D = 2^h K + e where K is seen and
// |e| < 2^h. So (e, e') is a point of the lattice {(x, a x)} moved by a known amount, in a small square.
class TruncatedTest {
 public:
  TruncatedTest(const Truncated& generator, Numbers numbers) : g_(generator), numbers_(numbers) { reduce(); }

  [[nodiscard]] bool holds() const {
    // Four points of the square at most for each 2^(n-2h) of its area; each further difference is a test of its own.
    const auto further = static_cast<double>(numbers_.size()) - 3;
    const double log2_points = std::max(0.0, 2.0 * (g_.hidden_bits + 1) - g_.state_bits) + 2;
    if (numbers_.size() < 5 || !beyond_chance(log2_points + further * (g_.hidden_bits + 1 - g_.state_bits)))
      return false;
    if (std::ranges::any_of(numbers_, [&](std::uint32_t x) { return g_.seen_bits < 32 && x >> g_.seen_bits != 0; }))
      return false;
    // The point of the lattice that is nearest to the middle of the square, and those around it.
    const Wide target = reduced(Wide{seen_step(1)} - times(seen_step(0)));
    const long double x = 0, y = static_cast<long double>(target);
    const long double det = static_cast<long double>(u_[0]) * static_cast<long double>(v_[1]) -
                            static_cast<long double>(u_[1]) * static_cast<long double>(v_[0]);
    const auto i0 = static_cast<Wide>(
        std::llround((x * static_cast<long double>(v_[1]) - y * static_cast<long double>(v_[0])) / det));
    const auto j0 = static_cast<Wide>(
        std::llround((y * static_cast<long double>(u_[0]) - x * static_cast<long double>(u_[1])) / det));
    constexpr int kAround = 4;
    for (Wide i = i0 - kAround; i <= i0 + kAround; ++i) {
      for (Wide j = j0 - kAround; j <= j0 + kAround; ++j) {
        if (follows(i * u_[0] + j * v_[0])) return true;
      }
    }
    return false;
  }

 private:
  [[nodiscard]] Wide modulus() const { return Wide{1} << g_.state_bits; }
  [[nodiscard]] Wide reduced(Wide value) const {  // into (-m/2, m/2]
    const Wide m = modulus();
    value %= m;
    if (value < 0) value += m;
    return value > m / 2 ? value - m : value;
  }
  // a * value mod m, of a value in (-m, m).
  [[nodiscard]] Wide times(Wide value) const {
    const std::uint64_t product = static_cast<std::uint64_t>(value) * g_.multiplier;  // modulo 2^64, which m divides
    return reduced(product);
  }
  // The i-th difference as far as it is seen, in units of the state.
  [[nodiscard]] Wide seen_step(std::size_t i) const {
    return (Wide{numbers_[i + 1]} - Wide{numbers_[i]}) * (Wide{1} << g_.hidden_bits);
  }

  // All differences follow from the first one, whose hidden part is `hidden`.
  [[nodiscard]] bool follows(Wide hidden) const {
    const Wide bound = Wide{1} << g_.hidden_bits;
    Wide state = seen_step(0) + hidden;
    if (magnitude(hidden) >= bound) return false;
    for (std::size_t i = 1; i + 1 < numbers_.size(); ++i) {
      state = times(reduced(state));
      if (magnitude(reduced(state - seen_step(i))) >= bound) return false;
    }
    return true;
  }

  // A short basis of the lattice {(x, a x mod m)}, by Lagrange's algorithm.
  void reduce() {
    u_ = {1, reduced(static_cast<Wide>(g_.multiplier))};
    v_ = {0, modulus()};
    const auto square = [](const std::array<Wide, 2>& w) {
      const auto a = static_cast<long double>(w[0]), b = static_cast<long double>(w[1]);
      return a * a + b * b;
    };
    for (int round = 0; round < 256; ++round) {
      if (square(u_) > square(v_)) std::swap(u_, v_);
      const long double dot = static_cast<long double>(u_[0]) * static_cast<long double>(v_[0]) +
                              static_cast<long double>(u_[1]) * static_cast<long double>(v_[1]);
      const auto q = static_cast<Wide>(std::llround(dot / square(u_)));
      if (q == 0) return;
      v_ = {v_[0] - q * u_[0], v_[1] - q * u_[1]};
    }
  }

  const Truncated& g_;
  Numbers numbers_;
  std::array<Wide, 2> u_{}, v_{};
};

bool is_truncated(Numbers numbers) {
  // Other parts of the program may take every second number, or two of three: then the step is a power of the
  // multiplier.
  constexpr int kMostTaken = 4;
  for (Truncated generator : kTruncated) {
    const std::uint64_t one = generator.multiplier;
    for (int taken = 1; taken <= kMostTaken; ++taken, generator.multiplier *= one) {
      if (TruncatedTest(generator, numbers).holds()) return true;
    }
  }
  return false;
}

// --- Bytes of rand() ---------------------------------------------------------------------------------------------

std::vector<std::uint32_t> bytes_of(Numbers numbers, bool lowest_first) {
  std::vector<std::uint32_t> bytes;
  for (const std::uint32_t number : numbers) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(number >> (lowest_first ? 24 - shift : shift) & 0xff);
  }
  return bytes;
}

struct SmallRand {
  std::uint32_t multiplier, increment;
};

constexpr std::array<SmallRand, 5> kSmallRands{
    {{214013, 2531011}, {1103515245, 12345}, {22695477, 1}, {1664525, 1013904223}, {69069, 1}}};

// rand() of small C libraries is the part of a 32-bit state above its 16 lower bits, and a byte of it depends on 24
// bits of the state. The 16 that are hidden give the next byte as much as they carry into it, whatever the byte before
// was: of all hidden parts, sorted by that, only one in 256 can stand between two bytes that were seen.
class HiddenParts {
 public:
  explicit HiddenParts(const SmallRand& generator) : generator_(generator), sorted_(1U << 16) {
    for (std::uint32_t low = 0; low < 1U << 16; ++low) ++begins_[carried(low) + 1];
    for (std::size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
    auto next = begins_;
    for (std::uint32_t low = 0; low < 1U << 16; ++low) sorted_[next[carried(low)]++] = static_cast<std::uint16_t>(low);
  }

  // Whether some hidden part of the first state makes all bytes after the first.
  [[nodiscard]] bool make(Numbers bytes) const {
    const std::uint32_t carry = (bytes[1] - bytes[0] * generator_.multiplier) & 0xff;
    const auto possible = std::span(sorted_).subspan(begins_[carry], begins_[carry + 1] - begins_[carry]);
    return std::ranges::any_of(possible, [&](std::uint16_t low) { return follows(bytes[0] << 16 | low, bytes); });
  }

 private:
  [[nodiscard]] std::uint32_t carried(std::uint32_t low) const {
    return (low * generator_.multiplier + generator_.increment) >> 16 & 0xff;
  }

  [[nodiscard]] bool follows(std::uint32_t state, Numbers bytes) const {
    for (const std::uint32_t byte : bytes.subspan(1)) {
      state = state * generator_.multiplier + generator_.increment;
      if ((state >> 16 & 0xff) != byte) return false;
    }
    return true;
  }

  SmallRand generator_;
  std::array<std::uint32_t, 257> begins_{};  // of the hidden parts that carry 0, 1, ... 255, and their end
  std::vector<std::uint16_t> sorted_;
};

bool is_bytes_of_small_rand(Numbers bytes) {
  if (bytes.size() < 12) return false;  // 2^(16 + 3 - 88)
  static const std::vector<HiddenParts> parts(kSmallRands.begin(), kSmallRands.end());
  return std::ranges::any_of(parts, [&](const HiddenParts& each) { return each.make(bytes); });
}

// random() of the GNU C library: each number is the sum of those 3 and 31 before it; a lowest bit is not seen, so that
// the sum may be one more.
bool is_additive(Numbers numbers, int bits) {
  if (numbers.size() < 33) return false;
  const std::uint32_t mask = (1U << bits) - 1;
  const auto tests = static_cast<double>(numbers.size()) - 31;
  if (!beyond_chance(tests * (1 - bits))) return false;
  for (std::size_t i = 31; i < numbers.size(); ++i) {
    if (numbers[i] > mask || ((numbers[i] - numbers[i - 3] - numbers[i - 31]) & mask) > 1) return false;
  }
  return true;
}

// --- Linear over bits --------------------------------------------------------------------------------------------

// The length of the shortest shift register that makes the sequence (Berlekamp, Massey).
std::size_t linear_complexity(const std::vector<bool>& bits) {
  std::vector<bool> current(bits.size() + 1), before(bits.size() + 1);
  current[0] = before[0] = true;
  std::size_t length = 0, since = 1;
  for (std::size_t i = 0; i < bits.size(); ++i, ++since) {
    bool discrepancy = bits[i];
    for (std::size_t j = 1; j <= length; ++j) discrepancy = discrepancy != (current[j] && bits[i - j]);
    if (!discrepancy) continue;
    const std::vector<bool> kept = 2 * length <= i ? current : std::vector<bool>{};
    for (std::size_t j = 0; j + since < current.size(); ++j) current[j + since] = current[j + since] != before[j];
    if (kept.empty()) continue;
    length = i + 1 - length;
    before = kept;
    since = 0;
  }
  return length;
}

// n random bits have a register of n/2 - t or less with a chance of about 4^-t. One of a bit that hardly ever changes
// is short as well, and says another thing.
bool is_linear(Numbers numbers, int bit) {
  std::vector<bool> bits;
  for (const std::uint32_t number : numbers) bits.push_back((number >> bit & 1) != 0);
  const auto ones = static_cast<std::size_t>(std::ranges::count(bits, true));
  if (bits.size() < 64 || ones < bits.size() / 4 || ones > bits.size() - bits.size() / 4) return false;
  const double t = static_cast<double>(bits.size()) / 2 - static_cast<double>(linear_complexity(bits));
  return beyond_chance(2 - 2 * t);
}

std::vector<std::uint32_t> other_way_round(Numbers numbers) {
  std::vector<std::uint32_t> out;
  for (const std::uint32_t number : numbers) out.push_back(std::byteswap(number));
  return out;
}

std::optional<std::string> pattern_in(Numbers numbers) {
  if (is_whole_state(numbers) || is_truncated(numbers)) return "a linear congruential generator";
  if (is_additive(numbers, 31)) return "the C library's random()";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> pattern_of(Numbers all) {
  const Numbers numbers = all.first(std::min(all.size(), kMost));
  if (auto found = pattern_in(numbers)) return found;
  if (auto found = pattern_in(other_way_round(numbers))) return found;
  for (const bool lowest_first : {false, true}) {
    const auto bytes = bytes_of(numbers, lowest_first);
    if (is_whole_state(bytes) || is_bytes_of_small_rand(bytes)) return "a linear congruential generator, byte by byte";
    if (is_additive(bytes, 8)) return "the C library's random(), byte by byte";
  }
  for (const int bit : {0, 31}) {
    if (is_linear(numbers, bit)) return "a generator that is linear over bits, such as a shift register";
  }
  return std::nullopt;
}

}  // namespace ws::rules

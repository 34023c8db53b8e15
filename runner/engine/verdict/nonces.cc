#include "runner/engine/verdict/nonces.h"

#include <fmt/format.h>
#include <ws/core/http/base64.h>
#include <ws/rules/predictable.h>

#include <bit>
#include <cmath>

namespace touchstone {
namespace {

// The 22 characters of Base64 that say something, six bits each.
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// So many standard deviations from a half: by chance in one of 3.8e11 bits.
constexpr double kFar = 7;

}  // namespace

void Nonces::take_words(std::string_view key) {
  constexpr std::size_t kWords = 4, kMostWords = 1024;
  const std::string octets = ws::decode_base64(key);
  if (octets.size() != kWords * sizeof(std::uint32_t) || words_.size() >= kMostWords) return;
  for (std::size_t i = 0; i < octets.size(); i += 4) {
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 4; ++j) word = word << 8 | static_cast<unsigned char>(octets[i + j]);
    words_.push_back(word);
  }
}

std::optional<NonceFault> Nonces::add(std::string_view key) {
  if (keys_.size() >= kMost) return std::nullopt;
  if (!keys_.emplace(key).second) return NonceFault{true, fmt::format("the key {} a second time", key)};
  take_words(key);
  std::size_t bit = 0;
  for (const char c : key) {
    const auto value = kAlphabet.find(c);
    for (int i = 5; i >= 0 && bit < kBits && value != std::string_view::npos; --i) {
      ones_[bit++] += static_cast<std::uint32_t>(value >> i & 1);
    }
  }
  const std::size_t n = keys_.size();
  if (n < kLeast || !std::has_single_bit(n)) return std::nullopt;
  if (const auto pattern = ws::rules::pattern_of(words_))
    return NonceFault{true, fmt::format("{} keys are those of {}", n, *pattern)};
  for (std::size_t i = 0; i < kBits; ++i) {
    const double deviation = std::abs(2.0 * ones_[i] - static_cast<double>(n)) / std::sqrt(static_cast<double>(n));
    if (deviation > kFar) {
      return NonceFault{false, fmt::format("bit {} of the nonce is set in {} of {} keys", i, ones_[i], n)};
    }
  }
  return std::nullopt;
}

}  // namespace touchstone

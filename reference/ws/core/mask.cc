// mask.cc - masking eight octets at a time. RFC 6455 5.3.
#include <ws/core/mask.h>

#include <cstring>

namespace ws {

void apply_mask(std::span<std::byte> payload, MaskKey key, std::size_t phase) noexcept {
  // RFC 6455 5.3: octet i is XORed with key octet i modulo 4. In copies of the key the word begins where it has to.
  std::array<std::byte, 3 * sizeof key> copies;
  for (std::size_t at = 0; at < copies.size(); at += sizeof key)
    std::memcpy(copies.data() + at, key.data(), sizeof key);
  const std::byte* const turned = copies.data() + phase % sizeof key;
  std::uint64_t key_word;
  std::memcpy(&key_word, turned, sizeof key_word);

  std::byte* at = payload.data();
  std::size_t left = payload.size();
  // Four words at a time are one or two instructions of a vector unit.
  for (std::array<std::uint64_t, 4> words; left >= sizeof words; at += sizeof words, left -= sizeof words) {
    std::memcpy(words.data(), at, sizeof words);
    for (std::uint64_t& word : words) word ^= key_word;
    std::memcpy(at, words.data(), sizeof words);
  }
  for (; left >= sizeof key_word; at += sizeof key_word, left -= sizeof key_word) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= key_word;
    std::memcpy(at, &word, sizeof word);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] ^= turned[i];
}

}  // namespace ws

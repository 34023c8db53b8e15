// nonces.h - are the keys of a client's requests fresh and random? RFC 6455 4.1: a new 16-octet value, randomly chosen,
// for each connection.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

struct NonceFault {
  bool beyond_doubt = false;  // a key came twice, or some keys say what the others are; otherwise they are not spread
                              // as random ones are
  std::string text;           // for people
};

// The keys of all connections of one client. A true random source is blamed with these chances: for a repeat n^2/2^129
// among n keys; for its spread 128 * 2.6e-12, and for a pattern 1e-7, each time they are looked at: with 64, 128, 256,
// ... keys.
class Nonces {
 public:
  // Takes one more Sec-WebSocket-Key and tells what it shows, if anything.
  [[nodiscard]] std::optional<NonceFault> add(std::string_view key);

 private:
  void take_words(std::string_view key);

  static constexpr std::size_t kBits = 128, kLeast = 64, kMost = 1 << 20;
  std::set<std::string, std::less<>> keys_;
  std::vector<std::uint32_t> words_;  // of the first ones, four for each
  std::array<std::uint32_t, kBits> ones_{};
};

}  // namespace touchstone

// mask_key_history.h - the masking keys of one client over all of its connections: what one connection does not show.
// RFC 6455 5.3, 10.3.
#pragma once
#include <ws/rules/mask_keys.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace touchstone {

struct MaskKeysOfRun {
  ws::rules::FindingKind kind{};
  std::string text;  // for people
};

// A true random source is blamed with these chances: for two connections that begin with the same two keys n^2/2^65
// among n connections; for what mask_key_fault() looks for kErrorRate each time it is asked, which is when there are
// 64, 128, 256, ... keys; for a pattern in one of the first 64 windows of 16 keys 64 * 2^-200.
class MaskKeyHistory {
 public:
  // The key of a frame, on whatever connection it came. Clients have many at a time, and one source for all of them.
  void saw(std::uint32_t key);
  // A connection ended, with these keys: what they show beside all others. Of what shows again and again it tells the
  // first time, the second, the fourth, the eighth: not every case looks at the frames of its connection.
  [[nodiscard]] std::optional<MaskKeysOfRun> ended(std::span<const std::uint32_t> keys);

 private:
  static constexpr std::size_t kLeast = 64, kMost = 16'384, kMostConnections = 1 << 20;
  static constexpr std::size_t kWindow = 16, kMostWindows = 64;
  [[nodiscard]] std::optional<MaskKeysOfRun> seldom(ws::rules::FindingKind kind, std::string text);

  std::set<std::uint64_t> beginnings_;  // of connections, two keys each
  std::vector<std::uint32_t> keys_;     // as they came
  std::size_t looked_at_ = 0;           // of them
  std::optional<std::string> pattern_;  // of a window
  std::map<ws::rules::FindingKind, std::size_t> times_;
  std::size_t connections_ = 0;
};

}  // namespace touchstone

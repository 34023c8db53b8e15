// memory_rounds.h - does an endpoint keep something of every connection that has ended?
//
// What its processes have is looked at after each round of connections. A round that adds next to nothing shows that
// nothing is kept. A heap that is collected now and then does not grow in so many rounds one after the other, and not
// by so much.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace touchstone {

class MemoryRounds {
 public:
  explicit MemoryRounds(std::uint32_t connections_a_round) noexcept : least_(connections_a_round * kKeptOctets) {}

  void add(std::uint64_t octets) { octets_.push_back(octets); }

  // No further round would tell more.
  [[nodiscard]] bool settled() const noexcept {
    if (rounds() < 2) return false;
    return !grew() || rounds() >= kMostRounds || (rounds() >= kFewRounds && grown() > kVeryMuch) || grow_without_end();
  }
  [[nodiscard]] bool grow_without_end() const noexcept {
    if (rounds() < kFewRounds || !grew()) return false;
    return grown() > kVeryMuch || (rounds() >= kLeastRounds && grown() >= kMuch);
  }

  [[nodiscard]] std::size_t rounds() const noexcept { return octets_.size(); }
  [[nodiscard]] std::uint64_t first() const noexcept { return octets_.front(); }
  [[nodiscard]] std::uint64_t last() const noexcept { return octets_.back(); }

  static constexpr std::size_t kFewRounds = 4, kLeastRounds = 7, kMostRounds = 40;
  static constexpr std::uint64_t kKeptOctets = 8 * 1024;  // of a connection, in each round
  static constexpr std::uint64_t kMuch = 48 * 1024 * 1024, kVeryMuch = 128 * 1024 * 1024;

 private:
  // The last round added something.
  [[nodiscard]] bool grew() const noexcept { return last() >= octets_[rounds() - 2] + least_; }
  [[nodiscard]] std::uint64_t grown() const noexcept { return last() - first(); }

  std::uint64_t least_;
  std::vector<std::uint64_t> octets_;
};

}  // namespace touchstone

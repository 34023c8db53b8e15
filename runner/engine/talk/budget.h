// budget.h - how much the tester keeps of what an endpoint says in one case: one sum, which all who keep something ask.
//
// What the judge needs is taken: when there is no room the case ends, and that is a finding. What only tells the story
// is granted, and leaves half of the room to the judge. What the tester itself sends may come back, so it makes room.
#pragma once
#include <algorithm>
#include <cstddef>

namespace touchstone {

class Budget {
 public:
  // Octets, beside what comes back of what was sent. A few octets of the catalogue inflate to a message of 4 MiB.
  static constexpr std::size_t kOfACase = 5 * 1024 * 1024;
  static constexpr std::size_t kMostMore = 16 * 1024 * 1024;  // that what was sent adds
  static constexpr std::size_t kOfAWholeCase = 2 * kOfACase;  // where every octet is kept
  static constexpr std::size_t kOfAStimulus = 1024 * 1024;    // where nothing large is expected, and of a fuzzer

  explicit Budget(std::size_t octets = kOfACase) noexcept : base_(octets) {}

  // False: it is more than there is, and nothing is to be kept any more.
  [[nodiscard]] bool take(std::size_t octets) noexcept {
    spent_ = spent_ || octets > left();
    if (!spent_) used_ += octets;
    return !spent_;
  }
  [[nodiscard]] bool spent() const noexcept { return spent_; }

  // How many of so many octets may be kept.
  [[nodiscard]] std::size_t grant(std::size_t octets) noexcept {
    const std::size_t free = left() - std::min(left(), most() / 2);
    const std::size_t granted = std::min(octets, free);
    used_ += granted;
    return granted;
  }
  void give_back(std::size_t octets) noexcept { used_ -= std::min(octets, used_); }
  void sent(std::size_t octets) noexcept { more_ = std::min(more_ + octets, kMostMore); }

 private:
  [[nodiscard]] std::size_t most() const noexcept { return base_ + more_; }
  [[nodiscard]] std::size_t left() const noexcept { return most() - std::min(used_, most()); }

  std::size_t base_, more_ = 0, used_ = 0;
  bool spent_ = false;
};

}  // namespace touchstone

#include "runner/engine/doubts.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::size_t kConfirmedInARow = 25;  // so many of a sort confirmed without an exception stand for the rest

// What was broken most gravely, and whether it was a silence.
std::pair<bool, std::string> broken_rule(const Attempt& attempt) {
  const auto& findings = attempt.result.findings;
  const auto gravest = std::ranges::max_element(findings, {}, &Finding::weight);
  return {attempt.waited, gravest == findings.end() ? std::string() : gravest->requirement};
}

}  // namespace

bool Doubts::about(const Attempt& attempt) {
  const Behavior b = attempt.result.behavior;
  const bool accuses = b == Behavior::failed || b == Behavior::errored || attempt.result.hidden ||
                       (b == Behavior::non_strict && attempt.waited);
  // What costs too much ran alone; a process that has the memory already does not grow again.
  return accuses && !attempt.costly;
}

void Doubts::rare_ones_first() {
  std::map<std::pair<bool, std::string>, std::size_t> times;
  for (const Attempt& attempt : attempts_) ++times[broken_rule(attempt)];
  std::ranges::stable_sort(attempts_, {}, [&](const Attempt& attempt) { return times[broken_rule(attempt)]; });
}

bool Doubts::next_is_beyond_doubt() const {
  const auto found = confirmed_in_a_row_.find(sort_of(next()));
  return found != confirmed_in_a_row_.end() && found->second >= kConfirmedInARow;
}

Attempt Doubts::take_next() {
  Attempt first = std::move(attempts_.front());
  attempts_.pop_front();
  return first;
}

Result Doubts::settled(Attempt first, Attempt second) {
  const bool agree = second.result.behavior == first.result.behavior;
  std::size_t& in_a_row = confirmed_in_a_row_[sort_of(first)];
  in_a_row = agree ? in_a_row + 1 : 0;
  Result result = std::move(second.result);
  if (agree) return result;
  result.flaky = true;
  result.other_transcript = std::move(first.result.transcript);
  result.summary +=
      fmt::format(" (Beside other cases the verdict was {}: {})", name(first.result.behavior), first.result.summary);
  return result;
}

}  // namespace touchstone

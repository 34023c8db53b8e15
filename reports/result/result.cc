// result.cc - the names of verdicts, and the line of totals.
#include "reports/result/result.h"

#include "reports/support/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace touchstone {
namespace {

// In the order of the enumerators, which is also the order of the totals line.
constexpr std::array<std::string_view, 7> kBehaviors{
    "OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "NOT-APPLICABLE", "FAILED", "ERRORED"};
constexpr std::array<std::string_view, 6> kClosings{
    "OK", "UNCLEAN", "WRONG CODE", "FAILED BY CLIENT", "INFORMATIONAL", "FAILED"};

template <class Enum, std::size_t N>
std::optional<Enum> from(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view name(Behavior behavior) noexcept { return kBehaviors[std::to_underlying(behavior)]; }
std::string_view name(Closing closing) noexcept { return kClosings[std::to_underlying(closing)]; }

std::optional<Behavior> behavior_from(std::string_view name) noexcept { return from<Behavior>(kBehaviors, name); }
std::optional<Closing> closing_from(std::string_view name) noexcept { return from<Closing>(kClosings, name); }

std::string totals_line(const std::vector<Result>& results) {
  std::array<std::size_t, kBehaviors.size()> counts{};
  for (const Result& result : results) ++counts[std::to_underlying(result.behavior)];
  std::string line = count_of(results.size(), "case") + ":";
  for (std::size_t i = 0; i < counts.size(); ++i)
    line += fmt::format("{} {} {}", i == 0 ? "" : ",", counts[i], kBehaviors[i]);
  // Of those that are NOT-APPLICABLE: what a fault kept from being judged is no fact about the case.
  const auto hidden = std::ranges::count_if(results, &Result::hidden);
  if (hidden > 0) line += fmt::format(", {} hidden", hidden);
  return line;
}

}  // namespace touchstone

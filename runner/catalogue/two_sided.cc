#include "runner/catalogue/two_sided.h"

#include <algorithm>
#include <array>
#include <utility>

namespace touchstone {
namespace {

constexpr std::array<std::string_view, 18> kVerbs{"arrives", "stops",  "keeps",  "lacks",  "has",    "clean",
                                                  "framed",  "status", "no-101", "octets", "begins", "no-octets",
                                                  "ends",    "stays",  "resets", "once",   "fresh",  "interim"};
constexpr std::array<std::string_view, 3> kLevels{"must", "should", "may"};

}  // namespace

std::string_view name(Claim::Verb verb) noexcept { return kVerbs[std::to_underlying(verb)]; }
std::string_view name(ExpectOpening::Level level) noexcept { return kLevels[std::to_underlying(level)]; }

bool has_own_opening(const TwoSided& two_sided, std::string_view on) noexcept {
  const auto first = std::ranges::find(two_sided.steps, on, &RelayStep::on);
  return first != two_sided.steps.end() && first->as == Side::client &&
         std::holds_alternative<RelayHead>(first->action);
}

}  // namespace touchstone

#include "runner/catalogue/two_sided.h"

#include <array>
#include <utility>

namespace touchstone {
namespace {

constexpr std::array<std::string_view, 15> kVerbs{"arrives", "stops",     "keeps",  "lacks",  "has",
                                                  "clean",   "framed",    "status", "no-101", "octets",
                                                  "begins",  "no-octets", "ends",   "stays",  "resets"};
constexpr std::array<std::string_view, 3> kLevels{"must", "should", "may"};

}  // namespace

std::string_view name(Claim::Verb verb) noexcept { return kVerbs[std::to_underlying(verb)]; }
std::string_view name(ExpectOpening::Level level) noexcept { return kLevels[std::to_underlying(level)]; }

bool has_own_opening(const TwoSided& two_sided) noexcept {
  return !two_sided.steps.empty() && two_sided.steps.front().as == Side::client &&
         std::holds_alternative<RelayHead>(two_sided.steps.front().action);
}

}  // namespace touchstone

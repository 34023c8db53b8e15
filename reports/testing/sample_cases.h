// sample_cases.h - the cases of the made-up run, and how each is played when all goes well.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/report.h"
#include "reports/testing/sample_talk.h"

namespace touchstone {

struct SampleEndpoint {
  std::string_view name, url, server;
  unsigned flaws;  // one case in so many deviates; 0: none but those of deviate()
};

// Cases that are alike: ids, aliases and titles are patterns with {} for the number.
struct SampleFamily {
  std::string_view id, alias, title, expectation;
  std::vector<std::string> requirements;
  unsigned count;
  void (*play)(SampleTalk& talk, unsigned i);
};

[[nodiscard]] std::span<const SampleFamily> sample_families();

// The result of number `i` (from 1) of a family, where nothing deviates.
[[nodiscard]] Result play_sample(const SampleFamily& family, unsigned i, const SampleEndpoint& endpoint,
                                 std::uint32_t seed);

}  // namespace touchstone

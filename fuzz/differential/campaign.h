// campaign.h - looks for differences: mutates frames, keeps what shows a new cluster, and makes each one small.
#pragma once
#include "fuzz/differential/compare.h"
#include "fuzz/support/frames.h"

#include <chrono>
#include <filesystem>
#include <map>

namespace differential {

struct Finding {
  ws::Bytes frames;  // the smallest that was found
  bool deflate = false;
  std::size_t times = 0;  // inputs that showed it
};

struct Campaign {
  std::map<Difference, Finding> findings;
  std::size_t inputs = 0;
};

struct Plan {
  std::vector<std::filesystem::path> corpora;  // folders with inputs of connection_server_fuzzer
  std::chrono::seconds time{60};
  std::size_t inputs = 0;  // instead of the time, when not 0
  unsigned seed = 1;
};

// Equal plans of a number of inputs give equal campaigns.
[[nodiscard]] Campaign run(const std::vector<Library>& libraries, const Plan& plan);

// Leaves frames out, shortens payloads and makes keys zero while the difference stays.
[[nodiscard]] ws::Bytes minimised(const Library& library, const Difference& difference, ws::Bytes frames, bool deflate);

}  // namespace differential

#include "runner/proxy/relay_fuzz_run.h"

#include "runner/proxy/relay_fuzz.h"
#include "runner/proxy/two_sided_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace touchstone::proxy {
namespace {

constexpr std::size_t kAtOnce = 32;  // cases; what they find is confirmed then

// Which of the random fields was not taken out says nothing new.
std::string kind_of(const Finding& finding) {
  const std::string_view field = finding.kind.starts_with("relay-lacks") ? "" : std::string_view(finding.evidence);
  return fmt::format("{} {} {}", finding.requirement, finding.kind, field);
}

bool is_failure(const Finding& finding) { return finding.weight == Finding::Weight::violation; }

}  // namespace

class RelayFuzzRun::Watch : public RunObserver {
 public:
  Watch(RelayFuzzRun& run, const std::vector<Case>& cases) : run_(run), cases_(cases) {}

  void finished(const Result& result) override {
    ++run_.played_;
    if (result.behavior != Behavior::failed) return;
    const auto played = std::ranges::find(cases_, result.case_id, &Case::id);
    for (const Finding& finding : result.findings) {
      if (is_failure(finding) && run_.kinds_.insert(kind_of(finding)).second) run_.on_new_(*played, result, finding);
    }
  }
  bool endpoint_died(const std::vector<const Case*>&, const std::string&) override { return false; }

 private:
  RelayFuzzRun& run_;
  const std::vector<Case>& cases_;
};

bool RelayFuzzRun::is_known(const Result& result) const {
  if (result.behavior == Behavior::errored) return false;
  return std::ranges::all_of(result.findings, [this](const Finding& finding) {
    return !is_failure(finding) || kinds_.contains(kind_of(finding));
  });
}

void RelayFuzzRun::play_some(const std::atomic<bool>& over) {
  std::vector<Case> cases;
  std::vector<const Case*> pointers;
  while (cases.size() < kAtOnce) cases.push_back(random_relay_case(test_.options.seed, next_++));
  for (const Case& c : cases) pointers.push_back(&c);
  Watch watch(*this, cases);
  TwoSidedPace pace;
  pace.is_settled = [this](const Result& result) { return is_known(result); };
  pace.may_go_beside = ends_with_its_tunnel;
  pace.is_quick = true;
  (void)run_two_sided(pointers, test_, watch, over, pace);
}

}  // namespace touchstone::proxy

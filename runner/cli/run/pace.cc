#include "runner/cli/run/pace.h"

#include "runner/cli/process/interrupt.h"
#include "runner/cli/text.h"
#include "runner/engine/probe.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace touchstone::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSlow{500};  // for the answer to one Ping
constexpr std::chrono::milliseconds kBudgetOfSlow{75'000};

// Whoever takes so long for one Ping, or answers none, cannot be asked everything. Different kinds come first, so that
// most is known soon.
bool is_slow(const Greeting& greeting) { return greeting.round_trip >= kSlow || !greeting.answers_pings; }

}  // namespace

RunOptions paced(RunOptions run, const Endpoint& endpoint, const TestOptions& told,
                 const std::function<void(const std::string&)>& say) {
  run.endpoint = endpoint.profile;
  run.spent = endpoint.spent;
  if (told.budget.empty() && is_slow(endpoint.greeting))
    run.budget = std::min<std::chrono::milliseconds>(run.budget, endpoint.spent + kBudgetOfSlow);
  if (run.budget.count() > 0) say(fmt::format("at most {} (--budget)", format_duration(run.budget)));
  // Who says how many at a time, or what the server does, has no need of an answer.
  if (run.jobs != 0 || !told.endpoint_profile.empty()) return run;
  const Clock::time_point begun = Clock::now();
  const auto over = [&] {
    return interrupted().load() || (run.budget.count() > 0 && Clock::now() >= begun + (run.budget - run.spent));
  };
  const unsigned most = connections_at_a_time(endpoint.target, endpoint.greeting, over);
  const bool cut_short = over();  // then it shows nothing
  run.spent += std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - begun);
  if (most >= kAtATimeAsked || cut_short) return run;
  // RFC 6455 10.4: a server that keeps few connections at a time is asked on one fewer: one may not be gone yet when
  // the next comes. Cases that open several run alone.
  run.jobs = std::max(1U, most - 1);
  run.endpoint.most_connections = most;
  say(fmt::format("{}: it keeps {} at a time, so it is tested on {}", endpoint.target.name,
                  count_of(most, "connection"), run.jobs));
  return run;
}

}  // namespace touchstone::cli

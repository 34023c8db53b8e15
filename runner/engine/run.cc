#include "runner/engine/run.h"

#include "runner/engine/attempt.h"
#include "runner/engine/confirmation.h"
#include "runner/engine/pending.h"
#include "runner/engine/plan.h"
#include "runner/engine/schedule.h"
#include "runner/engine/survival.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace touchstone {
namespace {

constexpr double kShareOfCases = 0.7;  // of the time; the rest is for those that are in doubt

// What an endpoint does beyond its limits is one fault, and the first case that is beyond them says it.
void report_skipped(const std::vector<Plan::Skipped>& skipped, const Attempts& attempts, RunObserver& observer) {
  bool said_without_close = false;
  for (const auto& [c, why, without_close] : skipped) {
    observer.started(c);
    const bool first = without_close && !std::exchange(said_without_close, true);
    observer.finished(first ? attempts.without_close(c, why) : attempts.not_applicable(c, why));
  }
}

}  // namespace

RunOutcome run(const std::vector<const Case*>& cases, const Target& target, const Greeting& greeting,
               const RunOptions& options, RunObserver& observer, const std::atomic<bool>& stop) {
  using Clock = std::chrono::steady_clock;
  using std::chrono::duration_cast;
  Attempts attempts(target, greeting, options, observer);
  Survival survival(attempts, observer);
  Pending pending(observer, options.confirm);
  Plan plan = plan_of(cases, options, greeting.over_http2);
  report_skipped(std::exchange(plan.skipped, {}), attempts, observer);

  asio::io_context context{1};
  Schedule schedule(context, attempts, survival, pending);
  const auto left = std::max(options.budget - options.spent, std::chrono::milliseconds(0));
  if (options.budget.count() > 0)
    schedule.leave_time_from(Clock::now() + duration_cast<Clock::duration>(kShareOfCases * left));
  const auto all = [&]() -> asio::awaitable<void> {
    for (Plan::Pass& pass : plan.passes) co_await schedule.run(std::move(pass));
    const unsigned jobs = options.jobs == 0 ? kDefaultJobs : options.jobs;
    co_await confirm(pending, attempts, survival, observer, jobs);
    if (schedule.left_out() > 0 && !survival.over()) survival.out_of_time(options.budget);
    context.stop();
  };
  const auto watch_time = [&]() -> asio::awaitable<void> {
    asio::steady_timer timer(context, left);
    co_await timer.async_wait(asio::use_awaitable);
    survival.out_of_time(options.budget);
    pending.report_all();
    context.stop();
  };
  const auto watch_stop = [&]() -> asio::awaitable<void> {
    co_await until_set(stop);
    survival.interrupt();
    pending.report_all();
    context.stop();
  };
  asio::co_spawn(context, all(), rethrown);
  asio::co_spawn(context, watch_stop(), rethrown);
  if (options.budget.count() > 0) asio::co_spawn(context, watch_time(), rethrown);
  try {
    context.run();
  } catch (const std::bad_alloc&) {  // not even for what stands around the cases
    survival.refused("no memory left");
    survival.run_short();
    pending.report_all();
  }
  return survival.outcome();
}

}  // namespace touchstone

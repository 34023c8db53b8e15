#include "runner/engine/run.h"

#include "runner/engine/attempt.h"
#include "runner/engine/doubts.h"
#include "runner/engine/until_set.h"
#include "runner/engine/verdict/describe_expect.h"
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/oracle.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <map>

namespace touchstone {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kBulkShare = 4;  // bulk cases fill the machine by themselves: fewer at a time
constexpr int kMostRefusals = 3;    // connections refused to one case by an endpoint that is alive

}  // namespace

Result make_result(const Case& c, const std::string& agent, Observation o, const Verdict& verdict) {
  Result r;
  r.case_id = c.id;
  r.aliases = c.aliases;
  r.title = c.title;
  r.agent = agent;
  r.behavior = verdict.behavior;
  r.closing = verdict.closing;
  r.requirements = c.requirements;
  r.bugs = bugs_in_words(c);
  r.expectation = describe(c);
  r.summary = verdict.summary;
  r.findings = verdict.findings;
  r.hidden = verdict.hidden;
  if (o.close && *o.close) {
    r.remote_close_code = (*o.close)->code;
    r.remote_close_reason = (*o.close)->text;
  }
  r.local_close_code = o.local_close_code;
  const auto first = [&](Seen::Kind kind) { return std::ranges::find(o.seen, kind, &Seen::kind); };
  r.closed_by_peer_first =
      o.close && !o.sent_close_in_steps && first(Seen::Kind::close) < first(Seen::Kind::tester_close);
  r.dropped_by_peer = (o.eof || o.reset) && !o.ended_after_half_close;
  r.clean = o.close.has_value() && (o.eof || o.reset);
  r.transcript = std::move(o.transcript);
  return r;
}

namespace {

bool measures(const std::vector<Step>& steps) {
  bool found = false;
  each_step(steps, [&](const Step& step) { found = found || std::holds_alternative<step::Alive>(step.action); });
  return found;
}

class Runner {
 public:
  Runner(const Target& target, const Greeting& greeting, const RunOptions& options, RunObserver& observer,
         const std::atomic<bool>& stop)
      : options_(options), observer_(observer), stop_(stop), attempts_(target, greeting, options) {}

  RunOutcome run(const std::vector<const Case*>& cases) {
    for (const Case* c : cases) {
      const Case whole = with_expectation(scaled(*c, options_.profile), options_.seed);
      if (auto fitting = adapted(whole, options_.endpoint)) {
        expanded_.push_back(std::move(*fitting));
      } else {
        const auto beyond = beyond_limit(whole, options_.endpoint);
        tell_not_applicable(whole, fitting.error(), beyond && beyond->limit == options_.endpoint.without_close);
      }
    }
    asio::co_spawn(context_, all(), asio::detached);
    asio::co_spawn(context_, watch_stop(), asio::detached);
    context_.run();
    return outcome_;
  }

 private:
  // --- The plan ----------------------------------------------------------------------------------------

  asio::awaitable<void> all() {
    std::deque<const Case*> plain, bulk, measured;
    for (const Case& c : expanded_) {
      const bool alone = options_.process != 0 && measures(c.steps);  // what it costs must be its own doing
      (alone ? measured : c.bulk ? bulk : plain).push_back(&c);
    }
    const unsigned jobs = options_.jobs == 0 ? kDefaultJobs : options_.jobs;
    co_await pass(std::move(plain), jobs);
    co_await pass(std::move(bulk), std::max(1u, jobs / kBulkShare));
    co_await pass(std::move(measured), 1);
    co_await confirm();
    context_.stop();
  }

  // What an endpoint does beyond its limits is one fault, and the first case that is beyond them says it.
  void tell_not_applicable(const Case& c, const std::string& why, bool without_close) {
    observer_.started(c);
    const bool first = without_close && !std::exchange(said_without_close_, true);
    observer_.finished(first ? attempts_.without_close(c, why) : attempts_.not_applicable(c, why));
  }

  asio::awaitable<void> watch_stop() {
    co_await until_set(stop_);
    outcome_ = {RunOutcome::How::interrupted, "interrupted"};
    // What waited for a second look is known all the same.
    for (const Attempt& attempt : abrupt_) observer_.finished(attempt.result);
    for (const Attempt& attempt : doubts_.all()) observer_.finished(attempt.result);
    context_.stop();
  }

  // Runs the cases of `queue`, `jobs` at a time; gets over the death of the endpoint as often as it is revived.
  asio::awaitable<void> pass(std::deque<const Case*> queue, unsigned jobs) {
    queue_ = std::move(queue);
    while (!queue_.empty() && !lost()) {
      refused_ = false;
      running_ = 0;
      const auto workers = std::min<std::size_t>(jobs, queue_.size());
      for (std::size_t i = 0; i < workers; ++i) {
        ++running_;
        asio::co_spawn(context_, work(), asio::detached);
      }
      while (running_ > 0) co_await sleep_until_changed();
      if (refused_) {
        jobs = std::max(1u, jobs / 2);
        co_await look_after_the_endpoint();
      }
    }
    if (!lost()) co_await release_abrupt();
  }

  asio::awaitable<void> work() {
    while (!queue_.empty() && !refused_) {
      const Case* c = queue_.front();
      queue_.pop_front();
      Attempt made = co_await run_one(*c);
      if (made.no_connection) {
        refused_ = true;
        why_refused_ = made.why;
        refusals_.push_back(std::move(made));
      } else {
        sort(std::move(made));
      }
    }
    --running_;
    changed_.cancel();
  }

  // A result that may be the trace of a death waits until the endpoint is known to be alive.
  void sort(Attempt attempt) {
    if (attempt.abrupt) {
      abrupt_.push_back(std::move(attempt));
      return;
    }
    settle(std::move(attempt));
  }

  void settle(Attempt attempt) {
    if (options_.confirm && Doubts::about(attempt)) {
      doubts_.add(std::move(attempt));
    } else {
      observer_.finished(attempt.result);
    }
  }

  // --- Death --------------------------------------------------------------------------------------------

  [[nodiscard]] bool lost() const { return outcome_.how != RunOutcome::How::complete; }

  asio::awaitable<void> release_abrupt() {
    if (abrupt_.empty()) co_return;
    if (co_await alive()) {
      for (Attempt& attempt : std::exchange(abrupt_, {})) settle(std::move(attempt));
    } else {
      co_await look_after_the_endpoint();
    }
  }

  asio::awaitable<bool> alive() {
    const auto answered = co_await attempts_.knock();
    if (!answered) why_refused_ = answered.error();
    co_return answered.has_value();
  }

  // Connections were refused. A live endpoint was only too busy: its cases go back into the queue. A dead one is
  // revived by the observer, and the cases that may have killed it run again one by one.
  asio::awaitable<void> look_after_the_endpoint() {
    const bool is_alive = co_await alive();
    for (Attempt& attempt : std::exchange(refusals_, {})) {
      if (is_alive && ++refusal_count_[attempt.c] >= kMostRefusals) {
        settle(std::move(attempt));
      } else {
        queue_.push_front(attempt.c);
      }
    }
    if (is_alive) {
      for (Attempt& attempt : std::exchange(abrupt_, {})) settle(std::move(attempt));
      co_return;
    }
    std::vector<Attempt> suspects = std::exchange(abrupt_, {});
    if (revive(suspects)) co_await interrogate(std::move(suspects));
  }

  bool revive(std::vector<Attempt>& suspects) {
    std::vector<const Case*> names;
    for (const Attempt& attempt : suspects) names.push_back(attempt.c);
    if (observer_.endpoint_died(names, why_refused_)) return true;
    std::string at = "between two cases";
    if (names.size() == 1) at = "at " + names.front()->id;
    if (names.size() > 1) {
      at = "during one of";
      for (const Case* c : names) at += " " + c->id;
    }
    outcome_ = {RunOutcome::How::endpoint_died, fmt::format("the endpoint died {} ({})", at, why_refused_)};
    for (Attempt& attempt : suspects) {
      if (suspects.size() > 1) excuse(attempt.result, at);
      observer_.finished(attempt.result);
    }
    return false;
  }

  // One of several killed it: which one, nobody can say without the endpoint, so none of them is accused.
  static void excuse(Result& result, const std::string& at) {
    result.behavior = Behavior::errored;
    result.closing = Closing::failed;
    result.hidden = false;
    result.findings.clear();
    result.summary = fmt::format("The endpoint died while this ran: it died {}.", at);
  }

  asio::awaitable<void> interrogate(std::vector<Attempt> suspects) {
    for (Attempt& suspect : suspects) {
      if (lost()) co_return;
      Attempt again = co_await run_one(*suspect.c);
      if (!again.no_connection && co_await alive()) {
        settle(std::move(again));
        continue;
      }
      if (again.no_connection) again.result.transcript = suspect.result.transcript;
      blame(again.result, *suspect.c);
      observer_.finished(again.result);
      report_death_at(*suspect.c);
    }
  }

  void report_death_at(const Case& c) {
    const std::vector<const Case*> killer{&c};
    if (observer_.endpoint_died(killer, why_refused_)) return;
    outcome_ = {RunOutcome::How::endpoint_died, fmt::format("the endpoint died at {} ({})", c.id, why_refused_)};
  }

  void report_death_between() {
    if (observer_.endpoint_died({}, why_refused_)) return;
    outcome_ = {RunOutcome::How::endpoint_died, fmt::format("the endpoint died between two cases ({})", why_refused_)};
  }

  static void blame(Result& result, const Case& c) {
    result.behavior = Behavior::failed;
    result.closing = Closing::failed;
    result.summary = "The endpoint died: it ran alone when this case ended it.";
    result.findings.insert(result.findings.begin(),
                           {Finding::Weight::violation, c.requirements.empty() ? std::string() : c.requirements.front(),
                            "an endpoint that lives on", "the endpoint no longer accepts connections"});
  }

  // --- Confirmation ---------------------------------------------------------------------------------------

  asio::awaitable<void> confirm() {
    doubts_.rare_ones_first();
    while (!doubts_.empty()) {
      if (lost() || doubts_.next_is_beyond_doubt()) {
        observer_.finished(doubts_.take_next().result);
        continue;
      }
      Attempt second = co_await run_one(*doubts_.next().c, /*keep_whole=*/true);
      Attempt first = doubts_.take_next();  // only now: an interruption meanwhile reports it as it is
      if (second.no_connection) {
        // It was gone before this case began: an earlier one is to blame.
        observer_.finished(first.result);
        if (!co_await alive()) report_death_between();
        continue;
      }
      if (second.abrupt && !co_await alive()) {
        blame(second.result, *second.c);
        observer_.finished(second.result);
        report_death_at(*second.c);
        continue;
      }
      observer_.finished(doubts_.settled(std::move(first), std::move(second)));
    }
  }

  asio::awaitable<Attempt> run_one(const Case& c, bool keep_whole = false) {
    observer_.started(c);
    co_return co_await attempts_.run(c, keep_whole);
  }

  asio::awaitable<void> sleep_until_changed() {
    changed_.expires_at(Clock::time_point::max());
    std::error_code ignored;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  const RunOptions& options_;
  RunObserver& observer_;
  const std::atomic<bool>& stop_;
  RunOutcome outcome_;
  Attempts attempts_;
  std::deque<Case> expanded_;
  asio::io_context context_{1};
  asio::steady_timer changed_{context_};
  std::deque<const Case*> queue_;
  std::vector<Attempt> refusals_, abrupt_;
  Doubts doubts_;
  std::map<const Case*, int> refusal_count_;
  std::string why_refused_;
  std::size_t running_ = 0;
  bool refused_ = false;
  bool said_without_close_ = false;
};

}  // namespace

RunOutcome run(const std::vector<const Case*>& cases, const Target& target, const Greeting& greeting,
               const RunOptions& options, RunObserver& observer, const std::atomic<bool>& stop) {
  return Runner(target, greeting, options, observer, stop).run(cases);
}

}  // namespace touchstone

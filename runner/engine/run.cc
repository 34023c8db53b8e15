#include "runner/engine/run.h"

#include "runner/engine/talk/session.h"
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
#include <set>

namespace touchstone {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kBulkShare = 4;            // bulk cases fill the machine by themselves: fewer at a time
constexpr int kMostRefusals = 3;              // connections refused to one case by an endpoint that is alive
constexpr std::size_t kConfirmedInARow = 25;  // so many of a sort confirmed without an exception stand for the rest
constexpr std::chrono::milliseconds kLeastTimeout{5000};
constexpr int kBulkPatience = 4;  // bulk cases keep an endpoint busy, also for the cases beside them

// One run of one case, before it is known whether the endpoint lived through it.
struct Attempt {
  const Case* c = nullptr;
  Result result;
  bool no_connection = false;
  bool abrupt = false;  // the stream ended without a Close: a sign of death, or of a lax endpoint
  bool waited = false;  // a time-out was part of it, or no answer to the opening handshake came
  bool costly = false;  // the endpoint's process took more memory or CPU time than it may, or cannot be reached anew
  std::string why;      // with no_connection
};

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
  return std::ranges::any_of(steps, [](const Step& step) { return std::holds_alternative<step::Alive>(step.action); });
}

class Runner {
 public:
  Runner(const Target& target, const Greeting& greeting, const RunOptions& options, RunObserver& observer,
         const std::atomic<bool>& stop)
      : target_(target), greeting_(greeting), options_(options), observer_(observer), stop_(stop) {}

  RunOutcome run(const std::vector<const Case*>& cases) {
    for (const Case* c : cases) {
      const Case whole = with_expectation(scaled(*c, options_.profile), options_.seed);
      if (auto fitting = adapted(whole, options_.peer)) {
        expanded_.push_back(std::move(*fitting));
      } else {
        tell_not_applicable(whole, fitting.error());
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

  void tell_not_applicable(const Case& c, const std::string& why) {
    observer_.started(c);
    Verdict verdict;
    verdict.behavior = Behavior::not_applicable;
    verdict.summary = fmt::format("Not applicable: {}.", why);
    Result result = make_result(c, target_.agent, {}, verdict);
    result.replay = replay_command(c, target_, options_);
    result.started = std::chrono::system_clock::now();
    observer_.finished(result);
  }

  asio::awaitable<void> watch_stop() {
    co_await until_set(stop_);
    outcome_ = {RunOutcome::How::interrupted, "interrupted"};
    // What waited for a second look is known all the same.
    for (const Attempt& attempt : abrupt_) observer_.finished(attempt.result);
    for (const Attempt& attempt : to_confirm_) observer_.finished(attempt.result);
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
      in_flight_.insert(c);
      Attempt attempt = co_await attempt_case(*c);
      in_flight_.erase(c);
      if (attempt.no_connection) {
        refused_ = true;
        why_refused_ = attempt.why;
        refusals_.push_back(std::move(attempt));
      } else {
        sort(std::move(attempt));
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
    const Behavior b = attempt.result.behavior;
    const bool doubtful = b == Behavior::failed || b == Behavior::errored || attempt.result.hidden ||
                          (b == Behavior::non_strict && attempt.waited);
    // What costs too much ran alone; a process that has the memory already does not grow again.
    if (options_.confirm && doubtful && !attempt.costly) {
      to_confirm_.push_back(std::move(attempt));
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

  // An opening handshake, not only a TCP connection: the kernel accepts those for a dying process too.
  asio::awaitable<bool> alive() {
    Case knock;
    knock.expect = Expect{};
    const auto observed = co_await observe(knock, target_, session_options(knock.bulk), cache_);
    if (!observed) why_refused_ = observed.error().text;
    if (observed && !observed->response) why_refused_ = observed->handshake_failure;
    co_return observed && observed->response;
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
    for (Attempt& attempt : suspects) observer_.finished(attempt.result);
    return false;
  }

  asio::awaitable<void> interrogate(std::vector<Attempt> suspects) {
    for (Attempt& suspect : suspects) {
      if (lost()) co_return;
      Attempt again = co_await attempt_case(*suspect.c);
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

  static void blame(Result& result, const Case& c) {
    result.behavior = Behavior::failed;
    result.closing = Closing::failed;
    result.summary = "The endpoint died: it ran alone when this case ended it.";
    result.findings.insert(result.findings.begin(),
                           {Finding::Weight::violation, c.requirements.empty() ? std::string() : c.requirements.front(),
                            "an endpoint that lives on", "the endpoint no longer accepts connections"});
  }

  // --- Confirmation ---------------------------------------------------------------------------------------

  // A failure under load is run again alone before anyone is accused. Octets that came stand for other octets, but not
  // for a silence: there a busy machine, or an endpoint that another case kept busy, may have had its part.
  asio::awaitable<void> confirm() {
    rare_ones_first();
    std::map<std::pair<Behavior, bool>, std::size_t> confirmed;
    while (!to_confirm_.empty()) {
      std::size_t& in_a_row = confirmed[{to_confirm_.front().result.behavior, to_confirm_.front().waited}];
      if (lost() || in_a_row >= kConfirmedInARow) {
        observer_.finished(to_confirm_.front().result);
        to_confirm_.pop_front();
        continue;
      }
      Attempt second = co_await attempt_case(*to_confirm_.front().c, /*keep_whole=*/true);
      Attempt first = std::move(to_confirm_.front());  // only now: an interruption meanwhile reports it as it is
      to_confirm_.pop_front();
      if (second.no_connection) {
        observer_.finished(first.result);
        if (!co_await alive()) report_death_at(*first.c);
        continue;
      }
      const bool agree = second.result.behavior == first.result.behavior;
      in_a_row = agree ? in_a_row + 1 : 0;
      if (!agree) {
        second.result.flaky = true;
        second.result.other_transcript = std::move(first.result.transcript);
        second.result.summary += fmt::format(" (Beside other cases the verdict was {}: {})",
                                             name(first.result.behavior), first.result.summary);
      }
      observer_.finished(second.result);
    }
  }

  // What an endpoint does to many cases it does by itself; what befell a few may have been an accident.
  void rare_ones_first() {
    const auto rule = [](const Attempt& attempt) {
      const auto& findings = attempt.result.findings;
      const auto gravest = std::ranges::max_element(findings, {}, &Finding::weight);
      return std::pair(attempt.waited, gravest == findings.end() ? std::string() : gravest->requirement);
    };
    std::map<std::pair<bool, std::string>, std::size_t> times;
    for (const Attempt& attempt : to_confirm_) ++times[rule(attempt)];
    std::ranges::stable_sort(to_confirm_, {}, [&](const Attempt& attempt) { return times[rule(attempt)]; });
  }

  // --- One case -------------------------------------------------------------------------------------------

  [[nodiscard]] std::chrono::milliseconds timeout() const {
    if (options_.timeout.count() > 0) return options_.timeout;
    return std::max(kLeastTimeout, std::chrono::duration_cast<std::chrono::milliseconds>(50 * greeting_.round_trip));
  }

  [[nodiscard]] SessionOptions session_options(bool bulk, bool keep_whole = false) const {
    SessionOptions session;
    session.timeout = bulk && options_.timeout.count() == 0 ? kBulkPatience * timeout() : timeout();
    session.round_trip = greeting_.round_trip;
    session.seed = options_.seed;
    session.keep_whole = keep_whole;
    session.process = options_.process;
    return session;
  }

  asio::awaitable<Attempt> attempt_case(const Case& c, bool keep_whole = false) {
    observer_.started(c);
    const auto wall = std::chrono::system_clock::now();
    const auto start = Clock::now();
    const SessionOptions session = session_options(c.bulk, keep_whole);
    auto observed = co_await observe(c, target_, session, cache_);
    Attempt attempt;
    attempt.c = &c;
    if (!observed) {
      attempt.no_connection = true;
      attempt.why = observed.error().text;
      Observation nothing;
      nothing.handshake_failure = attempt.why;
      attempt.result = make_result(c, target_.agent, std::move(nothing), judge(c, nothing, options_.seed));
    } else {
      const bool ended = observed->eof || observed->reset || !observed->handshake_failure.empty();
      attempt.costly = options_.process != 0 && !observed->harm.empty();
      attempt.abrupt = (ended && !observed->close) || !observed->harm.empty();
      attempt.waited = (!observed->response && !observed->handshake_failure.empty()) ||
                       std::ranges::find(observed->seen, Seen::Kind::silent, &Seen::kind) != observed->seen.end();
      const Verdict verdict = judge(c, *observed, options_.seed);
      attempt.result = make_result(c, target_.agent, std::move(*observed), verdict);
    }
    attempt.result.replay = replay_command(c, target_, options_);
    attempt.result.started = wall;
    attempt.result.duration_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    co_return attempt;
  }

  asio::awaitable<void> sleep_until_changed() {
    changed_.expires_at(Clock::time_point::max());
    std::error_code ignored;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  const Target& target_;
  const Greeting& greeting_;
  const RunOptions& options_;
  RunObserver& observer_;
  const std::atomic<bool>& stop_;
  RunOutcome outcome_;
  DeflateCache cache_;
  std::deque<Case> expanded_;
  asio::io_context context_{1};
  asio::steady_timer changed_{context_};
  std::deque<const Case*> queue_;
  std::set<const Case*> in_flight_;
  std::vector<Attempt> refusals_, abrupt_;
  std::deque<Attempt> to_confirm_;
  std::map<const Case*, int> refusal_count_;
  std::string why_refused_;
  std::size_t running_ = 0;
  bool refused_ = false;
};

}  // namespace

RunOutcome run(const std::vector<const Case*>& cases, const Target& target, const Greeting& greeting,
               const RunOptions& options, RunObserver& observer, const std::atomic<bool>& stop) {
  return Runner(target, greeting, options, observer, stop).run(cases);
}

}  // namespace touchstone

#include "runner/proxy/two_sided_run.h"

#include "runner/catalogue/two_sided.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"
#include "runner/proxy/conversation.h"
#include "runner/proxy/front.h"
#include "runner/proxy/relay_judge.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>

#include <algorithm>
#include <array>
#include <random>

namespace touchstone::proxy {
namespace {

constexpr unsigned kRelayJobs = 8;
constexpr int kQuick = 4;  // the share of the patience that a quick try has
constexpr int kTries = 3;  // of a verdict that is no OK: what changes with the weather is not the intermediary's

bool is_clean(const Result& result) {
  return result.behavior != Behavior::failed && result.behavior != Behavior::errored &&
         result.behavior != Behavior::non_strict;
}

// What arrived where it must not came from somewhere, whatever became of the next try.
bool is_proof(const Result& result) {
  constexpr std::array<std::string_view, 5> kKinds = {"relay-lacks-client", "relay-no-octets-client",
                                                      "relay-no-octets-server", "relay-no-101-client",
                                                      "relay-stops-server"};
  return result.behavior == Behavior::failed && !result.findings.empty() &&
         std::ranges::find(kKinds, result.findings.front().kind) != kKinds.end();
}

class TwoSidedRun {
 public:
  TwoSidedRun(const std::vector<const Case*>& cases, const UnderTest& test, RunObserver& observer, TwoSidedPace pace)
      : test_(test), observer_(observer), pace_(std::move(pace)), patience_(patience_of(test)) {
    for (const Case* c : cases) {
      if (auto why = not_over_this_front(*c, test.greeting.over_http2)) {
        skipped_.emplace_back(c, std::move(*why));
      } else {
        (goes_beside(*c) ? beside_ : alone_).push_back(c);
      }
    }
  }

  asio::awaitable<void> all() {
    for (const auto& [c, why] : skipped_) {
      observer_.started(*c);
      observer_.finished(not_asked(*c, test_.front.name, why));
    }
    // A connection that was not switched may carry anybody's next request, so those cases go one by one.
    co_await play(beside_, test_.options.jobs == 0 ? kRelayJobs : test_.options.jobs);
    co_await play(alone_, 1);
    for (Result& doubtful : doubtful_) {
      co_await confirm(std::move(doubtful));
    }
    finished_ = true;
    test_.back.context().stop();
  }

  [[nodiscard]] bool finished() const noexcept { return finished_; }

 private:
  bool goes_beside(const Case& c) const {
    return pace_.may_go_beside ? pace_.may_go_beside(c) : !has_own_opening(*c.two_sided);
  }

  bool is_settled(const Result& result) const {
    return is_clean(result) || (pace_.is_settled && pace_.is_settled(result));
  }

  asio::awaitable<void> play(const std::vector<const Case*>& cases, unsigned jobs) {
    next_ = 0;
    working_ = jobs;
    for (unsigned i = 0; i < jobs; ++i) asio::co_spawn(test_.back.context(), work(cases), rethrown);
    while (working_ > 0) (void)co_await idle_.wait();
  }

  asio::awaitable<void> work(const std::vector<const Case*>& cases) {
    while (next_ < cases.size()) {
      const Case& c = *cases[next_++];
      observer_.started(c);
      Result result = co_await one(c, pace_.is_quick ? patience_ / kQuick : patience_);
      if (is_settled(result)) {
        observer_.finished(result);
      } else {
        doubtful_.push_back(std::move(result));
      }
    }
    --working_;
    idle_.notify_all();
  }

  ConversationOptions talk(std::chrono::milliseconds patience) {
    ConversationOptions talk;
    talk.patience = patience;
    talk.seed = test_.options.seed;
    talk.nature = test_.nature;
    talk.token = fmt::format("ts{:x}-{}", run_, ++count_);
    return talk;
  }

  asio::awaitable<Result> one(const Case& c, std::chrono::milliseconds patience) {
    const auto wall = std::chrono::system_clock::now();
    const auto start = std::chrono::steady_clock::now();
    Relayed seen = co_await converse(c, test_.front, test_.back, talk(patience));
    seen.nature = test_.nature;
    Result result = judge_relayed(c, test_.front.name, std::move(seen));
    result.started = wall;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    result.duration_ms = took.count();
    co_return result;
  }

  // The best of a few tries alone: who can do it right is not accused for a moment of haste.
  asio::awaitable<void> confirm(Result first) {
    if (is_settled(first)) {  // by another that was confirmed meanwhile
      observer_.finished(first);
      co_return;
    }
    const auto has_id = [&](const Case* c) { return c->id == first.case_id; };
    auto found = std::ranges::find_if(alone_, has_id);
    if (found == alone_.end()) found = std::ranges::find_if(beside_, has_id);
    for (int i = 1; test_.options.confirm && i < kTries; ++i) {
      Result again = co_await one(**found, patience_);
      if (again.behavior == first.behavior) continue;
      if (is_proof(first)) {
        first.flaky = true;
        first.summary = fmt::format("{} (once it was {})", first.summary, name(again.behavior));
        break;
      }
      again.flaky = true;
      again.other_transcript = std::move(first.transcript);
      again.summary = fmt::format("{} (once it was {}: {})", again.summary, name(first.behavior), first.summary);
      observer_.finished(again);
      co_return;
    }
    observer_.finished(first);
  }

  std::vector<const Case*> alone_, beside_;
  std::vector<std::pair<const Case*, std::string>> skipped_;
  const UnderTest& test_;
  RunObserver& observer_;
  TwoSidedPace pace_;
  std::chrono::milliseconds patience_;
  std::uint32_t run_ = std::random_device{}();
  std::size_t next_ = 0, count_ = 0;
  unsigned working_ = 0;
  bool finished_ = false;
  std::vector<Result> doubtful_;
  ws::io::Signal idle_;
};

}  // namespace

RunOutcome run_two_sided(const std::vector<const Case*>& cases, const UnderTest& test, RunObserver& observer,
                         const std::atomic<bool>& stop, TwoSidedPace pace) {
  TwoSidedRun run(cases, test, observer, std::move(pace));
  const auto watch = [&]() -> asio::awaitable<void> {
    co_await until_set(stop);
    test.back.context().stop();
  };
  test.back.context().restart();
  asio::co_spawn(test.back.context(), run.all(), rethrown);
  asio::co_spawn(test.back.context(), watch(), rethrown);
  test.back.context().run();
  if (run.finished()) return {};
  return {RunOutcome::How::interrupted, "interrupted"};
}

}  // namespace touchstone::proxy

#include "runner/engine/survival.h"

#include "runner/engine/verdict/weigh.h"

#include <fmt/format.h>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

namespace touchstone {
namespace {

constexpr std::chrono::milliseconds kBetweenKnocks{100};
constexpr int kMostKnocks = 5;
constexpr std::chrono::milliseconds kMoment{3}, kDying{100};

// Which of several killed it is not known, so none of them is accused.
void excuse(Result& result, const std::string& at) {
  result.behavior = Behavior::errored;
  result.closing = Closing::failed;
  result.hidden = false;
  result.findings.clear();
  result.summary = fmt::format("The endpoint died while this ran: it died {}.", at);
}

// What else was seen of it, as an end without a Close, came of its death.
void blame(Result& result, Death death) {
  result.behavior = Behavior::failed;
  result.closing = Closing::failed;
  result.hidden = false;
  const Facts facts{.what = std::move(death.signature),
                    .instead = death.text.empty() ? "it no longer accepts connections" : std::move(death.text)};
  result.findings = {make_finding(FindingKind::endpoint_died, facts,
                                  ws::rules::requirement_of(FindingKind::endpoint_died, facts, ws::Role::server))};
  result.summary = fmt::format("The endpoint died of this case alone: {}.", facts.instead);
}

std::string place(const std::vector<const Case*>& suspects) {
  if (suspects.empty()) return "between two cases";
  if (suspects.size() == 1) return "at " + suspects.front()->id;
  std::string at = "during one of";
  for (const Case* c : suspects) at += " " + c->id;
  return at;
}

}  // namespace

void Survival::out_of_time(std::chrono::milliseconds budget) {
  outcome_ = {RunOutcome::How::out_of_time, fmt::format("the time for this run is over ({:.3g} s, --budget)",
                                                        std::chrono::duration<double>(budget).count())};
}

void Survival::run_short() {
  outcome_ = {
      RunOutcome::How::own_shortage,
      fmt::format("this machine has no room for another connection ({}): raise the limit (ulimit -n, ulimit -v) or "
                  "lower --jobs",
                  why_)};
}

asio::awaitable<bool> Survival::alive() {
  auto answered = co_await attempts_.knock();
  // Let in, and then reset or left without an answer: by a server that turns connections away, or by the kernel for a
  // process that is dying. Of that one the listener is gone in a moment, also when a supervisor starts it again.
  asio::steady_timer pause(co_await asio::this_coro::executor);
  const auto turned_away = [&] { return !answered && answered.error().let_in; };
  for (const auto until = std::chrono::steady_clock::now() + kDying;
       turned_away() && std::chrono::steady_clock::now() < until; answered = co_await attempts_.knock()) {
    pause.expires_after(kMoment);
    co_await pause.async_wait(asio::use_awaitable);
  }
  for (int i = 0; i < kMostKnocks && turned_away(); ++i) {
    co_await attempts_.leave_alone();
    answered = co_await attempts_.knock();
  }
  if (!answered) why_ = answered.error().text;
  if (!answered && answered.error().own_shortage) run_short();
  co_return answered.has_value();
}

asio::awaitable<void> Survival::ask_for_a_fresh_one(std::vector<const Case*> suspects, std::string at) {
  const std::string why = why_;
  if (observer_.endpoint_died(suspects, why) || co_await comes_back()) co_return;
  if (over()) co_return;
  outcome_ = {RunOutcome::How::endpoint_died, fmt::format("the endpoint died {} ({})", at, why)};
}

// A supervisor may start it again.
asio::awaitable<bool> Survival::comes_back() {
  const auto until = std::chrono::steady_clock::now() + attempts_.timeout();
  asio::steady_timer pause(co_await asio::this_coro::executor);
  do {
    if (co_await alive()) co_return true;
    pause.expires_after(kBetweenKnocks);
    co_await pause.async_wait(asio::use_awaitable);
  } while (!over() && std::chrono::steady_clock::now() < until);
  co_return false;
}

asio::awaitable<bool> Survival::revived_after(std::vector<Attempt>& suspects) {
  std::vector<const Case*> cases;
  for (const Attempt& attempt : suspects) cases.push_back(attempt.c);
  const std::string at = place(cases);
  co_await ask_for_a_fresh_one(cases, at);
  if (!over()) co_return true;
  for (Attempt& attempt : suspects) {
    if (suspects.size() > 1) excuse(attempt.result, at);
    observer_.finished(attempt.result);
  }
  co_return false;
}

asio::awaitable<void> Survival::died_of(const Case& c, Result result) {
  blame(result, observer_.death());
  observer_.finished(result);
  if (over()) co_return;  // this machine is the one that cannot
  const std::vector<const Case*> suspects(1, &c);
  co_await ask_for_a_fresh_one(suspects, place(suspects));
}

asio::awaitable<void> Survival::died_between_cases() {
  const std::vector<const Case*> nobody;
  co_await ask_for_a_fresh_one(nobody, place(nobody));
}

}  // namespace touchstone

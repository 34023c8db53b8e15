#include "runner/engine/survival.h"

#include <fmt/format.h>

#include <utility>

namespace touchstone {
namespace {

// Which of several killed it is not known, so none of them is accused.
void excuse(Result& result, const std::string& at) {
  result.behavior = Behavior::errored;
  result.closing = Closing::failed;
  result.hidden = false;
  result.findings.clear();
  result.summary = fmt::format("The endpoint died while this ran: it died {}.", at);
}

void blame(Result& result, const Case& c) {
  result.behavior = Behavior::failed;
  result.closing = Closing::failed;
  result.summary = "The endpoint died: it ran alone when this case ended it.";
  result.findings.insert(result.findings.begin(),
                         {Finding::Weight::violation, c.requirements.empty() ? std::string() : c.requirements.front(),
                          "an endpoint that lives on", "the endpoint no longer accepts connections"});
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
  const auto answered = co_await attempts_.knock();
  if (!answered) why_ = answered.error().text;
  if (!answered && answered.error().own_shortage) run_short();
  co_return answered.has_value();
}

void Survival::ask_for_a_fresh_one(const std::vector<const Case*>& suspects, const std::string& at) {
  if (observer_.endpoint_died(suspects, why_)) return;
  outcome_ = {RunOutcome::How::endpoint_died, fmt::format("the endpoint died {} ({})", at, why_)};
}

bool Survival::revived_after(std::vector<Attempt>& suspects) {
  std::vector<const Case*> cases;
  for (const Attempt& attempt : suspects) cases.push_back(attempt.c);
  const std::string at = place(cases);
  ask_for_a_fresh_one(cases, at);
  if (!over()) return true;
  for (Attempt& attempt : suspects) {
    if (suspects.size() > 1) excuse(attempt.result, at);
    observer_.finished(attempt.result);
  }
  return false;
}

void Survival::died_of(const Case& c, Result result) {
  blame(result, c);
  observer_.finished(result);
  if (!over()) ask_for_a_fresh_one({&c}, place({&c}));  // over: this machine is the one that cannot
}

void Survival::died_between_cases() { ask_for_a_fresh_one({}, place({})); }

}  // namespace touchstone

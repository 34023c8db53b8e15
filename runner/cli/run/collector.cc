#include "runner/cli/run/collector.h"

#include "reports/result/shorten.h"
#include "runner/campaign/signature.h"
#include "runner/cli/run/summary.h"
#include "runner/cli/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace touchstone::cli {

std::string at_which_case(const std::vector<const Case*>& suspects) {
  static constexpr std::size_t kNamed = 6;
  if (suspects.empty()) return "between two cases";
  if (suspects.size() == 1) return "at " + suspects.front()->id;
  std::vector<std::string> names;
  for (const Case* c : suspects) {
    if (names.size() == kNamed) {
      names.push_back(fmt::format("{} more", suspects.size() - kNamed));
      break;
    }
    names.push_back(c->id);
  }
  return "during one of " + join_and(names);
}

void Collector::started(const Case& c) { parts_.progress.started(c.id); }

Result Collector::with_replay(Result result) const {
  const Case* c = parts_.catalogue.find(result.case_id);
  if (c != nullptr && parts_.replay) result.replay = parts_.replay(*c, *target_);
  if (!parts_.keep_all) shorten(result);
  return result;
}

void Collector::record(const Result& result) {
  const auto recorded = parts_.journal.add(result);
  if (recorded || !journal_error_.empty()) return;
  journal_error_ = recorded.error();
  parts_.progress.say(
      fmt::format("error: {}. The run goes on; results are kept in memory until its end.", journal_error_));
}

void Collector::known(const Result& result) { record(with_replay(result)); }

void Collector::finished(const Result& result) {
  const Case* c = parts_.catalogue.find(result.case_id);
  const Result& kept = results_.emplace_back(with_replay(result));
  record(kept);
  const bool bad = kept.behavior == Behavior::failed || kept.behavior == Behavior::errored;
  if (bad) tell_failure(kept);
  parts_.progress.finished(kept.case_id, kept.behavior, c != nullptr ? weight(scaled(*c, parts_.profile)) : 0);
  if (kept.dropped_by_peer && !kept.remote_close_code) last_drop_ = kept.case_id;
  if (parts_.server == nullptr) return;
  if (const auto fault = parts_.server->new_fault_in_log()) {
    tell_death(fmt::format("the server's log has a {} since about {}: {}", fault->what, kept.case_id, fault->line));
  }
}

Death Collector::death() {
  if (parts_.server == nullptr) return {};
  autopsy_ = parts_.server->autopsy();
  return {autopsy_, fuzz::signature_of(autopsy_)};
}

bool Collector::endpoint_died(const std::vector<const Case*>& suspects, const std::string& why) {
  if (parts_.server == nullptr) {
    tell_death(fmt::format("the endpoint {} died {}: {}", ws::to_string(target_->url), at_which_case(suspects), why));
    return false;
  }
  if (autopsy_.empty()) autopsy_ = parts_.server->autopsy();
  tell_death(fmt::format("{} {} (its log: {})", std::exchange(autopsy_, {}), at_which_case(suspects),
                         parts_.server->log().string()));
  const auto restarted = parts_.server->start();
  if (!restarted) tell_death("it could not be started again: " + restarted.error());
  return restarted.has_value();
}

void Collector::check_server_at_end() {
  if (parts_.server == nullptr || last_drop_.empty()) return;
  // Without a cut connection and without a report there is nothing to wait for.
  const auto patience = std::chrono::milliseconds(deaths_.empty() ? 20 : 1000);
  if (const auto how = parts_.server->ended(patience)) {
    tell_death(fmt::format("the server ended with {}, perhaps at {} (its log: {})", *how, last_drop_,
                           parts_.server->log().string()));
  }
}

void Collector::check_log_at_end() {
  if (parts_.server == nullptr) return;
  if (const auto fault = parts_.server->new_fault_in_log()) {
    tell_death(fmt::format("the server's log has a {}: {}", fault->what, fault->line));
  }
}

// The summary tells them all; meanwhile a few are enough to know that it is worth to stop.
void Collector::tell_failure(const Result& result) {
  static constexpr std::size_t kTold = 10;
  if (++failures_ <= kTold) {
    for (const std::string& line : failure_lines(result)) parts_.progress.say(line);
  } else if (failures_ == kTold + 1) {
    parts_.progress.say("... and more, which the summary says at the end");
  }
}

void Collector::tell_death(std::string text) {
  parts_.progress.say("error: " + text);
  deaths_.push_back(std::move(text));
}

}  // namespace touchstone::cli

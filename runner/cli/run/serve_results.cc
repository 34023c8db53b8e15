#include "runner/cli/run/serve_results.h"

#include "reports/digest.h"
#include "reports/result/shorten.h"
#include "runner/campaign/signature.h"
#include "runner/engine/doubts.h"
#include "runner/engine/verdict/weigh.h"

#include <fmt/core.h>
#include <ws/core/http/http1.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace touchstone::cli {
namespace {

bool waited(const Result& result) {
  const auto& entries = result.transcript.entries;
  return std::any_of(entries.begin(), entries.end(), [](const Entry& e) { return e.kind == Entry::Kind::timeout; });
}

bool is_of_serve(const RunInfo& run) { return run.command_line.size() > 1 && run.command_line[1] == "serve"; }

// "Mozilla/5.0 ..." of the opening handshake: the nearest that a client has to a Server field.
std::string user_agent(const Result& result) {
  const auto head =
      ws::parse_request(ws::as_octets(result.transcript.request), ws::HeadLimits{.octets = 64 * 1024, .fields = 1000});
  if (!head) return {};
  const ws::Field* field = ws::find_field(head->fields, "User-Agent");
  return field == nullptr ? std::string() : field->value;
}

}  // namespace

std::expected<void, FileError> ServeResults::open(const RunInfo& info, bool fresh) {
  if (const auto made = make_folder(plan_.out); !made) return made;
  std::error_code none;
  bool all_of_it = false;
  if (!fresh && std::filesystem::exists(plan_.out / kJournalName, none)) {
    auto earlier = read_journal(plan_.out);
    if (!earlier) return std::unexpected("an earlier run's journal cannot be read: " + earlier.error());
    if (is_of_serve(earlier->run)) {
      for (Result& result : earlier->results) {
        if (catalogue_.find(result.case_id) != nullptr) place(std::move(result));
      }
      all_of_it = earlier->format == kJournalFormat && results_.size() == earlier->results.size();
    }
  }
  auto journal =
      all_of_it ? JournalWriter::go_on(plan_.out, info) : JournalWriter::open_with(plan_.out, info, results_);
  if (!journal) return std::unexpected(journal.error());
  journal_.emplace(std::move(*journal));
  return {};
}

Result& ServeResults::place(Result result) {
  const auto [known, is_new] = places_.try_emplace({result.endpoint, result.case_id}, results_.size());
  if (is_new) return results_.emplace_back(std::move(result));
  return results_[known->second] = std::move(result);
}

void ServeResults::record(const Result& result) {
  if (const auto added = journal_->add(result); !added && error_.empty()) error_ = added.error();
}

void ServeResults::add(Result result) {
  if (!plan_.keep_all) shorten(result);
  record(place(std::move(result)));
}

void ServeResults::confirm(Result second) {
  const auto first = std::find_if(results_.begin(), results_.end(),
                                  [&](const Result& each) { return each.case_id == second.case_id; });
  if (first != results_.end() && first->behavior != second.behavior) {
    if (Doubts::rests_on_octets(*first)) return stand(std::move(second));
    second.flaky = true;
    second.summary +=
        fmt::format(" (In the run before, the verdict was {}: {})", name(first->behavior), first->summary);
    second.other_transcript = std::move(first->transcript);
  }
  add(std::move(second));
}

// Octets that came are no accident: the second run, which did not show them, stands beside them.
void ServeResults::stand(Result second) {
  const auto first = std::ranges::find(results_, second.case_id, &Result::case_id);
  first->flaky = true;
  first->summary += fmt::format(" (Run again, the verdict was {}.)", name(second.behavior));
  first->other_transcript = std::move(second.transcript);
  record(*first);
}

void ServeResults::blame(const Case& c, const ProgramEnd& end) {
  const auto found =
      std::find_if(results_.begin(), results_.end(), [&](const Result& each) { return each.case_id == c.id; });
  if (found == results_.end()) return;
  const std::string words = end.last_words.empty() ? "" : fmt::format(": {}", end.last_words);
  found->behavior = Behavior::failed;
  found->closing = Closing::failed;
  found->hidden = false;
  found->summary = fmt::format("The client's program ended with {} in this case, twice{}", end.how, words);
  const Facts facts{.what = fuzz::signature_of(end.how + words),
                    .instead = fmt::format("its program ended with {}{}", end.how, words)};
  found->findings.insert(found->findings.begin(),
                         make_finding(FindingKind::endpoint_died, facts,
                                      ws::rules::requirement_of(FindingKind::endpoint_died, facts, ws::Role::client)));
  record(*found);
}

void ServeResults::lost(const std::string& endpoint, const std::string& case_id) {
  const auto known = places_.find({endpoint, case_id});
  if (known == places_.end()) return;
  Result* const found = &results_[known->second];
  static constexpr const char* kLost =
      "The client ended TCP in this case and never came back: if its program died, it was here.";
  found->summary =
      fmt::format("{} (On the wire alone the verdict is {}: {})", kLost, name(found->behavior), found->summary);
  if (!is_bad(*found)) {
    found->behavior = Behavior::errored;
    found->closing = Closing::failed;
    found->hidden = false;
  }
  record(*found);
}

std::size_t ServeResults::reconsider(const std::string& endpoint, Habits& habits) {
  std::size_t changed = 0;
  for (Result& result : results_) {
    if (result.endpoint != endpoint || !habits.explains(result)) continue;
    result = habits.without_it(std::move(result));
    if (!plan_.keep_all) shorten(result);
    record(result);
    ++changed;
  }
  return changed;
}

std::vector<Result> ServeResults::of(const std::string& endpoint) const {
  std::vector<Result> out;
  std::copy_if(results_.begin(), results_.end(), std::back_inserter(out),
               [&](const Result& result) { return result.endpoint == endpoint; });
  return out;
}

std::vector<ServeResults::Doubtful> ServeResults::doubtful() const {
  std::map<std::tuple<Behavior, bool, std::string>, Doubtful> sorts;
  for (const Result& result : results_) {
    const bool silence = waited(result);
    if (!is_bad(result) && !(result.behavior == Behavior::non_strict && silence)) continue;
    const auto gravest = std::ranges::max_element(result.findings, {}, &Finding::weight);
    std::string rule = gravest == result.findings.end() ? std::string() : gravest->requirement;
    Doubtful& sort = sorts[{result.behavior, silence, std::move(rule)}];
    sort.waited = silence;
    sort.cases.push_back(catalogue_.find(result.case_id));
  }
  std::vector<Doubtful> out;
  for (auto& [key, sort] : sorts) out.push_back(std::move(sort));
  return out;
}

bool ServeResults::any_differed(const std::vector<const Case*>& cases) const {
  return std::ranges::any_of(results_, [&](const Result& result) {
    return result.flaky && std::ranges::find(cases, result.case_id, &Case::id) != cases.end();
  });
}

RunInfo ServeResults::describe(RunInfo info, const std::string& because) const {
  info.endpoints.clear();
  info.planned = 0;
  std::set<std::pair<std::string, std::string>> have;
  for (const Result& result : results_) {
    have.emplace(result.endpoint, result.case_id);
    const auto known = std::find_if(info.endpoints.begin(), info.endpoints.end(),
                                    [&](const RunInfo::Endpoint& each) { return each.name == result.endpoint; });
    if (known == info.endpoints.end()) info.endpoints.push_back({result.endpoint, "", user_agent(result)});
  }
  // What was planned is every selected case for every client that came, or for one that did not.
  std::set<std::pair<std::string, std::string>> planned = have;
  for (const RunInfo::Endpoint& each : info.endpoints) {
    for (const Case* c : plan_.cases) {
      if (!plan_.settings.excluded || !plan_.settings.excluded(each.name, *c)) planned.emplace(each.name, c->id);
    }
  }
  info.planned = info.endpoints.empty() ? plan_.cases.size() : planned.size();
  info.complete = have.size() == info.planned;
  info.ended_because = because;
  if (!info.complete && because.empty()) info.ended_because = "not every client has run all cases";
  info.end = std::chrono::system_clock::now();
  return info;
}

std::expected<void, FileError> ServeResults::finish(const RunInfo& info) {
  // What could not be recorded when it was known may have room now.
  auto journal =
      error_.empty() ? JournalWriter::go_on(plan_.out, info) : JournalWriter::open_with(plan_.out, info, results_);
  if (!journal) return std::unexpected(error_.empty() ? journal.error() : error_);
  return journal->finish(info);
}

}  // namespace touchstone::cli

// report.cc - the order and names that all reports share.
#include "reports/report.h"

#include "reports/journal.h"
#include "reports/result/shorten.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <set>

namespace touchstone {
namespace {

constexpr std::size_t kLongestStem = 120;  // file systems allow 255 octets; endpoints may be named by a Server field
constexpr std::size_t kLongestAgent = 56;
constexpr std::size_t kLongestPlain = 40;  // a longer one is a command line

// "7.13.2" -> {7, 13, 2}; what is no number sorts last.
using Rank = std::vector<int>;
const Rank kLast{std::numeric_limits<int>::max()};

Rank rank_of(std::string_view alias) {
  Rank rank;
  while (!alias.empty()) {
    int number = 0;
    const auto [end, error] = std::from_chars(alias.data(), alias.data() + alias.size(), number);
    if (error != std::errc()) return kLast;
    rank.push_back(number);
    alias.remove_prefix(static_cast<std::size_t>(end - alias.data()));
    if (!alias.empty() && alias.front() != '.') return kLast;
    if (!alias.empty()) alias.remove_prefix(1);
  }
  return rank.empty() ? kLast : rank;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Numbers inside names by their value: "cut-9" before "cut-10".
bool natural_less(std::string_view a, std::string_view b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const auto digits = [](std::string_view text, std::size_t at) {
        while (at < text.size() && text[at] == '0') ++at;
        std::size_t end = at;
        while (end < text.size() && is_digit(text[end])) ++end;
        return text.substr(at, end - at);
      };
      const std::string_view x = digits(a, i), y = digits(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      while (i < a.size() && is_digit(a[i])) ++i;
      while (j < b.size() && is_digit(b[j])) ++j;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
    }
  }
  return a.size() - i < b.size() - j;
}

// Orders ids as a tree: each folder stands where the smallest Autobahn id below it does, folders without any come
// last by name. So groups read in Autobahn's order, and a case without an Autobahn id stays among its siblings.
class ReadingOrder {
 public:
  void learn(const Result& result) {
    Rank rank = kLast;
    for (const std::string& alias : result.aliases) rank = std::min(rank, rank_of(alias));
    for_each_prefix(result.case_id, [&](std::string_view prefix) {
      auto [at, added] = ranks_.emplace(prefix, rank);
      if (!added) at->second = std::min(at->second, rank);
    });
  }

  bool operator()(const Result* a, const Result* b) const {
    if (a->case_id == b->case_id) return std::less<>()(a, b);  // as they came
    std::size_t start = 0;
    for (;;) {
      const std::size_t end_a = std::min(a->case_id.find('/', start), a->case_id.size());
      const std::size_t end_b = std::min(b->case_id.find('/', start), b->case_id.size());
      const std::string_view x = std::string_view(a->case_id).substr(0, end_a);
      const std::string_view y = std::string_view(b->case_id).substr(0, end_b);
      if (x != y) {
        const Rank &rank_x = ranks_.at(x), &rank_y = ranks_.at(y);
        return rank_x != rank_y ? rank_x < rank_y : natural_less(x, y);
      }
      if (end_a == a->case_id.size() || end_b == b->case_id.size()) return a->case_id.size() < b->case_id.size();
      start = end_a + 1;
    }
  }

 private:
  template <class Use>
  static void for_each_prefix(std::string_view id, const Use& use) {
    for (std::size_t end = id.find('/'); end != std::string_view::npos; end = id.find('/', end + 1))
      use(id.substr(0, end));
    use(id);
  }
  std::map<std::string_view, Rank> ranks_;
};

// FAILED is a broken MUST, NON-STRICT a broken SHOULD.
bool decides(std::string_view level, Finding::Weight weight) {
  if (weight == Finding::Weight::violation) return level.starts_with("MUST");
  return weight == Finding::Weight::weak && (level.starts_with("SHOULD") || level == "RECOMMENDED");
}

// An agent that has no name is called by its command line: "/home/me/bin/server --port" is "server --port".
std::string without_folders(std::string_view agent) {
  std::string out;
  while (!agent.empty()) {
    const std::size_t blank = std::min(agent.find(' '), agent.size());
    const std::string_view word = agent.substr(0, blank);
    out += word.substr(word.rfind('/') == std::string_view::npos ? 0 : word.rfind('/') + 1);
    if (blank < agent.size()) out += ' ';
    agent.remove_prefix(std::min(blank + 1, agent.size()));
  }
  return out;
}

std::string cleaned(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    out += (lower >= 'a' && lower <= 'z') || is_digit(lower) ? lower : ' ';
  }
  const std::size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  out = out.substr(first, out.find_last_not_of(' ') - first + 1);
  std::replace(out.begin(), out.end(), ' ', '_');
  return out;
}

}  // namespace

std::string choice_key(std::string_view row, std::string_view kind, std::string_view requirement) {
  return fmt::format("{} {} {}", row, kind, requirement);
}

Report::Report(const RunInfo& run, const std::vector<Result>& results, const Texts& texts) : run_(run), texts_(texts) {
  collect_endpoints(results);
  name_files();
  const auto cite = [&](const std::string& id) {
    if (const RequirementText* text = requirement(id)) cited_.emplace(text->id, text);
  };
  for (const Result& result : results) {
    for (const std::string& id : result.requirements) cite(id);
    for (const Finding& finding : result.findings) cite(finding.requirement);
  }
}

void Report::collect_endpoints(const std::vector<Result>& results) {
  std::map<std::string_view, std::vector<const Result*>> by_endpoint;
  std::vector<std::string_view> names;
  ReadingOrder order;
  for (const RunInfo::Endpoint& endpoint : run_.endpoints)
    if (by_endpoint.try_emplace(endpoint.name).second) names.push_back(endpoint.name);
  for (const Result& result : results) {
    const auto [at, added] = by_endpoint.try_emplace(result.endpoint);
    if (added) names.push_back(result.endpoint);
    at->second.push_back(&result);
    order.learn(result);
  }
  for (const std::string_view name : names) {
    std::vector<const Result*>& of_endpoint = by_endpoint[name];
    std::sort(of_endpoint.begin(), of_endpoint.end(), order);
    Causes causes(of_endpoint);
    endpoints_.push_back({std::string(name), std::move(of_endpoint), std::move(causes)});
  }
}

void Report::name_files() {
  std::set<std::string> taken;
  for (const EndpointResults& endpoint : endpoints_) {
    for (const Result* result : endpoint.results) {
      for (const std::string& id : autobahn_ids(*result)) {
        if (files_.contains(std::pair(endpoint.name, id))) continue;
        if (!has_own_file(*result)) {
          files_.emplace(std::pair(endpoint.name, id), kJournalName);
          continue;
        }
        const std::string name = case_file_name(endpoint.name, id);
        // Two names may become equal ("ws 8" and "ws-8"): the later one gets a number.
        std::string unique = name;
        for (int n = 2; !taken.insert(unique).second; ++n)
          unique = fmt::format("{}_{}.json", name.substr(0, name.size() - 5), n);
        files_.emplace(std::pair(endpoint.name, id), unique);
      }
    }
  }
}

const RequirementText* Report::requirement(std::string_view id) const {
  const auto found = texts_.requirements.find(id);
  return found == texts_.requirements.end() ? nullptr : &found->second;
}

std::string Report::clause(std::string_view id) const {
  const RequirementText* text = requirement(id);
  return text ? fmt::format("RFC {} {}", text->rfc, text->section) : std::string(id);
}

const Cause* Report::cause_of(const Result& result) const {
  for (const EndpointResults& endpoint : endpoints_)
    if (const Cause* cause = endpoint.causes.of(result)) return cause;
  return nullptr;
}

std::string Report::why_it_weighs(const Finding& finding) const {
  const RequirementText* text = requirement(finding.requirement);
  if (text != nullptr && decides(text->level, finding.weight)) return text->level;
  if (finding.choice.empty()) return {};
  for (const std::string& key : {choice_key(finding.choice, finding.kind, finding.requirement), finding.choice}) {
    const auto reason = texts_.choices.find(key);
    if (reason != texts_.choices.end()) return fmt::format("{}: {}", finding.choice, reason->second);
  }
  return finding.choice;
}

const std::string& Report::case_file(std::string_view endpoint, std::string_view id) const {
  return files_.at(std::pair(std::string(endpoint), std::string(id)));
}

std::string_view group_of(std::string_view case_id) noexcept { return case_id.substr(0, case_id.find('/')); }

std::vector<std::string> autobahn_ids(const Result& result) {
  return result.aliases.empty() ? std::vector<std::string>{result.case_id} : result.aliases;
}

bool has_own_file(const Result& result) noexcept {
  return !result.aliases.empty() || !is_quiet(result) || result.transcript.whole;
}

std::string file_stem(std::string_view endpoint) {
  const std::string plain = endpoint.size() > kLongestPlain ? without_folders(endpoint) : std::string(endpoint);
  const std::string stem = cleaned(plain).substr(0, kLongestAgent);
  return stem.empty() ? "agent" : stem;
}

std::string case_file_name(std::string_view endpoint, std::string_view id) {
  std::string of_case(id);
  for (char& c : of_case) c = cleaned(std::string_view(&c, 1)).empty() ? '_' : cleaned(std::string_view(&c, 1))[0];
  return fmt::format("{}_case_{}.json", file_stem(endpoint), of_case.substr(0, kLongestStem));
}

std::string partial_notice(const Report& report) {
  if (report.run().complete) return {};
  std::size_t have = 0;
  for (const EndpointResults& endpoint : report.endpoints()) have += endpoint.results.size();
  std::string why = report.run().ended_because;
  return fmt::format("This run is partial: {} of {} planned results.{}{}", have, report.run().planned,
                     why.empty() ? "" : " Reason: ", why);
}

}  // namespace touchstone

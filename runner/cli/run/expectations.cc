#include "runner/cli/run/expectations.h"

#include "reports/causes.h"
#include "reports/digest.h"
#include "reports/support/json_members.h"
#include "runner/cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace touchstone::cli {
namespace {

constexpr int kFormat = 1;

// --- Reading and writing --------------------------------------------------------------------------------------

class ExpectationReader {
 public:
  std::expected<Expectations, JsonFault> read(const Json& root) {
    Members members(root, "", fault_);
    int format = 0;
    members.integer("expectations", format);
    if (!fault_ && format != kFormat) refuse("/expectations", std::to_string(format), std::to_string(kFormat));
    if (members.has("at_least")) members.integer("at_least", read_.at_least.emplace());
    members.list("accepted", [&](const Json& value, const std::string& pointer) { read_acceptance(value, pointer); });
    members.no_others();
    if (fault_) return std::unexpected(*fault_);
    return std::move(read_);
  }

 private:
  void read_acceptance(const Json& value, const std::string& pointer) {
    Acceptance& acceptance = read_.accepted.emplace_back();
    Members members(value, pointer, fault_);
    std::vector<std::string> behaviors, closings;
    members.texts("behavior", behaviors);
    if (members.has("closing")) members.texts("closing", closings);
    members.text("reason", acceptance.reason);
    members.text("link", acceptance.link, Members::Need::optional);
    members.texts("cases", acceptance.cases);
    members.no_others();
    take_names<Behavior>(behaviors, acceptance.behavior, pointer + "/behavior", behavior_from,
                         "OK, NON-STRICT, INFORMATIONAL, UNIMPLEMENTED, NOT-APPLICABLE, FAILED or ERRORED");
    take_names<Closing>(closings, acceptance.closing, pointer + "/closing", closing_from,
                        "OK, UNCLEAN, WRONG CODE, FAILED BY CLIENT, INFORMATIONAL or FAILED");
    if (fault_) return;
    if (acceptance.behavior.empty()) refuse(pointer + "/behavior", "none", "at least one verdict");
    if (acceptance.reason.empty()) refuse(pointer + "/reason", "\"\"", "the reason why this is accepted");
    for (const std::string& id : acceptance.cases) {
      if (!seen_.insert(id).second) refuse(pointer + "/cases", fmt::format("\"{}\" again", id), "each case once");
    }
  }

  template <class Enum>
  void take_names(const std::vector<std::string>& names, std::vector<Enum>& into, const std::string& pointer,
                  std::optional<Enum> (*from)(std::string_view) noexcept, std::string_view allowed) {
    for (const std::string& name : names) {
      const auto value = from(name);
      if (!value) return refuse(pointer, fmt::format("\"{}\"", name), allowed);
      into.push_back(*value);
    }
  }

  void refuse(const std::string& pointer, std::string found, std::string_view allowed) {
    if (!fault_) fault_ = JsonFault{{}, 0, pointer, std::move(found), std::string(allowed)};
  }

  Expectations read_;
  std::set<std::string> seen_;
  std::optional<JsonFault> fault_;
};

template <class Enum>
Json names(const std::vector<Enum>& values) {
  Json out = Json::array();
  for (const Enum value : values) out.push_back(name(value));
  return out;
}

// One case a line, so that what changed is what a diff shows.
std::string written(const Acceptance& acceptance) {
  std::vector<std::string> members = {fmt::format("\"behavior\": {}", write_json(names(acceptance.behavior)))};
  if (!acceptance.closing.empty()) {
    members.push_back(fmt::format("\"closing\": {}", write_json(names(acceptance.closing))));
  }
  members.push_back(fmt::format("\"reason\": {}", write_json(acceptance.reason)));
  if (!acceptance.link.empty()) members.push_back(fmt::format("\"link\": {}", write_json(acceptance.link)));
  std::vector<std::string> cases;
  for (const std::string& id : acceptance.cases) cases.push_back("        " + write_json(id));
  members.push_back(fmt::format("\"cases\": [\n{}\n      ]", fmt::join(cases, ",\n")));
  return fmt::format("    {{\n      {}\n    }}", fmt::join(members, ",\n      "));
}

template <class T>
bool has(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::string any_of_names(const Acceptance& acceptance) {
  std::vector<std::string> words;
  for (const Behavior each : acceptance.behavior) words.emplace_back(name(each));
  std::string text = fmt::format("{}", fmt::join(words, " or "));
  if (acceptance.closing.empty()) return text;
  words.clear();
  for (const Closing each : acceptance.closing) words.emplace_back(name(each));
  return fmt::format("{}, closing {}", text, fmt::join(words, " or "));
}

// --- Holding results against it -------------------------------------------------------------------------------

// Results by each of their names.
using ByName = std::map<std::string_view, const Result*>;

ByName by_name(const std::vector<Result>& results) {
  ByName names;
  for (const Result& result : results) {
    for (const std::string& alias : result.aliases) names.try_emplace(alias, &result);
  }
  for (const Result& result : results) names.insert_or_assign(result.case_id, &result);
  return names;
}

bool accepts(const Acceptance& acceptance, const Result& result) {
  return has(acceptance.behavior, result.behavior) &&
         (acceptance.closing.empty() || has(acceptance.closing, result.closing));
}

Surprise judge(const Acceptance& acceptance, const Result& result) {
  using Kind = Surprise::Kind;
  std::string seen(name(result.behavior));
  if (!acceptance.closing.empty()) seen += fmt::format(", closing {}", name(result.closing));
  if (is_bad(result) && !has(acceptance.behavior, result.behavior)) {
    return {Kind::new_failure, fmt::format("{} is {}, where {} is accepted: {}", result.case_id, seen,
                                           any_of_names(acceptance), result.summary)};
  }
  const bool passes = result.behavior == Behavior::ok && !has(acceptance.behavior, Behavior::ok);
  return {passes ? Kind::unexpected_pass : Kind::changed, fmt::format("{} is {}, no longer {}: take it out of the file",
                                                                      result.case_id, seen, any_of_names(acceptance))};
}

// Cases with one cause stand together.
std::string unexplained(const Finding& finding) {
  std::string text(kUnexplained);
  if (!finding.requirement.empty()) text += fmt::format(": {}", finding.requirement);
  if (!finding.expected.empty()) text += fmt::format("; expected {}", finding.expected);
  if (!finding.seen.empty()) text += fmt::format("; seen {}", finding.seen);
  return text;
}

}  // namespace

std::expected<Expectations, std::string> parse_expectations(std::string_view file, std::string_view text) {
  const auto json = parse_json(text);
  auto read = json ? ExpectationReader().read(*json) : std::unexpected(json.error());
  if (read) return std::move(*read);
  JsonFault fault = read.error();
  fault.file = file;
  return std::unexpected(fault.text());
}

std::string write_expectations(const Expectations& expectations) {
  std::vector<std::string> rows;
  for (const Acceptance& acceptance : expectations.accepted) rows.push_back(written(acceptance));
  std::string text = fmt::format("{{\n  \"expectations\": {},\n", kFormat);
  if (expectations.at_least) text += fmt::format("  \"at_least\": {},\n", *expectations.at_least);
  if (rows.empty()) return text + "  \"accepted\": []\n}\n";
  return text + fmt::format("  \"accepted\": [\n{}\n  ]\n}}\n", fmt::join(rows, ",\n"));
}

std::vector<Surprise> surprises(const Expectations& expectations, const std::vector<Result>& results,
                                const std::function<bool(std::string_view)>& is_case) {
  using Kind = Surprise::Kind;
  const ByName named = by_name(results);
  std::map<const Result*, const Acceptance*> listed;
  std::vector<Surprise> stale;
  for (const Acceptance& acceptance : expectations.accepted) {
    for (const std::string& id : acceptance.cases) {
      if (const auto found = named.find(id); found != named.end()) {
        listed.emplace(found->second, &acceptance);
      } else {
        stale.push_back({Kind::stale, fmt::format("{} is listed but {}", id,
                                                  is_case(id) ? "did not run" : "is no case of the catalogue")});
      }
    }
  }
  std::vector<Surprise> all;
  for (const Result& result : results) {
    const auto found = listed.find(&result);
    if (found != listed.end()) {
      if (!accepts(*found->second, result)) all.push_back(judge(*found->second, result));
    } else if (is_bad(result)) {
      all.push_back({Kind::new_failure, fmt::format("{} is {}, which is not listed: {}", result.case_id,
                                                    name(result.behavior), result.summary)});
    }
  }
  all.insert(all.end(), std::make_move_iterator(stale.begin()), std::make_move_iterator(stale.end()));
  if (expectations.at_least && results.size() < *expectations.at_least) {
    all.push_back({Kind::too_few, fmt::format("{} ran, the file asks for at least {}", count_of(results.size(), "case"),
                                              *expectations.at_least)});
  }
  return all;
}

Updated update(const Expectations& old, const std::vector<Result>& results) {
  Updated updated;
  if (old.at_least) updated.expectations.at_least = results.size();
  const ByName named = by_name(results);
  std::set<const Result*> explained;
  for (const Acceptance& acceptance : old.accepted) {
    Acceptance kept = acceptance;
    std::erase_if(kept.cases, [&](const std::string& id) {
      const auto found = named.find(id);
      if (found == named.end() || !accepts(acceptance, *found->second)) return true;
      return !explained.insert(found->second).second;
    });
    updated.kept += kept.cases.size();
    updated.dropped += acceptance.cases.size() - kept.cases.size();
    if (!kept.cases.empty()) updated.expectations.accepted.push_back(std::move(kept));
  }
  std::vector<const Result*> all;
  for (const Result& result : results) all.push_back(&result);
  const Causes causes(all);
  for (const Cause& cause : causes.all()) {
    Acceptance fresh;
    fresh.behavior = {cause.behavior};
    fresh.reason = unexplained(cause.finding);
    for (const Result* result : cause.cases) {
      const bool own = causes.of(*result) == &cause && is_bad(*result);
      if (own && !explained.contains(result)) fresh.cases.push_back(result->case_id);
    }
    updated.added += fresh.cases.size();
    if (!fresh.cases.empty()) updated.expectations.accepted.push_back(std::move(fresh));
  }
  return updated;
}

}  // namespace touchstone::cli

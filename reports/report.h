// report.h - what every renderer reads, and the order and names that all reports share.
#pragma once
#include "reports/causes.h"
#include "reports/result/result.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace touchstone {

// A rule of an RFC, in our words, and what the catalogue has of it. The catalogue knows them all; a report quotes those
// that its cases cite, and its page lists all that a peer can see.
struct RequirementText {
  std::string id;  // "rfc6455-5.5.1-4"
  int rfc = 0;
  std::string section;       // "5.5.1"
  std::string level;         // MUST, SHOULD, ...
  std::string binds;         // client, server, both, intermediary
  std::string rule;          // one sentence
  bool in_question = false;  // a peer can see it, so it should have cases
  bool covered = false;      // it has some for each role that it binds
  std::size_t cases = 0;     // of the whole catalogue that cite it
  std::string uncovered{};   // why a role has none
  std::string autobahn{};    // Autobahn|Testsuite's cases: "tested", "in-passing", or empty
};
using RequirementTexts = std::map<std::string, RequirementText, std::less<>>;
// Why a row of choices.json decides how much a finding weighs, where the level of its requirement does not: sentences,
// by choice_key(), and by the id of the row alone ("C-22") its title.
using ChoiceTexts = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] std::string choice_key(std::string_view row, std::string_view kind, std::string_view requirement);

// What reports quote of the catalogue.
struct Texts {
  RequirementTexts requirements;
  ChoiceTexts choices;
};

// All results of one endpoint, in reading order, and what explains those that are not OK.
struct EndpointResults {
  std::string name;
  std::vector<const Result*> results;
  Causes causes;
};

class Report {
 public:
  // Keeps references to all three. Texts may lack some: an older journal, a rule since renamed.
  Report(const RunInfo& run, const std::vector<Result>& results, const Texts& texts);

  [[nodiscard]] const RunInfo& run() const noexcept { return run_; }

  // Endpoints in the order of the run; their results in the order of Autobahn's ids, group by group, whatever the
  // order of finishing was: two reports of the same run can be compared line by line.
  [[nodiscard]] const std::vector<EndpointResults>& endpoints() const noexcept { return endpoints_; }

  [[nodiscard]] const RequirementTexts& texts() const noexcept { return texts_.requirements; }
  // Of the requirements that the results cite, those whose text is known; by id.
  [[nodiscard]] const std::map<std::string_view, const RequirementText*>& cited() const noexcept { return cited_; }
  [[nodiscard]] const RequirementText* requirement(std::string_view id) const;
  // "RFC 6455 5.5.1", or the id itself when its text is not known.
  [[nodiscard]] std::string clause(std::string_view id) const;
  // Causes::of() of its endpoint: the root of a result that is not OK, or what hides it; nothing for others.
  [[nodiscard]] const Cause* cause_of(const Result& result) const;
  // Why a finding weighs what it does: the level of its requirement ("MUST"), or the reason of the choice that decides
  // ("C-22: ..."). Empty when neither is known: no line says that a broken MUST is NON-STRICT.
  [[nodiscard]] std::string why_it_weighs(const Finding& finding) const;

  // The file with the transcript of one case of one endpoint: its own one, or the journal (has_own_file()). `id` is one
  // of autobahn_ids().
  [[nodiscard]] const std::string& case_file(std::string_view endpoint, std::string_view id) const;

 private:
  void collect_endpoints(const std::vector<Result>& results);
  void name_files();
  const RunInfo& run_;
  const Texts& texts_;
  std::vector<EndpointResults> endpoints_;
  std::map<std::string_view, const RequirementText*> cited_;
  std::map<std::pair<std::string, std::string>, std::string, std::less<>> files_;
};

// "close" of "close/code-valid/1000".
[[nodiscard]] std::string_view group_of(std::string_view case_id) noexcept;

// Under which ids a result stands in Autobahn's files: its Autobahn ids when it has some, its own otherwise.
[[nodiscard]] std::vector<std::string> autobahn_ids(const Result& result);

// Whether a JSON file of its own is written for a case, as Autobahn does for each of its cases. Of ours, where
// something was found or all is kept; the others, which are thousands, stand in the journal with all there is.
[[nodiscard]] bool has_own_file(const Result& result) noexcept;

// Autobahn's rule for file names: endpoint and case in lower case, all but [a-z0-9] as '_', "agent_case_6_4_1.json".
// `file_stem` is the part for the endpoint, "node_ws_8_18_0".
[[nodiscard]] std::string file_stem(std::string_view endpoint);
[[nodiscard]] std::string case_file_name(std::string_view endpoint, std::string_view id);

// A sentence for people about a run that is not complete; empty for a complete one.
[[nodiscard]] std::string partial_notice(const Report& report);

}  // namespace touchstone

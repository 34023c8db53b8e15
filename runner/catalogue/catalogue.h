// catalogue.h - the whole catalogue: loaded from the binary or from files, expanded, selectable.
#pragma once
#include "runner/catalogue/case.h"

#include <expected>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

// A fault in a case file. what() for people: file, JSON pointer, what was found, what is allowed.
struct CaseFileError {
  std::string file;
  std::string pointer;  // RFC 6901, "/groups/3/steps/0/send"
  std::string found, allowed;
  bool style = false;                      // against the habits of this catalogue: the cases can be run all the same
  [[nodiscard]] std::string text() const;  // one line
};

// A file of cases/ or of a user's.
struct SourceFile {
  std::string_view name;  // the last part tells suites from requirements.json, choices.json and bugs.json
  std::string_view text;
};

struct Requirement {
  std::string id;  // "rfc6455-5.5.1-4"
  int rfc = 0;
  std::string section;
  std::string level;                // MUST, MUST NOT, SHOULD, ...
  std::string binds;                // client, server, both, intermediary
  std::string rule;                 // one sentence
  std::string visible;              // wire, wire-negative, api, not-observable
  bool implied = false;             // the RFC says so without a word of RFC 2119
  std::string choice;               // id of the Choice that says what is left open; or empty
  std::vector<std::string> errata;  // numbers of the RFC Editor's errata that bear on it
  // By Autobahn|Testsuite's cases: "tested", "in-passing" (seen while they test something else), or empty.
  std::string autobahn;
};

// A finding that weighs something else than the level of its requirement says, and why.
struct Decision {
  std::string kind;         // of ws::rules::FindingKind: "close-answered-by-end-of-tcp"
  std::string requirement;  // that it is about
  std::string weight;       // "choice", "weak" or "violation"
  std::string reason;       // for people
};

// Where the RFC leaves several behaviours open (cases/choices.json).
struct Choice {
  std::string id;  // "C-26"
  std::string title;
  std::vector<std::string> conformant, weak, violation;
  std::vector<Decision> decides;
  std::vector<std::string> requirements;
};

// A kind of known bugs, explained once.
struct BugClass {
  std::string id;  // "length-overflow"
  std::string title, about, effect;
};

// A bug that was found in an implementation (cases/bugs.json). Cases name those that they show.
struct Bug {
  std::string id;                                    // "CVE-2016-10542", or a project and a number
  std::string names;                                 // how others call it, when not by the id alone
  std::string project, kind, trigger, effect, link;  // kind: the id of a BugClass
  std::string unseen;                                // why no case shows it; empty when one does
};

struct BugTable {
  std::vector<BugClass> classes;
  std::vector<Bug> bugs;
};

class Catalogue {
 public:
  // The one inside the binary; aborts if that is broken (a test keeps it whole).
  static const Catalogue& built_in();
  // Of the suites among `files`. A table (requirements.json, choices.json, bugs.json) that is not among them is the
  // built-in one. All faults that keep a file from being loaded.
  static std::expected<Catalogue, std::vector<CaseFileError>> of(std::span<const SourceFile> files);

  [[nodiscard]] std::span<const Case> cases() const noexcept { return cases_; }
  [[nodiscard]] std::span<const Requirement> requirements() const noexcept { return requirements_; }
  [[nodiscard]] const Requirement* requirement(std::string_view id) const noexcept;
  [[nodiscard]] std::span<const Choice> choices() const noexcept { return choices_; }
  [[nodiscard]] const Choice* choice(std::string_view id) const noexcept;
  // What decides the weight of such a finding in the place of the requirement's level; nothing: the level does.
  struct Ruling {
    const Choice* choice;
    const Decision* decision;
  };
  [[nodiscard]] std::optional<Ruling> ruling(std::string_view kind, std::string_view requirement) const noexcept;
  [[nodiscard]] const BugTable& bugs() const noexcept { return bugs_; }
  [[nodiscard]] const Bug* bug(std::string_view id) const noexcept;
  // By id or by alias; nothing when there is none.
  [[nodiscard]] const Case* find(std::string_view id) const noexcept;
  // Hex digest over the canonical text of all cases: two runs with equal hashes ran the same catalogue.
  [[nodiscard]] const std::string& hash() const noexcept { return hash_; }

  std::vector<Case> cases_;
  std::vector<Requirement> requirements_;
  std::vector<Choice> choices_;
  BugTable bugs_;
  std::string hash_;
};

// Loads and expands one file's text. `name` is used in errors. All faults, not only the first.
[[nodiscard]] std::expected<std::vector<Case>, std::vector<CaseFileError>> load_cases(std::string_view name,
                                                                                      std::string_view text);
[[nodiscard]] std::expected<std::vector<Requirement>, std::vector<CaseFileError>> load_requirements(
    std::string_view name, std::string_view text);
[[nodiscard]] std::expected<std::vector<Choice>, std::vector<CaseFileError>> load_choices(std::string_view name,
                                                                                          std::string_view text);
[[nodiscard]] std::expected<BugTable, std::vector<CaseFileError>> load_bugs(std::string_view name,
                                                                            std::string_view text);

// The known bugs that the case shows, one line each for people.
[[nodiscard]] std::vector<std::string> bugs_in_words(const Case& c);

// The case as a case file of one group, in canonical form: load_cases() of it gives the same case back.
[[nodiscard]] std::string to_json(const Case& c);
// One file of them all; the first one names the suite.
[[nodiscard]] std::string to_json(const std::vector<Case>& cases);

// Globs over ids, aliases, requirement ids, ids of known bugs and tags; "tag:cve" takes all cases that show one. '*'
// matches any run of characters, '?' one; a pattern that ends in '/' or names a folder ("close") takes all below it;
// Autobahn's "9.*" and "9.1.*" work.
[[nodiscard]] bool matches(const Case& c, std::string_view pattern);

struct Selection {
  std::vector<std::string> include = {};  // empty: all
  std::vector<std::string> exclude = {};
  Profile profile = Profile::standard;
  Side side = Side::server;
  bool http2 = false;  // cases about HTTP/2, too; those that are named are chosen in any case
};
// Cases in catalogue order; Autobahn's order for its ids. Patterns that match nothing are named in `unmatched`.
[[nodiscard]] std::vector<const Case*> select(const Catalogue& catalogue, const Selection& selection,
                                              std::vector<std::string>* unmatched = nullptr);

// The case as it runs under a profile: in the standard profile bulk cases have at most 50 messages, one
// message of at most 4 MiB or 1 MiB of repeated ones; in the full profile nothing changes.
[[nodiscard]] Case scaled(const Case& c, Profile profile);

}  // namespace touchstone

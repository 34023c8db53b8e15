// expectations.h - what a project has accepted of its endpoint: cases whose verdict is known and explained. A run that
// is held against it tells what is new, in both directions. Schema: reports/schema/expectations.json.
#pragma once
#include "reports/result/result.h"

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::cli {

// Cases with the same accepted verdicts for the same reason.
struct Acceptance {
  std::vector<Behavior> behavior;  // any of these
  std::vector<Closing> closing;    // any of these; empty: not looked at
  std::string reason;              // for people: why this is accepted
  std::string link;                // may be empty
  std::vector<std::string> cases;  // ids, exactly; Autobahn's do as well
};

struct Expectations {
  std::optional<std::size_t> at_least;  // results that a run has to have
  std::vector<Acceptance> accepted;
};

// `file` is used in the error, which is one line for people. No case stands there twice.
[[nodiscard]] std::expected<Expectations, std::string> parse_expectations(std::string_view file, std::string_view text);
[[nodiscard]] std::string write_expectations(const Expectations& expectations);

// What the results of one endpoint and the file disagree about.
struct Surprise {
  enum class Kind : std::uint8_t { new_failure, unexpected_pass, changed, stale, too_few };
  Kind kind = Kind::new_failure;
  std::string text;  // a sentence that names the case
};
// `is_case` says whether the catalogue has an id. In the order of the results, then that of the file.
[[nodiscard]] std::vector<Surprise> surprises(const Expectations& expectations, const std::vector<Result>& results,
                                              const std::function<bool(std::string_view)>& is_case);

// The file that these results bear out: what was accepted and is still so keeps its reason; failures that are new get
// kUnexplained and what was seen; the rest goes. `at_least` follows the results when the file has it.
inline constexpr std::string_view kUnexplained = "UNEXPLAINED";
struct Updated {
  Expectations expectations;
  std::size_t kept = 0, added = 0, dropped = 0;  // cases
};
[[nodiscard]] Updated update(const Expectations& old, const std::vector<Result>& results);

}  // namespace touchstone::cli

// digest.h - what several reports share: counts, causes in words, and what a person needs to understand one result
// without opening another file.
#pragma once
#include "reports/report.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

// The two verdicts that make a run fail, unless an expectation file accepts them.
[[nodiscard]] bool is_bad(const Result& result) noexcept;
// What makes the exit code 1: a bad verdict, and a case that was not judged because of a fault of the endpoint.
[[nodiscard]] bool fails_run(const Result& result) noexcept;
// The two that mean that the case could not be judged, by the endpoint's right or nature.
[[nodiscard]] bool is_skipped(const Result& result) noexcept;

using Counts = std::map<Behavior, std::size_t>;
[[nodiscard]] Counts count(const std::vector<const Result*>& results);
// "515 OK, 2 NON-STRICT, 1 FAILED": the worst first, what is zero left out.
[[nodiscard]] std::string counts_text(const Counts& counts);

// What was broken, in one sentence: the rule of a cause's requirement, or what stands for it where none is known.
[[nodiscard]] std::string in_words(const Report& report, const Cause& cause);
// "RFC 7692 7.1.2.2, MUST NOT": the clause, and why the finding weighs what it does.
[[nodiscard]] std::string clause_and_weight(const Report& report, const Finding& finding);
// "cause 2 explains 20 cases" or, of a result that was not judged, "hidden by cause 2". Empty without a cause.
[[nodiscard]] std::string cause_text(const Report& report, const Result& result);
// The summary, and what hides the case where something does.
[[nodiscard]] std::string summary_text(const Report& report, const Result& result);

// Several lines: summary, expectation, cause, each finding with its clause and rule, the command that runs it again.
[[nodiscard]] std::string details(const Report& report, const Result& result);

}  // namespace touchstone

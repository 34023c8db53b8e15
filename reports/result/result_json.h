// result_json.h - results and runs as JSON, the form that the journal and the reports share.
// Schemas: reports/schema/journal.json (everything), reports/schema/report.json (without transcripts).
#pragma once
#include "reports/result/result.h"
#include "reports/support/json_members.h"

#include <expected>

namespace touchstone {

[[nodiscard]] Json to_json(const Result& result);
[[nodiscard]] Json to_json(const Transcript& transcript);
// Of each entry some octets: Transcript::kWrittenOctets in all, then Transcript::kShortOctets of each. What is written
// of a transcript that is not whole.
[[nodiscard]] std::vector<std::string_view> shortened_octets(const Transcript& transcript);
// With `end`, `complete` and `ended_because`: what is known when the run is over.
[[nodiscard]] Json to_json(const RunInfo& run);

// A result's members without its transcripts.
[[nodiscard]] Json to_json_without_transcript(const Result& result);

// Strict: unknown and missing keys, wrong types and unknown names are faults.
[[nodiscard]] std::expected<Result, JsonFault> result_from_json(const Json& value, const std::string& pointer = {});
[[nodiscard]] std::expected<RunInfo, JsonFault> run_from_json(const Json& value, const std::string& pointer = {});
[[nodiscard]] std::expected<Transcript, JsonFault> transcript_from_json(const Json& value,
                                                                        const std::string& pointer = {});

// "violation": as in the reports.
[[nodiscard]] std::string_view name(Finding::Weight weight) noexcept;
[[nodiscard]] std::string_view name(Entry::Direction direction) noexcept;
[[nodiscard]] std::string_view name(Entry::Kind kind) noexcept;

}  // namespace touchstone

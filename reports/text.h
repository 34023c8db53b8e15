// text.h - what endpoints say, made safe for the formats of reports.
#pragma once
#include "reports/result/result.h"
#include "reports/support/said.h"

#include <string>
#include <string_view>

namespace touchstone {

// For XML 1.0 content and attributes in double quotes.
[[nodiscard]] std::string xml_escape(std::string_view octets);

// For one cell of a Markdown table, or running text: no markup of the text's own takes effect.
[[nodiscard]] std::string markdown_escape(std::string_view octets);

// A Markdown code span on one line, whatever backticks the text has.
[[nodiscard]] std::string markdown_code(std::string_view octets);

// The payload that the transcript keeps for an entry: its own, or that of the entry it equals.
[[nodiscard]] const std::string& kept_payload(const Transcript& transcript, const Entry& entry);

}  // namespace touchstone

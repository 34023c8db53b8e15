// said.h - what an endpoint said, on its way to a terminal or a log.
//
// A terminal obeys escape sequences, a log of continuous integration obeys lines that begin with a command, and a
// reader believes each line that looks like one of ours. So nothing that an endpoint chose is printed as it came.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace touchstone {

// Valid UTF-8 without control characters but tab and line feed, and without the marks that change the direction of text
// (Unicode Bidi_Control) or end a line (U+2028, U+2029); whatever else comes is U+FFFD.
[[nodiscard]] std::string clean_text(std::string_view octets);

inline constexpr std::size_t kMostSaid = 1000;  // octets of one text of an endpoint in one line

// The same as one line of at most `most` octets: tabs and line feeds are blanks, and what was cut off is counted.
[[nodiscard]] std::string said(std::string_view octets, std::size_t most = kMostSaid);

// Text in which no line is a command to GitHub Actions ("::error::", after blanks too) or to it and Azure Pipelines
// ("##[error]", "##vso[", anywhere in a line): a backslash breaks each.
[[nodiscard]] std::string without_commands(std::string_view lines);

}  // namespace touchstone

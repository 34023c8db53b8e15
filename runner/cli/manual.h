// manual.h - the manual page touchstone(1) in mdoc, from CLI11's tree of commands and options: what --help tells.
#pragma once
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace touchstone::cli {

// `released` is the day of the version, "2026-11-21".
[[nodiscard]] std::string manual(const CLI::App& program, std::string_view version, std::string_view released);

// Running text for mdoc: no character or line that it takes for markup, one sentence a line, lines of at most 78
// octets.
[[nodiscard]] std::string mdoc_text(std::string_view text);

}  // namespace touchstone::cli

// program_log.h - what a program under test wrote before it ended.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace touchstone::cli {

// Octets that are there now; 0 without a file.
[[nodiscard]] std::uintmax_t log_size(const std::filesystem::path& log);
// What was written since it had `offset` octets.
[[nodiscard]] std::string log_since(const std::filesystem::path& log, std::uintmax_t offset);

// What ended a program, as its log shows it: the first line of a sanitizer's report, otherwise the last one of a panic
// or an uncaught exception; nothing when the log has none.
[[nodiscard]] std::optional<std::string> report_in_log(std::string_view log);
// A fault even when the program goes on: what a sanitizer writes, or a panic that a Go server survived.
struct LogFault {
  std::string_view what;  // "sanitizer report", "panic"
  std::string line;       // the first one that says it
};
[[nodiscard]] std::optional<LogFault> fault_in_log(std::string_view log);

// Whether a sanitizer or a panic ended it: that is no way to tell of an error.
[[nodiscard]] bool tells_of_a_crash(std::string_view log);
// For people: the line of report_in_log(), or else the last one that has anything, as in a traceback.
[[nodiscard]] std::string last_words(std::string_view log);

}  // namespace touchstone::cli

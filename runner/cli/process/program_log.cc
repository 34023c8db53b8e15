#include "runner/cli/process/program_log.h"

#include "runner/cli/process/guardian.h"
#include "runner/cli/text.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <vector>

namespace touchstone::cli {
namespace {

constexpr std::size_t kLongestLine = 300;  // columns

std::vector<std::string> lines_that(std::string_view log, const auto& wanted) {
  std::vector<std::string> lines;
  while (!log.empty()) {
    const std::string_view line = log.substr(0, log.find('\n'));
    if (wanted(line)) lines.emplace_back(cut_to(line, kLongestLine));
    log.remove_prefix(std::min(line.size() + 1, log.size()));
  }
  return lines;
}

bool has_one_of(std::string_view line, const auto& marks) {
  return std::ranges::any_of(marks, [line](std::string_view mark) { return line.contains(mark); });
}

std::vector<std::string> lines_with(std::string_view log, const auto& marks) {
  return lines_that(log, [&marks](std::string_view line) { return has_one_of(line, marks); });
}

constexpr std::array<std::string_view, 5> kSanitizers = {
    "ERROR: AddressSanitizer",  "ERROR: LeakSanitizer",      "WARNING: ThreadSanitizer",
    "WARNING: MemorySanitizer", "ERROR: HWAddressSanitizer",
};
// UBSan's, "file.cc:12:3: runtime error: ": Go says "runtime error: " of a panic, after an address or nothing.
bool is_of_ubsan(std::string_view line) {
  const std::size_t at = line.find(": runtime error: ");
  if (at == std::string_view::npos) return false;
  const auto number_before = [line](std::size_t end) {
    const std::size_t last = line.substr(0, end).find_last_not_of("0123456789");
    return last != std::string_view::npos && last + 1 < end && line[last] == ':' ? std::optional(last) : std::nullopt;
  };
  const auto column = number_before(at);
  return column && number_before(*column);
}

// What net/http of Go writes when a handler panicked and the server goes on.
constexpr std::array<std::string_view, 1> kSurvivedPanics = {"http: panic serving "};
constexpr std::array<std::string_view, 4> kPanics = {"panic: ", "panicked at", "terminate called", "Assertion "};
constexpr std::string_view kTraceback = "Traceback (most recent call last)";
constexpr std::array<std::string_view, 11> kDyingWords = {
    kPanics[0],
    kPanics[1],
    kPanics[2],
    kPanics[3],
    kTraceback,
    "TypeError: ",
    "RangeError: ",
    "ReferenceError: ",
    "Uncaught ",
    "Unhandled exception",
    "Exception in thread",
};

std::optional<std::string> sanitizer_report(std::string_view log) {
  const auto lines =
      lines_that(log, [](std::string_view line) { return has_one_of(line, kSanitizers) || is_of_ubsan(line); });
  return lines.empty() ? std::nullopt : std::optional(lines.front());
}

}  // namespace

std::uintmax_t log_size(const std::filesystem::path& log) {
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(log, none);
  return none ? 0 : size;
}

std::string log_since(const std::filesystem::path& log, std::uintmax_t offset) {
  std::ifstream file(log, std::ios::binary);
  if (offset > log_size(log)) offset = kLogHead;  // its middle was left out
  file.seekg(static_cast<std::streamoff>(offset));
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

std::optional<LogFault> fault_in_log(std::string_view log) {
  if (auto line = sanitizer_report(log)) return LogFault{"sanitizer report", std::move(*line)};
  const auto panics = lines_with(log, kSurvivedPanics);
  return panics.empty() ? std::nullopt : std::optional(LogFault{"panic", panics.front()});
}

std::optional<std::string> report_in_log(std::string_view log) {
  if (auto line = sanitizer_report(log)) return line;
  // Of errors that it survived it may have told as well.
  const auto lines = lines_with(log, kDyingWords);
  return lines.empty() ? std::nullopt : std::optional(lines.back());
}

bool tells_of_a_crash(std::string_view log) { return sanitizer_report(log) || !lines_with(log, kPanics).empty(); }

std::string last_words(std::string_view log) {
  const auto report = report_in_log(log);
  if (report && !report->contains(kTraceback)) return *report;
  const std::size_t end = log.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  log = log.substr(0, end + 1);
  return std::string(cut_to(log.substr(log.rfind('\n') + 1), kLongestLine));
}

}  // namespace touchstone::cli

// journal.cc - writing and reading the record of a run.
#include "reports/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "reports/result/result_json.h"

namespace touchstone {
namespace {

constexpr std::string_view kCutOff = "the run was cut off: its journal has no footer";

std::string line_of(const Json& value) { return write_json(value) + '\n'; }

// Reads line after line; each kind of line has its place.
class JournalReader {
 public:
  std::optional<JsonFault> take(const Json& line) {
    if (!line.is_object() || line.empty()) return misplaced(line);
    const std::string& first = line.begin().key();
    if (first == "journal" && !has_header_) return take_header(line);
    if (first == "result" && has_header_ && !has_footer_) return take_result(line);
    if (first == "footer" && has_header_ && !has_footer_) return take_footer(line);
    return misplaced(line);
  }

  [[nodiscard]] bool has_header() const { return has_header_; }

  Journal finish() {
    if (!has_footer_) {
      journal_.run.complete = false;
      journal_.run.ended_because = kCutOff;
      journal_.run.end = journal_.run.start;
      for (const Result& result : journal_.results) {
        constexpr double kLongest = 1e9;  // milliseconds; no case takes eleven days
        const double milliseconds = std::clamp(result.duration_ms, 0.0, kLongest);
        const auto took = std::chrono::microseconds(static_cast<std::int64_t>(milliseconds * 1000));
        journal_.run.end = std::max(journal_.run.end, result.started + took);
      }
    }
    return std::move(journal_);
  }

 private:
  [[nodiscard]] JsonFault misplaced(const Json& line) const {
    JsonFault fault;
    fault.found = write_json(line).substr(0, 60);
    fault.allowed = !has_header_  ? "the header {\"journal\": 1, \"run\": ...}"
                    : has_footer_ ? "nothing after the footer"
                                  : "{\"result\": ...} or {\"footer\": ...}";
    return fault;
  }

  std::optional<JsonFault> take_header(const Json& line) {
    std::optional<JsonFault> fault;
    Members members(line, "", fault);
    int format = 0;
    members.integer("journal", format);
    if (!fault && (format < 1 || format > kJournalFormat))
      return JsonFault{{}, 0, "/journal", std::to_string(format), fmt::format("1 to {}", kJournalFormat)};
    members.nested("run", [&](const Json& value, const std::string& pointer) {
      auto run = run_from_json(value, pointer);
      if (run) {
        journal_.run = std::move(*run);
      } else {
        fault = run.error();
      }
    });
    members.no_others();
    has_header_ = true;
    return fault;
  }

  std::optional<JsonFault> take_result(const Json& line) {
    std::optional<JsonFault> fault;
    Members members(line, "", fault);
    members.nested("result", [&](const Json& value, const std::string& pointer) {
      auto result = result_from_json(value, pointer);
      if (result) {
        ++result_lines_;
        keep(std::move(*result));
      } else {
        fault = result.error();
      }
    });
    members.no_others();
    return fault;
  }

  // A later line for the same case replaces the earlier one.
  void keep(Result result) {
    const auto [known, is_new] = places_.try_emplace({result.endpoint, result.case_id}, journal_.results.size());
    if (is_new) {
      journal_.results.push_back(std::move(result));
    } else {
      journal_.results[known->second] = std::move(result);
    }
  }

  std::optional<JsonFault> take_footer(const Json& line) {
    std::optional<JsonFault> fault;
    std::size_t results = 0;
    Members(line, "", fault).nested("footer", [&](const Json& value, const std::string& pointer) {
      Members members(value, pointer, fault);
      members.time("end", journal_.run.end);
      members.flag("complete", journal_.run.complete);
      members.text("ended_because", journal_.run.ended_because);
      members.integer("results", results);
      members.no_others();
    });
    has_footer_ = true;
    // Lines that vanished from the middle would otherwise go unnoticed.
    if (!fault && results != result_lines_)
      return JsonFault{{},
                       0,
                       "/footer/results",
                       std::to_string(results),
                       fmt::format("{}, the number of result lines above", result_lines_)};
    return fault;
  }

  Journal journal_;
  std::map<std::pair<std::string, std::string>, std::size_t> places_;  // of endpoint and case
  std::size_t result_lines_ = 0;
  bool has_header_ = false, has_footer_ = false;
};

}  // namespace

std::expected<JournalWriter, FileError> JournalWriter::open(const std::filesystem::path& folder, const RunInfo& run) {
  return begin(folder, kJournalName, run);
}

std::expected<JournalWriter, FileError> JournalWriter::open_with(const std::filesystem::path& folder,
                                                                 const RunInfo& run,
                                                                 const std::vector<Result>& earlier) {
  const std::string aside = std::string(kJournalName) + ".new";
  auto writer = begin(folder, aside, run);
  for (const Result& result : earlier) {
    if (!writer) break;
    if (auto added = writer->add(result); !added) return std::unexpected(added.error());
  }
  if (!writer) return writer;
  std::error_code error;
  std::filesystem::rename(folder / aside, folder / kJournalName, error);
  if (error)
    return std::unexpected(fmt::format("cannot write {}: {}", (folder / kJournalName).string(), error.message()));
  return writer;
}

std::expected<JournalWriter, FileError> JournalWriter::begin(const std::filesystem::path& folder, std::string_view name,
                                                             const RunInfo& run) {
  if (auto made = make_folder(folder); !made) return std::unexpected(made.error());
  auto file = OutputFile::create(folder / name);
  if (!file) return std::unexpected(file.error());
  Json header = to_json(run);
  for (const char* later : {"end", "complete", "ended_because"}) header.erase(later);
  if (auto written = file->append(line_of(Json{{"journal", kJournalFormat}, {"run", std::move(header)}})); !written)
    return std::unexpected(written.error());
  return JournalWriter(std::move(*file));
}

std::expected<void, FileError> JournalWriter::add(const Result& result) {
  Json line;
  line["result"] = to_json(result);
  auto written = file_.append(line_of(line));
  if (written) ++results_;
  return written;
}

std::expected<void, FileError> JournalWriter::finish(const RunInfo& run) {
  Json line;
  line["footer"] = Json{{"end", format_time(run.end)},
                        {"complete", run.complete},
                        {"ended_because", run.ended_because},
                        {"results", results_}};
  if (auto written = file_.append(line_of(line)); !written) return written;
  return file_.close();
}

std::expected<Journal, FileError> read_journal(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto file = std::filesystem::is_directory(path, ignored) ? path / kJournalName : path;
  const auto content = read_file(file);
  if (!content) return std::unexpected(content.error());
  return parse_journal(file.string(), *content);
}

std::expected<Journal, FileError> parse_journal(const std::string& name, std::string_view text) {
  JournalReader reader;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    ++number;
    const std::size_t end = rest.find('\n');
    const bool torn = end == std::string_view::npos;  // the writer ends every line
    auto line = parse_json(rest.substr(0, end));
    rest.remove_prefix(torn ? rest.size() : end + 1);
    if (!line && torn && reader.has_header()) break;
    std::optional<JsonFault> fault = line ? reader.take(*line) : line.error();
    if (!fault) continue;
    fault->file = name;
    fault->line = number;
    return std::unexpected(fault->text());
  }
  if (!reader.has_header()) return std::unexpected(fmt::format("{}: found no header, allowed is a journal", name));
  return reader.finish();
}

}  // namespace touchstone

// journal.cc - writing and reading the record of a run.
#include "reports/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "reports/result/result_json.h"

namespace touchstone {
namespace {

constexpr std::string_view kCutOff = "the run was cut off: its journal has no footer";

const std::string kAside = std::string(kJournalName) + ".new";  // until it is whole
std::string line_of(const Json& value) { return write_json(value) + '\n'; }

bool begins_with(const Json& line, std::string_view key) {
  return line.is_object() && !line.empty() && line.begin().key() == key;
}

// The result lines of a journal that can be read: what lies between its header and its footer, or half a line.
std::string_view result_lines(std::string_view text) {
  text = text.substr(0, text.rfind('\n') + 1);
  text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
  if (text.empty()) return text;
  const std::size_t last = text.rfind('\n', text.size() - 2) + 1;  // 0: there is one line
  const auto line = parse_json(text.substr(last));
  return line && begins_with(*line, "footer") ? text.substr(0, last) : text;
}

// What a line says: a result, or what has to be looked at in its turn.
struct Line {
  std::string_view text{};
  std::expected<Json, JsonFault> json = Json();
  std::optional<std::expected<Result, JsonFault>> result{};
};

Line read_line(std::string_view text) {
  Line line{.text = text, .json = parse_json(text)};
  if (!line.json || !begins_with(*line.json, "result")) return line;
  std::optional<JsonFault> fault;
  std::optional<Result> whole;
  Members members(*line.json, "", fault);
  members.nested("result", [&](const Json& value, const std::string& pointer) {
    auto result = result_from_json(value, pointer);
    if (result) {
      whole = std::move(*result);
    } else {
      fault = result.error();
    }
  });
  members.no_others();
  line.json = Json();  // it may be large
  if (fault) {
    line.result = std::unexpected(std::move(*fault));
  } else {
    line.result = std::move(*whole);
  }
  return line;
}

// Lines do not depend on each other, and to read them is what takes the time.
std::vector<Line> read_lines(const std::vector<std::string_view>& texts) {
  constexpr std::size_t kBlock = 500;  // not worth a thread of its own
  std::vector<Line> lines(texts.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t from = next.fetch_add(kBlock); from < texts.size(); from = next.fetch_add(kBlock)) {
      const std::size_t to = std::min(from + kBlock, texts.size());
      for (std::size_t i = from; i < to; ++i) lines[i] = read_line(texts[i]);
    }
  };
  const std::size_t blocks = texts.size() / kBlock;
  const std::size_t helpers = std::min<std::size_t>(blocks, std::max(1U, std::thread::hardware_concurrency()) - 1);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < helpers; ++i) threads.emplace_back(work);
    work();
  }
  return lines;
}

// Reads line after line; each kind of line has its place.
class JournalReader {
 public:
  std::optional<JsonFault> take(Line line) {
    if (line.result && has_header_ && !has_footer_) return take_result(std::move(*line.result));
    if (begins_with(*line.json, "journal") && !has_header_) return take_header(*line.json);
    if (begins_with(*line.json, "footer") && has_header_ && !has_footer_) return take_footer(*line.json);
    return misplaced(line.text);
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
  [[nodiscard]] JsonFault misplaced(std::string_view line) const {
    JsonFault fault;
    fault.found = line.substr(0, 60);
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
    journal_.format = format;
    has_header_ = true;
    return fault;
  }

  std::optional<JsonFault> take_result(std::expected<Result, JsonFault> result) {
    if (!result) return std::move(result.error());
    ++result_lines_;
    keep(std::move(*result));
    return std::nullopt;
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
  auto writer = begin(folder, kAside, run);
  for (const Result& result : earlier) {
    if (!writer) break;
    if (auto added = writer->add(result); !added) return std::unexpected(added.error());
  }
  if (!writer) return writer;
  if (auto placed = put_in_place(folder); !placed) return std::unexpected(placed.error());
  return writer;
}

std::expected<JournalWriter, FileError> JournalWriter::go_on(const std::filesystem::path& folder, const RunInfo& run) {
  const auto text = read_file(folder / kJournalName);
  if (!text) return std::unexpected(text.error());
  const std::string_view lines = result_lines(*text);
  auto writer = begin(folder, kAside, run);
  if (!writer) return writer;
  if (auto copied = writer->file_.append(lines); !copied) return std::unexpected(copied.error());
  writer->results_ = static_cast<std::size_t>(std::ranges::count(lines, '\n'));
  if (auto placed = put_in_place(folder); !placed) return std::unexpected(placed.error());
  return writer;
}

std::expected<void, FileError> JournalWriter::put_in_place(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::rename(folder / kAside, folder / kJournalName, error);
  if (error)
    return std::unexpected(fmt::format("cannot write {}: {}", (folder / kJournalName).string(), error.message()));
  return {};
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
  std::vector<std::string_view> texts;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    texts.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const bool torn = !text.ends_with('\n');  // the writer ends every line
  std::size_t number = 0;
  for (Line& line : read_lines(texts)) {
    ++number;
    if (!line.json && torn && number == texts.size() && reader.has_header()) break;
    std::optional<JsonFault> fault = line.json ? reader.take(std::move(line)) : line.json.error();
    if (!fault) continue;
    fault->file = name;
    fault->line = number;
    return std::unexpected(fault->text());
  }
  if (!reader.has_header()) return std::unexpected(fmt::format("{}: found no header, allowed is a journal", name));
  return reader.finish();
}

}  // namespace touchstone

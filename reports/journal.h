// journal.h - the record of a run as it happens: JSON lines, one header, one line a verdict, one footer.
//
//   {"journal": 2, "run": {...}}                                            what is tested, with what
//   {"result": {...}}                                                       as soon as a verdict is known
//   {"footer": {"end": ..., "complete": ..., "ended_because": ..., "results": 514}}
//
// A failure is written when it is first seen and again when the case has run alone: of the lines for one case and one
// endpoint the last counts.
//
// Every report is a rendering of this file. A run that was killed left no footer, and perhaps half a line at the
// end: what is there is kept, and the run counts as incomplete. Schema: reports/schema/journal.json.
#pragma once
#include "reports/result/result.h"
#include "reports/support/files.h"

#include <expected>
#include <filesystem>
#include <vector>

namespace touchstone {

inline constexpr std::string_view kJournalName = "journal.jsonl";
// Grows when an older reader would misread: one of format 1 takes each line for a case of its own. Both are read.
inline constexpr int kJournalFormat = 2;

class JournalWriter {
 public:
  // Creates the folder when needed, and in it the journal with its header. An older journal there is replaced.
  [[nodiscard]] static std::expected<JournalWriter, FileError> open(const std::filesystem::path& folder,
                                                                    const RunInfo& run);
  // The same with the results of an earlier run, which is replaced in one step: its journal is never half there.
  [[nodiscard]] static std::expected<JournalWriter, FileError> open_with(const std::filesystem::path& folder,
                                                                         const RunInfo& run,
                                                                         const std::vector<Result>& earlier);
  // The same with the result lines that stand in the folder's own journal, as they are.
  [[nodiscard]] static std::expected<JournalWriter, FileError> go_on(const std::filesystem::path& folder,
                                                                     const RunInfo& run);
  // Written through to the system when it returns: a result that was added outlives this process. After an error
  // (a full disk) the results added before are still there, and the next add() may succeed.
  [[nodiscard]] std::expected<void, FileError> add(const Result& result);
  // The footer, from run.end, run.complete and run.ended_because. The last call.
  [[nodiscard]] std::expected<void, FileError> finish(const RunInfo& run);

 private:
  [[nodiscard]] static std::expected<JournalWriter, FileError> begin(const std::filesystem::path& folder,
                                                                     std::string_view name, const RunInfo& run);
  [[nodiscard]] static std::expected<void, FileError> put_in_place(const std::filesystem::path& folder);
  explicit JournalWriter(OutputFile file) : file_(std::move(file)) {}
  OutputFile file_;
  std::size_t results_ = 0;  // lines
};

struct Journal {
  RunInfo run;
  std::vector<Result> results;  // one for each case of each endpoint, in the order in which they were first known
  int format = kJournalFormat;  // of the file that was read
};

// `path`: the file, or the folder that has it. The error is one line: file, line, what was found, what is allowed.
[[nodiscard]] std::expected<Journal, FileError> read_journal(const std::filesystem::path& path);

// The same from its text; `name` is the file's in the error.
[[nodiscard]] std::expected<Journal, FileError> parse_journal(const std::string& name, std::string_view text);

}  // namespace touchstone

// serve_results.h - the results of all clients of a fuzzing server: in memory, in the journal, and over a restart.
#pragma once
#include "reports/journal.h"
#include "runner/cli/process/client_deaths.h"
#include "runner/cli/run/serve_options.h"
#include "runner/engine/habits.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace touchstone::cli {

class ServeResults {
 public:
  ServeResults(const ServePlan& plan, const Catalogue& catalogue) : plan_(plan), catalogue_(catalogue) {}

  // Takes over what an earlier `touchstone serve` left in the folder, unless `fresh`, and opens the journal.
  [[nodiscard]] std::expected<void, FileError> open(const RunInfo& info, bool fresh);

  void add(Result result);      // a case of a client that ran again replaces its earlier result
  void confirm(Result second);  // of a second run: it counts, and is marked as flaky when it differs
  void blame(const Case& c, const ProgramEnd& end);  // the client's program died in it, twice
  // A client that nobody here started ended TCP in this case, and did not come back for the rest.
  void lost(const std::string& endpoint, const std::string& case_id);

  // What `habits`, which are known by now, explain is not held against the client. How many results that changes.
  std::size_t reconsider(const std::string& endpoint, Habits& habits);

  [[nodiscard]] const std::vector<Result>& all() const noexcept { return results_; }
  [[nodiscard]] std::vector<Result> of(const std::string& endpoint) const;
  // The cases whose verdict needs a second look: each list is of one sort, which breaks one rule in one way.
  struct Doubtful {
    bool waited = false;  // a silence was part of it
    std::vector<const Case*> cases{};
    std::size_t stand_for_all = 0;  // so many of them, the first, are looked at before the others
  };
  [[nodiscard]] std::vector<Doubtful> doubtful() const;
  // A second look at one of `cases` showed something else.
  [[nodiscard]] bool any_differed(const std::vector<const Case*>& cases) const;

  // The run as it stands: endpoints, plan, end, complete or why not.
  [[nodiscard]] RunInfo describe(RunInfo info, const std::string& because) const;
  // The journal once more, with all that is known now. The error tells of results that could not be recorded.
  [[nodiscard]] std::expected<void, FileError> finish(const RunInfo& info);

 private:
  Result& place(Result result);
  void stand(Result second);
  void record(const Result& result);

  const ServePlan& plan_;
  const Catalogue& catalogue_;
  std::vector<Result> results_;  // the latest of each client and case
  std::map<std::pair<std::string, std::string>, std::size_t> places_;
  std::optional<JournalWriter> journal_;
  std::string error_;
};

}  // namespace touchstone::cli

// collector.h - takes the results of a run as they come: into the journal, into memory, onto the screen; and looks
// after the server under test when it dies.
#pragma once
#include "reports/journal.h"
#include "runner/cli/process/server_process.h"
#include "runner/cli/run/progress.h"
#include "runner/engine/run.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace touchstone::cli {

// Writes the replay command of a result in the user's terms: a server that only lives during this run is named by
// how it is started, not by its port.
using Replay = std::function<std::string(const Case&, const Target&)>;

class Collector : public RunObserver {
 public:
  struct Parts {
    const Catalogue& catalogue;  // that the results are of
    JournalWriter& journal;
    Progress& progress;
    ServerProcess* server = nullptr;  // of --command
    Replay replay;
    Profile profile = Profile::standard;
    bool keep_all = false;  // whole transcripts of all cases
  };
  explicit Collector(Parts parts) : parts_(std::move(parts)) {}

  // Results that follow are of this target.
  void begin(const Target& target) { target_ = &target; }

  void started(const Case& c) override;
  void known(const Result& result) override;
  void finished(const Result& result) override;
  [[nodiscard]] Death death() override;
  bool endpoint_died(const std::vector<const Case*>& suspects, const std::string& why) override;

  // After the last case: a server of ours that has ended since, although nobody tried to connect again.
  void check_server_at_end();
  // After its end: a sanitizer's report that came late.
  void check_log_at_end();

  [[nodiscard]] const std::vector<Result>& results() const noexcept { return results_; }
  // One sentence for each death, or each fault in its log that it survived, of the server: at which case, and how.
  [[nodiscard]] const std::vector<std::string>& deaths() const noexcept { return deaths_; }
  // Why not all results are in the journal; empty when they are.
  [[nodiscard]] const std::string& journal_error() const noexcept { return journal_error_; }

 private:
  // With the command that repeats it in the user's terms.
  [[nodiscard]] Result with_replay(Result result) const;
  void record(const Result& result);
  void tell_death(std::string text);
  void tell_failure(const Result& result);

  Parts parts_;
  const Target* target_ = nullptr;
  std::string autopsy_;  // of the death that is told next; it may take seconds, so it is made once
  std::vector<Result> results_;
  std::size_t failures_ = 0;
  std::vector<std::string> deaths_;
  std::string last_drop_;  // the latest case in which the endpoint ended TCP without a Close
  std::string journal_error_;
};

// "at close/a", "during one of close/a, close/b", "between two cases".
[[nodiscard]] std::string at_which_case(const std::vector<const Case*>& suspects);

}  // namespace touchstone::cli

// fuzz_report.h - the folder, the messages and the exit code of a campaign, whatever it is sent to.
#pragma once
#include "runner/campaign/campaign_folder.h"
#include "runner/catalogue/catalogue.h"
#include "runner/cli/cli.h"
#include "runner/cli/run/run_folder.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace touchstone::cli {

class FuzzReport {
 public:
  struct Settings {
    std::filesystem::path out;
    std::string known;                 // folder of findings that are triaged; empty: none
    std::vector<std::string> corpora;  // folders that are only read
    bool quiet = false;
  };
  // Throws UsageError where something that is named is not there.
  explicit FuzzReport(Settings settings);

  // Reads what earlier campaigns left, and keeps others out. Throws UsageError.
  void take();
  void begin(std::vector<RunInfo::Endpoint> endpoints, std::uint64_t seed, unsigned jobs);
  // What earlier campaigns kept. A file that is none of their stimuli is left out.
  [[nodiscard]] std::vector<Case> corpus() const;

  // The events of fuzz::CampaignObserver.
  void progress(const fuzz::CampaignStats& stats);
  void kept(const Case& c, const std::string& outcome) { folder_.keep_stimulus(c, outcome); }
  bool wants(const fuzz::Cluster& cluster);
  // `result`: of the difference, for the journal. `replay`: the command without the case file.
  void found(const fuzz::Difference& difference, Result result, const std::string& replay);

  // Writes what is left to write, and says it.
  Exit conclude(const fuzz::CampaignEnd& end);

 private:
  void write_packets(const std::filesystem::path& place, const Result& result);
  std::string write(const fuzz::CampaignEnd& end);
  void say(const fuzz::CampaignEnd& end) const;

  const Settings settings_;
  fuzz::CampaignFolder folder_;
  const Catalogue& catalogue_ = Catalogue::built_in();
  std::optional<RunFolder> lock_;
  fuzz::KnownClusters known_;
  RunInfo info_;
  std::string trouble_;
  std::size_t found_ = 0, known_met_ = 0;
  std::chrono::milliseconds told_{0};
};

}  // namespace touchstone::cli

// campaign_folder.h - the folder of a campaign: what earlier ones left in it, and what this one adds, as it happens.
//
//   corpus/        stimuli that gave a new outcome (corpus.h)
//   findings/      a folder for each cluster (findings.h)
//   journal.jsonl  the findings as results, earlier ones too, and from it the reports
//   fuzz.json      what each campaign did (record.h)
//
// All of it is on disk as soon as it is known, fuzz.json within a second: a campaign that is killed loses no more.
#pragma once
#include "reports/journal.h"
#include "runner/campaign/corpus.h"
#include "runner/campaign/findings.h"
#include "runner/campaign/record.h"

#include <chrono>
#include <expected>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace touchstone::fuzz {

class CampaignFolder {
 public:
  explicit CampaignFolder(std::filesystem::path path) : path_(std::move(path)) {}

  // Reads what earlier campaigns left. The error is for people: a file that is none of theirs.
  [[nodiscard]] std::expected<void, std::string> read();
  // Begins the journal with what was read, and the record.
  [[nodiscard]] std::expected<void, std::string> begin(const RunInfo& info);

  // Stimuli of earlier campaigns here, then those of `more` folders, each once; what has no place is told to
  // `left_out`.
  [[nodiscard]] std::vector<Case> corpus(const std::vector<std::filesystem::path>& more, const LeftOut& left_out) const;
  void keep_stimulus(const Case& stimulus, const std::string& outcome);

  // An earlier campaign here found it; this one met it again.
  [[nodiscard]] bool found_before(const Cluster& cluster);
  [[nodiscard]] std::size_t met_again() const noexcept { return met_again_.size(); }
  // `result` is of the finding that write_finding() wrote here.
  void add(const Cluster& cluster, const Result& result);

  // Writes the record, at most once a second unless it is the last time.
  void note(const CampaignStats& stats, bool last = false);
  // The end of the journal and of the record. The error: the first thing that could not be written, if anything.
  [[nodiscard]] std::expected<void, std::string> finish(const RunInfo& info, const CampaignStats& stats);

  [[nodiscard]] std::filesystem::path findings() const { return path_ / "findings"; }
  // Of earlier campaigns and of this one.
  [[nodiscard]] const std::vector<Result>& results() const noexcept { return results_; }

 private:
  void trouble(const std::expected<void, std::string>& done);

  std::filesystem::path path_;
  std::set<std::string> before_, met_again_;  // names of clusters
  std::vector<Result> results_;
  std::vector<CampaignRecord> records_;  // the last one is this campaign's
  std::optional<JournalWriter> journal_;
  std::chrono::milliseconds noted_{-1};
  std::string trouble_;
};

// The stimuli of a folder of a campaign, or of one that has nothing but stimuli.
[[nodiscard]] std::filesystem::path corpus_in(const std::filesystem::path& folder);

// Copies each finding of `from` that `out` has not, by its cluster. How many; the error is for people.
[[nodiscard]] std::expected<std::size_t, std::string> copy_findings(const std::filesystem::path& out,
                                                                    const std::filesystem::path& from);

}  // namespace touchstone::fuzz

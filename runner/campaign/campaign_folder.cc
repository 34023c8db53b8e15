#include "runner/campaign/campaign_folder.h"

#include "reports/support/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace touchstone::fuzz {
namespace {

constexpr std::chrono::milliseconds kBetweenNotes{1000};
constexpr std::string_view kPrefix = "fuzz/";  // of a finding's name as a case

// Of this process, user and system.
std::chrono::milliseconds processor_time() {
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::clock()) * 1000 / CLOCKS_PER_SEC);
}

bool has_finding(const std::filesystem::path& findings, const std::string& cluster) {
  std::error_code ignored;
  return std::filesystem::exists(findings / cluster / "case.json", ignored);
}

// Names of the folders that have a case.json.
std::set<std::string> names_in(const std::filesystem::path& findings) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(findings, error)) {
    std::string name = entry.path().filename().string();
    if (has_finding(findings, name)) names.insert(std::move(name));
  }
  return names;
}

}  // namespace

std::expected<void, std::string> CampaignFolder::read() {
  before_ = names_in(findings());
  auto records = read_records(path_);
  if (!records) return std::unexpected(records.error());
  records_ = std::move(*records);
  std::error_code ignored;
  if (!std::filesystem::exists(path_ / kJournalName, ignored)) return {};
  auto journal = read_journal(path_);
  if (!journal) return std::unexpected(journal.error());
  for (Result& result : journal->results) {
    // A finding whose folder is gone was triaged, or is not of a campaign.
    const std::string& id = result.case_id;
    if (id.starts_with(kPrefix) && before_.contains(id.substr(kPrefix.size()))) results_.push_back(std::move(result));
  }
  return {};
}

std::expected<void, std::string> CampaignFolder::begin(const RunInfo& info) {
  auto journal = JournalWriter::open_with(path_, info, results_);
  if (!journal) return std::unexpected(journal.error());
  journal_.emplace(std::move(*journal));
  CampaignRecord& record = records_.emplace_back();
  record.start = info.start;
  record.version = info.version;
  record.seed = info.seed;
  for (const auto& endpoint : info.endpoints) record.endpoints.push_back(endpoint.name);
  return write_records(path_, records_);
}

std::vector<Case> CampaignFolder::corpus(const std::vector<std::filesystem::path>& more,
                                         const LeftOut& left_out) const {
  std::vector<Case> corpus;
  std::set<std::string> names;
  std::vector<std::filesystem::path> folders{path_};
  folders.insert(folders.end(), more.begin(), more.end());
  for (const auto& folder : folders) {
    for (Kept& kept : read_corpus(corpus_in(folder), left_out))
      if (names.insert(content_name(kept.stimulus)).second) corpus.push_back(std::move(kept.stimulus));
  }
  return corpus;
}

void CampaignFolder::keep_stimulus(const Case& stimulus, const std::string& outcome) {
  trouble(keep(path_ / "corpus", {stimulus, outcome}));
}

bool CampaignFolder::found_before(const Cluster& cluster) {
  const std::string name = cluster_name(cluster);
  if (!before_.contains(name)) return false;
  if (met_again_.insert(name).second && !records_.empty()) records_.back().found_before.push_back(name);
  return true;
}

void CampaignFolder::add(const Cluster& cluster, const Result& result) {
  results_.push_back(result);
  if (!records_.empty()) records_.back().found.push_back(cluster_name(cluster));
  if (journal_) trouble(journal_->add(result));
}

void CampaignFolder::note(const CampaignStats& stats, bool last) {
  if (records_.empty() || (!last && noted_.count() >= 0 && stats.took - noted_ < kBetweenNotes)) return;
  noted_ = stats.took;
  CampaignRecord& record = records_.back();
  record.took = stats.took;
  record.cpu = processor_time();
  record.stimuli = stats.inputs;
  record.connections = stats.connections;
  record.outcomes = stats.kept;
  record.pairs = stats.pairs.all;
  record.pairs_visited = stats.pairs.visited;
  add_point(record, {stats.took, stats.inputs, stats.kept, record.found.size()});
  trouble(write_records(path_, records_));
}

std::expected<void, std::string> CampaignFolder::finish(const RunInfo& info, const CampaignStats& stats) {
  if (!records_.empty()) {
    records_.back().complete = info.complete;
    records_.back().ended_because = info.ended_because;
  }
  note(stats, true);
  if (journal_) trouble(journal_->finish(info));
  if (trouble_.empty()) return {};
  return std::unexpected(trouble_);
}

void CampaignFolder::trouble(const std::expected<void, std::string>& done) {
  if (!done && trouble_.empty()) trouble_ = done.error();
}

std::filesystem::path corpus_in(const std::filesystem::path& folder) {
  std::error_code ignored;
  const auto inner = folder / "corpus";
  return std::filesystem::is_directory(inner, ignored) ? inner : folder;
}

std::expected<std::size_t, std::string> copy_findings(const std::filesystem::path& out,
                                                      const std::filesystem::path& from) {
  std::size_t copied = 0;
  for (const std::string& name : names_in(from)) {
    if (has_finding(out, name)) continue;
    if (const auto made = make_folder(out / name); !made) return std::unexpected(made.error());
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(from / name, error)) files.push_back(entry.path());
    // case.json last: with it the finding counts as there.
    std::ranges::sort(files, {}, [](const auto& file) { return file.filename() == "case.json"; });
    for (const auto& file : files) {
      const auto content = read_file(file);
      if (!content) return std::unexpected(content.error());
      if (const auto written = write_file(out / name / file.filename(), *content); !written)
        return std::unexpected(written.error());
    }
    ++copied;
  }
  return copied;
}

}  // namespace touchstone::fuzz

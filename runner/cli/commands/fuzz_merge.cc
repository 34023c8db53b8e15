#include "runner/cli/commands/fuzz_merge.h"

#include "reports/render.h"
#include "reports/support/files.h"
#include "runner/campaign/campaign_folder.h"
#include "runner/cli/must.h"
#include "runner/cli/print.h"
#include "runner/cli/run/merge.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/text.h"

#include <fmt/core.h>

#include <filesystem>
#include <utility>

namespace touchstone::cli {
namespace {

using Path = std::filesystem::path;

bool has(const Path& folder, std::string_view name) {
  std::error_code ignored;
  return std::filesystem::exists(folder / name, ignored);
}

// Reports of the same shape as one campaign's.
void merge_journals(const Path& out, const std::vector<Path>& folders) {
  std::vector<Journal> journals;
  std::vector<std::string> names;
  for (const Path& folder : folders) {
    if (!has(folder, kJournalName)) continue;
    journals.push_back(must(read_journal(folder)));
    names.push_back(folder.string());
  }
  if (journals.empty()) return;
  Merged all = merge(std::move(journals), names);  // the same cluster on several machines is no matter for a warning
  all.journal.run.planned = all.journal.results.size();
  auto writer = must(JournalWriter::open_with(out, all.journal.run, all.journal.results));
  must(writer.finish(all.journal.run));
  must(render_all(out, all.journal.run, all.journal.results, requirement_texts(Catalogue::built_in())));
}

}  // namespace

Exit merge_campaigns(const std::string& out_name, const std::vector<std::string>& from) {
  if (from.empty()) throw UsageError("--merge OUT: which folders? Name them after the options");
  const Path target(out_name);
  std::vector<Path> folders;
  for (const std::string& name : from) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(name, ignored))
      throw UsageError(fmt::format("{}: no such folder; --merge wants folders of campaigns, or of stimuli", name));
    if (!std::filesystem::equivalent(name, target, ignored)) folders.emplace_back(name);
  }
  must(make_folder(target / "corpus"));
  std::vector<Path> corpora;
  std::vector<std::vector<fuzz::CampaignRecord>> records{must(fuzz::read_records(target))};
  std::size_t findings = 0;
  for (const Path& folder : folders) {
    corpora.push_back(fuzz::corpus_in(folder));
    records.push_back(must(fuzz::read_records(folder)));
    findings += must(fuzz::copy_findings(target / "findings", folder / "findings"));
  }
  const auto left_out = [](const std::string& why) { err("left out of the corpus: {}\n", why); };
  const auto corpus = must(fuzz::merge_corpora(target / "corpus", corpora, left_out));
  if (const auto all = fuzz::merged(std::move(records)); !all.empty()) must(fuzz::write_records(target, all));
  std::vector<Path> with_target{target};
  with_target.insert(with_target.end(), folders.begin(), folders.end());
  merge_journals(target, with_target);
  out("corpus: {} read, {} of them copies, {} without an outcome of their own; {} kept in {}\n",
      count_of(corpus.read, "stimulus", "stimuli"), corpus.copies, corpus.nothing, corpus.kept,
      (target / "corpus").string());
  out("findings: {} added to {}\n", findings, (target / "findings").string());
  return Exit::ok;
}

}  // namespace touchstone::cli

#include "reports/render.h"
#include "runner/campaign/record.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/print.h"
#include "runner/cli/run/merge.h"
#include "runner/cli/run/outcome.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>
#include <set>

namespace touchstone::cli {
namespace {

constexpr const char* kReportFooter = R"(
Exit codes: those of the run that is reported (see `touchstone test --help`): 0 no failures, 1 some, 4 partial;
2 a journal cannot be read, or the report cannot be written.

Examples:
  touchstone report                                   render touchstone-report again
  touchstone report touchstone-report --format junit  one format only
  touchstone report shard1 shard2 --out merged        one report, and one journal, of several runs
  touchstone report compare before after              what changed between two runs)";

struct ReportOptions {
  std::vector<std::string> inputs;
  std::string out;
  std::vector<std::string> formats;
};

std::string check_format(const std::string& name) {
  if (renderer(name) != nullptr) return {};
  std::vector<std::string> known;
  for (const Renderer& each : renderers()) known.emplace_back(each.name);
  return fmt::format("'{}' is no format; allowed are {}", name, join_and(known));
}

std::string format_help() {
  std::string text = "Only this format; may be repeated:";
  for (const Renderer& each : renderers()) text += fmt::format("\n{}: {} ({})", each.name, each.about, each.files);
  return text;
}

std::filesystem::path folder_of(const std::string& input) {
  std::error_code ignored;
  if (std::filesystem::is_directory(input, ignored)) return input;
  const auto parent = std::filesystem::path(input).parent_path();
  return parent.empty() ? "." : parent;
}

std::filesystem::path target_folder(const ReportOptions& options) {
  if (options.out.empty()) {
    if (options.inputs.size() == 1) return folder_of(options.inputs.front());
    throw UsageError("several journals make a new report: say where with --out DIR");
  }
  for (const std::string& input : options.inputs) {
    std::error_code ignored;
    const bool same = std::filesystem::equivalent(folder_of(input), options.out, ignored);
    if (same && options.inputs.size() > 1) {
      throw UsageError(fmt::format("--out {} would replace the journal that is read from there", options.out));
    }
  }
  return options.out;
}

// The merged results as a journal of their own, so that they can be merged and rendered again.
void write_journal(const std::filesystem::path& folder, const Journal& journal) {
  JournalWriter writer = must(JournalWriter::open(folder, journal.run));
  for (const Result& result : journal.results) must(writer.add(result));
  must(writer.finish(journal.run));
}

void render(const ReportOptions& options, const std::filesystem::path& folder, const Journal& journal) {
  const Texts texts = requirement_texts(Catalogue::built_in());
  must(make_folder(folder));
  if (options.formats.empty()) return must(render_all(folder, journal.run, journal.results, texts));
  const Report report{journal.run, journal.results, texts};
  for (const std::string& format : options.formats) must(render_one(*renderer(format), folder, report));
}

// Of campaigns of touchstone fuzz: their records are added up, each campaign once.
void add_up_campaigns(const std::vector<std::string>& inputs, const std::filesystem::path& folder) {
  std::vector<std::vector<fuzz::CampaignRecord>> records;
  for (const std::string& input : inputs) records.push_back(must(fuzz::read_records(folder_of(input))));
  const auto all = fuzz::merged(std::move(records));
  if (all.empty()) return;
  if (inputs.size() > 1) must(fuzz::write_records(folder, all));
  std::uint64_t stimuli = 0;
  std::set<std::string> clusters;
  for (const fuzz::CampaignRecord& each : all) {
    stimuli += each.stimuli;
    clusters.insert(each.found.begin(), each.found.end());
    clusters.insert(each.found_before.begin(), each.found_before.end());
  }
  out("{}: {}, {}\n", count_of(all.size(), "campaign"), count_of(stimuli, "stimulus", "stimuli"),
      count_of(clusters.size(), "cluster"));
}

Exit report(ReportOptions options) {
  if (options.inputs.empty()) options.inputs.emplace_back(kDefaultFolder);
  const std::filesystem::path folder = target_folder(options);
  std::vector<Journal> journals;
  for (const std::string& input : options.inputs) journals.push_back(must(read_journal(input)));
  const Merged merged = merge(std::move(journals), options.inputs);
  for (const std::string& warning : merged.warnings) err("warning: {}\n", warning);
  if (options.inputs.size() > 1) write_journal(folder, merged.journal);
  render(options, folder, merged.journal);
  add_up_campaigns(options.inputs, folder);
  print_outcome(merged.journal.run, merged.journal.results, Catalogue::built_in(), {}, folder / "index.html");
  out("{}\n", totals_line(merged.journal.results));
  if (!merged.journal.run.complete) return Exit::incomplete;
  return any_bad(merged.journal.results) ? Exit::failures : Exit::ok;
}

}  // namespace

void add_report_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand("report", "Render the report of a run again, or merge several runs");
  command->footer(kReportFooter);
  command->add_option("JOURNAL", options->inputs, "Journals, or folders that have one (default: touchstone-report)");
  command->add_option("--out", options->out, "Folder of the report (default: that of the journal)")->type_name("DIR");
  command->add_option("--format", options->formats, format_help())
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->take_all()
      ->check(check_format);
  add_compare_command(*command, exit);
  add_pcap_command(*command, exit);
  command->callback([options, command, &exit] {
    if (command->get_subcommands().empty()) exit = report(*options);
  });
}

}  // namespace touchstone::cli

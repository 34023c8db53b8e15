#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/options/validators.h"
#include "runner/cli/print.h"
#include "runner/cli/run/compare.h"
#include "runner/cli/run/requirement_texts.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kCompareFooter = R"(
Exit codes: 0 nothing that passed fails now, 1 new failures, 2 a journal cannot be read, 4 the second run is partial.

Examples:
  touchstone report compare before after
  touchstone report compare main/touchstone-report touchstone-report --format markdown >> "$GITHUB_STEP_SUMMARY")";

struct CompareOptions {
  std::string first, second, format = "text";
};

Exit compare(const CompareOptions& options) {
  const Journal first = must(read_journal(options.first)), second = must(read_journal(options.second));
  const Texts texts = quoted_texts(Catalogue::built_in());
  const Comparison comparison(first, second, texts);
  out("{}", options.format == "json"       ? compare_json(comparison)
            : options.format == "markdown" ? compare_markdown(comparison)
                                           : compare_text(comparison));
  if (comparison.regressed()) return Exit::failures;
  return second.run.complete ? Exit::ok : Exit::incomplete;
}

}  // namespace

void add_compare_command(CLI::App& report, Exit& exit) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = report.add_subcommand("compare", "Which causes and cases changed between two runs");
  command->footer(kCompareFooter);
  command->add_option("FIRST", options->first, "Journal of the earlier run, or the folder that has it")->required();
  command->add_option("SECOND", options->second, "Journal of the later run, or the folder that has it")->required();
  command->add_option("--format", options->format, "What to print (default: text)")
      ->type_name("text|json|markdown")
      ->check(one_of({"text", "json", "markdown"}));
  command->callback([options, &exit] { exit = compare(*options); });
}

}  // namespace touchstone::cli

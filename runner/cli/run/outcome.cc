#include "runner/cli/run/outcome.h"

#include "reports/digest.h"
#include "runner/cli/print.h"
#include "runner/cli/run/progress.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/run/summary.h"
#include "runner/cli/text.h"

#include <fmt/core.h>

#include <algorithm>

#include <sys/ioctl.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

std::size_t summary_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return std::clamp<std::size_t>(size.ws_col, 60, 120);
}

}  // namespace

void print_outcome(const RunInfo& run, const std::vector<Result>& results, const Catalogue& catalogue,
                   const std::vector<std::string>& deaths, const std::filesystem::path& page) {
  const SummaryStyle style{.colour = wants_colour(STDOUT_FILENO), .width = summary_width()};
  const Texts texts = quoted_texts(catalogue);
  out("{}", Painted{summarize(Report(run, results, texts), style)});
  for (const std::string& death : deaths) out("\nDIED  {}\n", said(death));
  if (!run.complete) {
    out("\nPARTIAL  {} of {} ran{}\n", results.size(), count_of(run.planned, "case"),
        run.ended_because.empty() ? "" : ": " + said(run.ended_because));
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(run.end - run.start);
  out("\n{} in {}.", count_of(results.size(), "case"), format_duration(took));
  if (!page.empty()) out(" Report: {}", page.string());
  out("\n");
}

bool any_bad(const std::vector<Result>& results) { return std::any_of(results.begin(), results.end(), fails_run); }

}  // namespace touchstone::cli

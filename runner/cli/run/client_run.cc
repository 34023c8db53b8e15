#include "runner/cli/run/client_run.h"

#include "reports/digest.h"
#include "reports/left_over.h"
#include "reports/render.h"
#include "reports/support/shell.h"
#include "runner/cli/must.h"
#include "runner/cli/options/case_files.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/run/expect_run.h"
#include "runner/cli/run/outcome.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/run/run_folder.h"
#include "runner/cli/run/run_record.h"
#include "runner/cli/run/summary.h"
#include "runner/cli/text.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"

#include <fmt/core.h>
#include <asio/co_spawn.hpp>

#include <cstdio>
#include <utility>

namespace touchstone::cli {

ClientRun::ClientRun(const ServeOptions& options)
    : options_(options),
      catalogue_(catalogue_of(options.selection.files)),
      plan_(make_plan(options, catalogue_)),
      results_(plan_, catalogue_) {}

Exit ClientRun::run(const std::vector<std::string>& command_line) {
  watch_for_interrupts();
  info_ = begin_record(catalogue_, options_.selection.profile, options_.seed, /*jobs=*/1);
  info_.command_line = command_line;
  const RunFolder lock = must(RunFolder::take(plan_.out, "serve"));
  const bool fresh = !options_.command.empty();  // a run of its own, as `touchstone test` is one
  if (const auto opened = results_.open(info_, fresh); !opened)
    throw UsageError(opened.error() + ". Choose another folder with --out.");
  listen();
  asio::co_spawn(context_, watch_stop(), rethrown);
  if (!options_.command.empty()) asio::co_spawn(context_, conduct(), rethrown);
  context_.run();
  return conclude();
}

asio::awaitable<void> ClientRun::watch_stop() {
  co_await until_set(interrupted());
  context_.stop();
}

std::string ClientRun::url(std::string_view scheme, std::uint16_t port) const {
  const auto& listen = plan_.settings.listen;
  const bool v6 = listen.host.find(':') != std::string::npos;
  return fmt::format("{}{}://{}:{}", scheme, listen.tls ? "s" : "", v6 ? fmt::format("[{}]", listen.host) : listen.host,
                     port);
}

void ClientRun::say_listening(const std::string& url) const {
  if (options_.quiet && !options_.command.empty()) return;
  out("listening on {}\n", url);
  std::fflush(stdout);
}

void ClientRun::say(const std::string& line) const {
  if (!options_.quiet) err("{}\n", said(line));
}

void ClientRun::say_failure(const Result& result) {
  static constexpr std::size_t kTold = 10;
  if (!is_bad(result)) return;
  if (++failures_ <= kTold) {
    for (const std::string& line : failure_lines(result, result.endpoint)) say(line);
  } else if (failures_ == kTold + 1) {
    say("... and more, which the summary says at the end");
  }
}

Result ClientRun::with_replay(Result result) const {
  std::string text = options_.next ? "touchstone serve --next" : "touchstone serve";
  text += " --case " + shell_quote(result.case_id) + cases_arguments(options_.selection.files);
  if (options_.command.empty()) {
    text += " --once";
  } else {
    text += " --agent " + shell_quote(result.endpoint) + " --command " + shell_quote(options_.command);
    if (plan_.settings.listen.tls) text += " --tls";
    if (options_.http != "1") text += " --http " + options_.http;
    if (options_.selection.profile == "full") text += " --profile full";
  }
  result.replay = std::move(text);
  return result;
}

std::expected<void, FileError> ClientRun::render() const {
  auto rendered = render_all(plan_.out, info_, results_.all(), requirement_texts(catalogue_));
  if (rendered) remove_left_over_cases(plan_.out);
  return rendered;
}

Exit ClientRun::conclude() {
  Ending ending = end();
  if (interrupted() && waits()) ending.because = "interrupted";
  info_ = results_.describe(std::move(info_), ending.because);
  const auto finished = results_.finish(info_);
  const auto rendered = render_last();
  report(ending, rendered.has_value());
  if (!rendered) err("error: {}\n", rendered.error());
  if (!finished) err("error: the journal lacks results: {}\n", finished.error());
  const auto& all = results_.all();
  const bool as_expected = plan_.expectations ? print_surprises(*plan_.expectations, all) : !any_bad(all);
  out("{}\n", totals_line(all));
  if (!rendered || !finished) return Exit::incomplete;
  return verdict(ending, as_expected);
}

void ClientRun::report(const Ending& ending, bool has_page) const {
  const auto page = has_page ? plan_.out / "index.html" : std::filesystem::path();
  if (!options_.quiet) return print_outcome(info_, results_.all(), catalogue_, ending.deaths, page);
  for (const std::string& death : ending.deaths) err("error: {}\n", said(death));
  if (!info_.complete) err("error: partial: {}\n", info_.ended_because);
}

Exit ClientRun::verdict(const Ending& ending, bool as_expected) const {
  if (waits() && interrupted()) return Exit::incomplete;
  if (!ending.deaths.empty() || (waits() && results_.all().empty())) return Exit::unreachable;
  if (waits() && !info_.complete) return Exit::incomplete;
  return as_expected ? Exit::ok : Exit::failures;
}

}  // namespace touchstone::cli

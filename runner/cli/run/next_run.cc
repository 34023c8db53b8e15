#include "runner/cli/run/next_run.h"

#include "reports/render.h"
#include "reports/support/shell.h"
#include "runner/cli/options/case_files.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/process/program_run.h"
#include "runner/cli/run/expect_run.h"
#include "runner/cli/run/outcome.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/run/run_folder.h"
#include "runner/cli/run/run_record.h"
#include "runner/cli/run/serve_results.h"
#include "runner/cli/run/summary.h"
#include "runner/cli/text.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"
#include "runner/engine/verdict/weigh.h"
#include "runner/orders/contract.h"

#include <fmt/core.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

namespace touchstone::cli {
namespace {

constexpr std::string_view kNext = "{next}";
constexpr const char* kUnimplemented = "exit code 89";  // as BoGo has it
constexpr std::size_t kMostStarts = 1000;

class NextRun : public orders::Observer {
 public:
  explicit NextRun(const ServeOptions& options)
      : options_(options),
        catalogue_(catalogue_of(options.selection.files)),
        plan_(make_plan(options, catalogue_)),
        results_(plan_, catalogue_) {}

  Exit run(const std::vector<std::string>& command_line) {
    watch_for_interrupts();
    info_ = begin_record(catalogue_, options_.selection.profile, options_.seed, /*jobs=*/1);
    info_.command_line = command_line;
    auto taken = RunFolder::take(plan_.out, "serve");
    if (!taken) throw UsageError(taken.error());
    const RunFolder lock = std::move(*taken);
    if (const auto opened = results_.open(info_, !options_.command.empty()); !opened) throw UsageError(opened.error());
    auto contract = orders::Contract::start(context_.get_executor(), settings(), *this);
    if (!contract) throw UsageError(contract.error());
    contract_ = std::move(*contract);
    contract_->set(plan_.cases);
    if (!options_.quiet || options_.command.empty()) out("listening on {}\n", url());
    std::fflush(stdout);
    asio::co_spawn(context_, watch_stop(), rethrown);
    if (!options_.command.empty()) asio::co_spawn(context_, conduct(), rethrown);
    context_.run();
    return conclude();
  }

  // --- What the contract tells ----------------------------------------------------------------------------------

  void started(const std::string&, const Case&) override {
    ++begun_;
    changed_.notify_all();
  }

  void finished(const Result& result) override {
    Result kept = result;
    kept.replay = replay(kept);
    if (!options_.quiet && (kept.behavior == Behavior::failed || kept.behavior == Behavior::errored)) {
      for (const std::string& line : failure_lines(kept, kept.endpoint)) err("{}\n", said(line));
    }
    results_.add(std::move(kept));
    changed_.notify_all();
  }

  void driver_done(const std::string&) override {
    if (options_.once && options_.command.empty()) context_.stop();
    changed_.notify_all();
  }

 private:
  [[nodiscard]] orders::Contract::Settings settings() const {
    orders::Contract::Settings settings;
    settings.host = plan_.settings.listen.host;
    settings.port = plan_.settings.listen.port;
    settings.agent = plan_.settings.agent;
    settings.folder = plan_.out;
    settings.patience = plan_.settings.timeout;
    return settings;
  }

  [[nodiscard]] std::string url() const {
    return fmt::format("http://{}:{}/next", plan_.settings.listen.host, contract_->port());
  }

  [[nodiscard]] std::string replay(const Result& result) const {
    std::string text = "touchstone serve --next --case " + shell_quote(result.case_id);
    if (options_.command.empty()) return text + " --once";
    return text + " --agent " + shell_quote(result.endpoint) + " --command " + shell_quote(options_.command);
  }

  asio::awaitable<void> watch_stop() {
    co_await until_set(interrupted());
    context_.stop();
  }

  // The program may do one order and end, or all of them. One that ends with an order not done is started again for the
  // rest.
  asio::awaitable<void> conduct() {
    const std::string& agent = plan_.settings.agent;
    const std::string command = replace_all(options_.command, kNext, shell_quote(url() + "?agent=" + agent));
    const ProgramPatience patience{[this] { return plan_.idle; }, [] { return false; }};
    for (std::size_t starts = 0; !contract_->has_all(agent) && starts < kMostStarts; ++starts) {
      const std::size_t before = begun_;
      const ProgramEnd end =
          co_await run_program(context_.get_executor(), command, plan_.out / "client.log", changed_, patience);
      const Case* const c = contract_->under_way(agent);
      orders::Contract::End how = told_by(end);
      if (c != nullptr) co_await contract_->conclude(agent, std::move(how));
      if (begun_ == before) {
        deaths_.push_back(fmt::format("the driver {} and asked for no order",
                                      end.how.empty() ? "was silent" : "ended with " + end.how));
        break;
      }
      if (end.how.empty() && c != nullptr)
        deaths_.push_back(fmt::format("the driver did not come back from {} and was ended", c->id));
    }
    context_.stop();
  }

  [[nodiscard]] orders::Contract::End told_by(const ProgramEnd& end) const {
    orders::Contract::End how;
    if (end.orderly()) return how;  // it has done what it was told
    if (end.how == kUnimplemented) {
      how.unimplemented = kUnimplemented;
    } else if (end.how.empty()) {
      how.lost = fmt::format("the driver did not come back for {}", format_duration(plan_.idle));
    } else {
      const std::string words = end.last_words.empty() ? "" : fmt::format(": {}", end.last_words);
      const Facts facts{.what = end.how, .instead = fmt::format("its program ended with {}{}", end.how, words)};
      how.died = make_finding(FindingKind::endpoint_died, facts,
                              ws::rules::requirement_of(FindingKind::endpoint_died, facts, ws::Role::client));
    }
    return how;
  }

  Exit conclude() {
    std::string because;
    if (interrupted()) because = "interrupted";
    contract_.reset();
    info_ = results_.describe(std::move(info_), because);
    const auto finished = results_.finish(info_);
    const auto rendered = render_all(plan_.out, info_, results_.all(), requirement_texts(catalogue_));
    const auto& all = results_.all();
    if (!options_.quiet) print_outcome(info_, all, catalogue_, deaths_, plan_.out / "index.html");
    if (options_.quiet) {
      for (const std::string& death : deaths_) err("error: {}\n", said(death));
    }
    const bool as_expected = plan_.expectations ? print_surprises(*plan_.expectations, all) : !any_bad(all);
    out("{}\n", totals_line(all));
    const bool waits = options_.once || !options_.command.empty();
    if (!rendered || !finished || (waits && interrupted())) return Exit::incomplete;
    if (!deaths_.empty() || (waits && all.empty())) return Exit::unreachable;
    if (waits && !info_.complete) return Exit::incomplete;
    return as_expected ? Exit::ok : Exit::failures;
  }

  const ServeOptions& options_;
  const Catalogue catalogue_;
  ServePlan plan_;
  ServeResults results_;
  RunInfo info_;
  asio::io_context context_{1};
  ws::io::Signal changed_;
  std::unique_ptr<orders::Contract> contract_;
  std::vector<std::string> deaths_;
  std::size_t begun_ = 0;
};

}  // namespace

Exit run_next(const ServeOptions& options, const std::vector<std::string>& command_line) {
  if (options.tls || options.http != "1" || !options.spec.empty())
    throw UsageError("--next goes with none of --tls, --http and --spec: each order says what it is about");
  return NextRun(options).run(command_line);
}

}  // namespace touchstone::cli

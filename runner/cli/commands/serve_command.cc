#include "reports/digest.h"
#include "reports/journal.h"
#include "reports/render.h"
#include "reports/support/shell.h"
#include "runner/cli/cli.h"
#include "runner/cli/options/case_files.h"
#include "runner/cli/print.h"
#include "runner/cli/process/beside.h"
#include "runner/cli/process/client_command.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/process/program_log.h"
#include "runner/cli/run/expect_run.h"
#include "runner/cli/run/next_run.h"
#include "runner/cli/run/outcome.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/run/run_folder.h"
#include "runner/cli/run/run_record.h"
#include "runner/cli/run/serve_options.h"
#include "runner/cli/run/serve_results.h"
#include "runner/cli/run/summary.h"
#include "runner/cli/text.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"
#include "runner/serve/route.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <map>
#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kServeFooter = R"(
Drivers for Autobahn's fuzzing server work as they are: /getCaseCount, /getCaseInfo, /runCase, /getCaseStatus,
/updateReports, /stopServer. A browser opens http://HOST:PORT/ and is driven from there; ?autorun=1&agent=NAME begins
at once. Without --once and --command the server runs until Ctrl-C; results survive a restart with the same --out.

Exit codes: 0 no case FAILED or ERRORED; 1 some did (with --expect: 0 as expected, 1 not); 2 a bad option or file, or
the port cannot be had; 3 (--command, --once) no client came, or it died; 4 fewer cases ran, or could be recorded, than
were planned.

Examples:
  touchstone serve                                            on ws://127.0.0.1:9001/, for drivers and browsers
  touchstone serve --spec fuzzingserver.json                  Autobahn's file as it is
  touchstone serve --agent ws --command 'node client.js {url}'
  touchstone serve --agent mine --command './connect-and-echo {case_url}' --profile core
  touchstone serve --next --agent mine --command './driver {next}'    told where to connect, and how)";

class ServeRun : public serve::Observer {
 public:
  explicit ServeRun(const ServeOptions& options)
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
    const bool fresh = !options_.command.empty();  // a run of its own, as `touchstone test` is one
    if (const auto opened = results_.open(info_, fresh); !opened) {
      throw UsageError(opened.error() + ". Choose another folder with --out.");
    }
    auto server = serve::FuzzingServer::start(context_.get_executor(), plan_.settings, *this);
    if (!server) throw UsageError(server.error());
    server_ = std::move(*server);
    server_->number(plan_.cases);
    for (const Result& result : results_.all()) server_->remember(result);
    announce();
    asio::co_spawn(context_, watch_stop(), rethrown);
    if (!options_.command.empty()) asio::co_spawn(context_, conduct(), rethrown);
    context_.run();
    return conclude();
  }

  // --- What the server tells ------------------------------------------------------------------------------------

  void started(const std::string& agent, const Case& c) override {
    if (client_) client_->started(c);
    away_.erase(agent);
    ++begun_[agent];
  }

  void finished(const Result& result) override {
    Result kept = result;
    kept.replay = replay(kept);
    if (confirming_) {
      results_.confirm(std::move(kept));
    } else {
      tell_failure(kept);
      results_.add(std::move(kept));
    }
    if (client_) client_->finished(result);
    if (result.dropped_by_peer && !result.remote_close_code) away_[result.endpoint] = result.case_id;
  }

  asio::awaitable<void> reports_wanted(const std::string& agent) override {
    away_.erase(agent);
    tell_progress("{}: {}", agent, totals_line(results_.of(agent)));
    if (client_) co_return;  // its report is written at the end
    std::string because;
    info_ = results_.describe(std::move(info_), because);
    (void)co_await renderer_.run();
  }

  void driver_done(const std::string&) override {
    if (client_) client_->reported();
    if (options_.once) context_.stop();
  }

  void end_wanted(const std::string& why) override {
    if (client_) return;  // this run is ours to end
    tell_progress("{}", why);
    context_.stop();
  }

 private:
  // --- Before -----------------------------------------------------------------------------------------------

  [[nodiscard]] std::string url(std::string_view scheme) const {
    const auto& listen = plan_.settings.listen;
    const bool v6 = listen.host.find(':') != std::string::npos;
    return fmt::format("{}{}://{}:{}", scheme, listen.tls ? "s" : "",
                       v6 ? fmt::format("[{}]", listen.host) : listen.host, server_->port());
  }

  // Scripts wait for the first line.
  void announce() {
    const auto& tls = plan_.settings.listen.tls;
    if (tls && !tls->certificate_pem.empty()) {
      const auto written = write_file(plan_.out / "certificate.pem", tls->certificate_pem);
      if (!written) throw UsageError(written.error());
    }
    if (options_.quiet && !options_.command.empty()) return;
    out("listening on {}/\n", url("ws"));
    std::fflush(stdout);
    if (options_.command.empty()) {
      tell_progress("{} for each client; the page for browsers: {}/", count_of(plan_.cases.size(), "case"),
                    url("http"));
    }
    if (const std::size_t kept = results_.all().size(); kept > 0) {
      tell_progress("{} of an earlier run in {} count as well", count_of(kept, "result"), plan_.out.string());
    }
  }

  // --- Meanwhile --------------------------------------------------------------------------------------------

  asio::awaitable<void> watch_stop() {
    co_await until_set(interrupted());
    context_.stop();
  }

  asio::awaitable<void> conduct() {
    client_ = std::make_unique<ClientCommand>(
        ClientCommand::Settings{.command = options_.command,
                                .url = url("ws"),
                                .agent = plan_.settings.agent,
                                .log = plan_.out / "client.log",
                                .idle = plan_.idle},
        [this](const Case& c, const ProgramEnd& end) { results_.blame(c, end); }, *server_, context_.get_executor());
    co_await client_->run(plan_.cases);
    // A failure is accused only when a second start of the client shows it again, beside no other case.
    auto doubtful = results_.doubtful();
    std::erase_if(doubtful, [this](const Case* c) { return client_->blamed().contains(c); });
    const bool well = client_->deaths().empty() || !client_->blamed().empty();
    if (well && !doubtful.empty()) {
      confirming_ = true;
      co_await client_->run(doubtful);
    }
    context_.stop();
  }

  void tell_failure(const Result& result) {
    static constexpr std::size_t kTold = 10;
    if (!is_bad(result)) return;
    if (++failures_ <= kTold) {
      for (const std::string& line : failure_lines(result, result.endpoint)) tell_progress("{}", line);
    } else if (failures_ == kTold + 1) {
      tell_progress("... and more, which the summary says at the end");
    }
  }

  template <class... Args>
  void tell_progress(fmt::format_string<Args...> format, Args&&... args) {
    if (!options_.quiet) err("{}\n", said(fmt::format(format, std::forward<Args>(args)...)));
  }

  // --- After ------------------------------------------------------------------------------------------------

  [[nodiscard]] std::string replay(const Result& result) const {
    std::string text =
        "touchstone serve --case " + shell_quote(result.case_id) + cases_arguments(options_.selection.files);
    if (options_.command.empty()) return text + " --once";
    text += " --agent " + shell_quote(result.endpoint) + " --command " + shell_quote(options_.command);
    if (plan_.settings.listen.tls) text += " --tls";
    if (options_.http != "1") text += " --http " + options_.http;
    if (options_.selection.profile == "full") text += " --profile full";
    return text;
  }

  [[nodiscard]] std::expected<void, FileError> render() const {
    return render_all(plan_.out, info_, results_.all(), requirement_texts(catalogue_));
  }

  // A driver that has more to ask for and ended TCP in the middle of a case may have died there.
  void look_for_the_lost() {
    if (client_) return;  // its process says how it ended
    for (const auto& [agent, case_id] : away_) {
      const Case* c = catalogue_.find(case_id);
      const bool more_to_come = results_.of(agent).size() < plan_.cases.size();
      if (c != nullptr && more_to_come && begun_[agent] > 1 && !serve::may_refuse_opening(*c)) {
        results_.lost(agent, case_id);
      }
    }
  }

  // Whoever ends this wants it to end: what takes longer is left to a process of its own.
  [[nodiscard]] std::expected<void, FileError> render_in_time() {
    constexpr std::size_t kFew = 3000;  // results that are written at once on any machine
    constexpr std::chrono::milliseconds kPatience{600}, kForFew{30'000};
    const auto code = renderer_.run_within(results_.all().size() <= kFew ? kForFew : kPatience);
    if (!code) {
      err("The report of {} takes its time and is written by another process; the journal is whole.\n",
          count_of(results_.all().size(), "result"));
      return {};
    }
    if (*code != 0) return std::unexpected(FileError("the report is not complete"));
    return {};
  }

  // In a process of its own: what it says is said there.
  int render_or_say() const {
    const auto rendered = render();
    if (!rendered) err("error: {}\n", rendered.error());
    return rendered ? 0 : 1;
  }

  Exit conclude() {
    look_for_the_lost();
    std::vector<std::string> deaths;
    std::string because;
    if (client_) {
      deaths = client_->deaths();
      if (const auto log = read_file(plan_.out / "client.log")) {
        if (const auto report = sanitizer_report(*log))
          deaths.push_back("the client's log has a sanitizer report: " + *report);
      }
      if (!client_->left().empty() && deaths.empty()) because = "the client ended before it had run all cases";
    }
    if (interrupted() && (client_ || options_.once)) because = "interrupted";
    info_ = results_.describe(std::move(info_), because);
    client_.reset();
    server_.reset();
    const auto finished = results_.finish(info_);
    const std::expected<void, FileError> rendered = interrupted() ? render_in_time() : render();
    report(deaths, rendered ? plan_.out / "index.html" : std::filesystem::path());
    if (!rendered) err("error: {}\n", rendered.error());
    if (!finished) err("error: the journal lacks results: {}\n", finished.error());
    const auto& all = results_.all();
    const bool as_expected = plan_.expectations ? print_surprises(*plan_.expectations, all) : !any_bad(all);
    out("{}\n", totals_line(all));
    if (!rendered || !finished) return Exit::incomplete;
    return verdict(deaths, as_expected);
  }

  void report(const std::vector<std::string>& deaths, const std::filesystem::path& page) const {
    if (!options_.quiet) return print_outcome(info_, results_.all(), catalogue_, deaths, page);
    for (const std::string& death : deaths) err("error: {}\n", said(death));
    if (!info_.complete) err("error: partial: {}\n", info_.ended_because);
  }

  // A server that is simply stopped has no plan that it could have missed; one that was told to wait for a client has.
  [[nodiscard]] Exit verdict(const std::vector<std::string>& deaths, bool as_expected) const {
    const bool waits = options_.once || !options_.command.empty();
    if (waits && interrupted()) return Exit::incomplete;
    if (!deaths.empty() || (waits && results_.all().empty())) return Exit::unreachable;
    if (waits && !info_.complete) return Exit::incomplete;
    return as_expected ? Exit::ok : Exit::failures;
  }

  const ServeOptions& options_;
  const Catalogue catalogue_;
  ServePlan plan_;
  ServeResults results_;
  RunInfo info_;
  asio::io_context context_{1};
  std::unique_ptr<serve::FuzzingServer> server_;
  std::unique_ptr<ClientCommand> client_;
  std::map<std::string, std::string> away_;   // by agent: the case whose connection it ended, when it did nothing since
  std::map<std::string, std::size_t> begun_;  // cases by agent
  Beside renderer_{context_.get_executor(), [this] { return render_or_say(); }};
  bool confirming_ = false;
  std::size_t failures_ = 0;
};

}  // namespace

void add_serve_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* serve = app.add_subcommand("serve", "Test clients: a drop-in for Autobahn's fuzzing server");
  serve->footer(kServeFooter);
  add_serve_options(*serve, *options);
  serve->callback([options, &exit] {
    exit = options->next ? run_next(*options, command_line()) : ServeRun(*options).run(command_line());
  });
}

}  // namespace touchstone::cli

#include "reports/left_over.h"
#include "reports/render.h"
#include "reports/support/files.h"
#include "reports/support/shell.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/options/case_files.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/test_options.h"
#include "runner/cli/options/validators.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/process/relay.h"
#include "runner/cli/process/server_process.h"
#include "runner/cli/run/collector.h"
#include "runner/cli/run/expect_run.h"
#include "runner/cli/run/outcome.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/run/run_folder.h"
#include "runner/cli/run/run_record.h"
#include "runner/cli/text.h"
#include "runner/proxy/relay_fuzz_run.h"
#include "runner/proxy/transparency.h"
#include "runner/proxy/two_sided_run.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace touchstone::cli {
namespace {

constexpr const char* kProxyFooter = R"(
The tester is the client before the proxy and the server behind it. Every case for servers is played through the proxy
and without it, with the strict stack as the server; a verdict that is worse through the proxy is the proxy's. The cases
for intermediaries (`touchstone list --role intermediary`) say what of one side's words arrives at the other end.

Exit codes:
  0  no case FAILED or ERRORED      1  some did (with --expect: 0 as expected, 1 not)
  2  a bad option, URL or file      3  the proxy could not be reached, or its command died
  4  fewer cases ran, or could be recorded, than were planned

Examples:
  touchstone proxy --front ws://127.0.0.1:8080/ --back 9000     a proxy that runs, and whose server is 127.0.0.1:9000
  touchstone proxy --command 'haproxy -db -f {conf}' --conf haproxy.cfg
                                          starts it; {front} and {back}, in the file and the command, are free ports
  touchstone proxy --front ws://127.0.0.1:8080/ --back 9000 --case 'proxy-*'
  touchstone proxy --front ws://127.0.0.1:8080/ --back 9000 --http 2     HTTP/2 in front
  touchstone proxy --front ws://127.0.0.1:8080/ --back 9000 --fuzz 1m    random cases; --seed makes others)";

struct ProxyOptions {
  TestOptions test;  // connection, selection, run
  std::string back, conf, fuzz;
};

// What {front}, {back}, {conf} and {folder} stand for.
struct Places {
  std::uint16_t front = 0, back = 0;
  std::string conf, folder;
  [[nodiscard]] std::string fill(std::string text) const {
    text = replace_all(text, "{front}", std::to_string(front));
    text = replace_all(text, "{back}", std::to_string(back));
    text = replace_all(text, "{folder}", folder);
    return replace_all(text, "{conf}", conf);
  }
};

// A proxy has its own pace, and each half of the run has this.
constexpr std::chrono::minutes kBudget{30};

class ProxyRun {
 public:
  explicit ProxyRun(const ProxyOptions& options)
      : options_(options),
        run_options_(make_run_options(options.test)),
        catalogue_(catalogue_of(options.test.selection.files)),
        through_(choose(Side::server)),
        two_sided_(choose(Side::intermediary)),
        out_(options.test.out.empty() ? std::string(kDefaultFolder) : options.test.out) {
    if (through_.empty() && two_sided_.empty()) throw UsageError("no case is left to run for a proxy");
    if (options.test.url.empty() && options.test.command.empty())
      throw UsageError("which proxy? --front URL says where it listens, or --command starts one");
    if (options.back.empty() && options.test.command.empty())
      throw UsageError("--back PORT says where the proxy looks for its server");
    if (options.test.budget.empty()) run_options_.budget = kBudget;
    if (!options.fuzz.empty()) {
      fuzz_ = duration_or_refuse(options.fuzz, "--fuzz");
      // A proxy that is silent at many random cases leaves no time for the others.
      constexpr std::chrono::seconds kBrief{1};
      if (run_options_.timeout.count() == 0) run_options_.timeout = kBrief;
    }
    if (!options.test.expect.empty()) expectations_ = read_expectations(options.test.expect);
  }

  Exit run(const std::vector<std::string>& words) {
    watch_for_interrupts();
    const RunFolder lock = must(RunFolder::take(out_, "proxy"));
    HostAndPort address;  // any free port of 127.0.0.1
    if (!options_.back.empty()) address = host_and_port(options_.back, "--back");
    auto back = proxy::Back::open(address.host, address.port);
    if (!back) throw UsageError(fmt::format("--back: {}", back.error()));
    back_ = std::move(*back);
    if (const auto started = start_proxy(); !started) return unreachable(started.error());
    back_->enter_thread();
    const auto greeting = greet(target_, run_options_, [] { return interrupted().load(); });
    back_->leave_thread();
    if (!greeting) {
      if (server_) err("{}\n", server_->log_tail());
      return unreachable(
          fmt::format("{} (behind it, at port {}, the strict stack waits)", greeting.error().text, back_->port()));
    }
    greeting_ = *greeting;
    if (target_.name.empty()) target_.name = name_of_endpoint();
    if (fuzz_.count() > 0) return run_fuzz();
    describe_run(words);
    auto journal = JournalWriter::open(out_, info_);
    if (!journal) throw UsageError(journal.error() + ". Choose another folder with --out.");
    return run_and_report(*journal);
  }

 private:
  std::vector<const Case*> choose(Side side) const {
    const SelectionOptions& wanted = options_.test.selection;
    for (const auto* patterns : {&wanted.include, &wanted.exclude}) {
      for (const std::string& pattern : *patterns) {
        const auto hit = [&](const Case& c) { return matches(c, pattern); };
        if (std::ranges::none_of(catalogue_.cases(), hit)) throw UsageError(no_match_text(catalogue_, pattern));
      }
    }
    return select(catalogue_, {.include = wanted.include,
                               .exclude = wanted.exclude,
                               .profile = profile_named(wanted.profile),
                               .side = side,
                               .http2 = side == Side::intermediary && options_.test.http != "1"});
  }

  Exit unreachable(const std::string& why) {
    err("error: {}\n", why.size() > kMostSaid ? said(why) : why);
    return interrupted() ? Exit::incomplete : Exit::unreachable;
  }

  std::expected<void, std::string> start_proxy() {
    std::string url = options_.test.url.empty() ? "ws://127.0.0.1:{front}/" : options_.test.url;
    Places places{0, back_->port(), {}, {}};
    if (url.find("{front}") != std::string::npos) {
      const auto free = free_port();
      if (!free) return std::unexpected(free.error());
      places.front = *free;
    }
    TestOptions connection = options_.test;
    connection.command.clear();
    target_ = make_target(connection, places.fill(url));
    places.front = target_.url.port;
    if (options_.test.command.empty()) return {};
    places.folder = std::filesystem::absolute(out_ / "proxy").string();
    must(make_folder(places.folder));
    if (!options_.conf.empty()) {
      const std::filesystem::path written = std::filesystem::path(places.folder) / "conf";
      must(write_file(written, places.fill(read_or_refuse(options_.conf, "--conf"))));
      places.conf = written.string();
    }
    ServerProcess::Settings settings;
    settings.command = places.fill(options_.test.command);
    settings.host = target_.url.host;
    settings.port = target_.url.port;
    settings.log = out_ / "server.log";
    if (!options_.test.start_timeout.empty())
      settings.start_deadline = duration_or_refuse(options_.test.start_timeout, "--start-timeout");
    std::error_code none;
    std::filesystem::remove(settings.log, none);  // of an earlier run
    server_.emplace(settings, interrupted());
    back_->enter_thread();
    auto started = server_->start_first();
    back_->leave_thread();
    return started;
  }

  // "haproxy -db -f": the command without its places, or what the answer says of the proxy.
  std::string name_of_endpoint() const {
    if (!options_.test.command.empty()) {
      std::string text = options_.test.command;
      for (const char* place :
           {" {conf}", "{conf}", " {front}", "{front}", " {back}", "{back}", " {folder}", "{folder}"})
        text = replace_all(text, place, "");
      return text;
    }
    return "proxy at " + ws::host_field(target_.url);
  }

  void describe_run(const std::vector<std::string>& words) {
    info_ = begin_record(catalogue_, options_.test.selection.profile, run_options_.seed,
                         run_options_.jobs == 0 ? kDefaultJobs : run_options_.jobs);
    info_.command_line = words;
    info_.endpoints.push_back({target_.name, ws::to_string(target_.url), greeting_.server_field});
    info_.planned = through_.size() + two_sided_.size();
  }

  proxy::UnderTest under_test() {
    proxy::UnderTest test{target_, greeting_, run_options_, *back_};
    test.nature = proxy::look_at_nature(test, interrupted());
    return test;
  }

  // --- Random cases -------------------------------------------------------------------------------------------

  // The finding as a case file, which --cases plays again.
  bool write_finding(const Case& c, const Finding& finding) const {
    const std::filesystem::path folder = out_ / "findings";
    const auto file = folder / (c.id.substr(c.id.find('/') + 1) + ".json");
    const auto made = make_folder(folder);
    const auto written = made ? write_file(file, to_json(c)) : made;
    if (!written) {
      err("error: {}\n", written.error());
      return false;
    }
    constexpr std::size_t kShown = 200;
    out("{}\n  not so: {}; {}\n  {}\n", finding.requirement, finding.expected, said(finding.seen, kShown),
        file.string());
    return true;
  }

  static constexpr std::chrono::seconds kGrace{2};       // for what is under way when the time is over
  static constexpr std::chrono::milliseconds kLook{50};  // between two looks at the clock and at Ctrl-C

  Exit run_fuzz() {
    if (greeting_.over_http2) throw UsageError("--fuzz makes heads of HTTP/1.1, and the proxy speaks HTTP/2 in front");
    const auto until = std::chrono::steady_clock::now() + fuzz_;
    std::atomic<bool> over = false;
    // A proxy that keeps everything waiting does not keep the tester.
    const std::jthread clock([&over, end = until + kGrace](const std::stop_token& ended) {
      std::mutex mutex;
      std::condition_variable_any changed;
      std::unique_lock lock(mutex);
      while (!over && !ended.stop_requested()) {
        changed.wait_for(lock, ended, kLook, [] { return false; });
        over = interrupted() || std::chrono::steady_clock::now() >= end;
      }
    });
    const proxy::UnderTest test = under_test();
    bool recorded = true;
    proxy::RelayFuzzRun run(test, [&](const Case& c, const Result&, const Finding& finding) {
      recorded = write_finding(c, finding) && recorded;
    });
    while (std::chrono::steady_clock::now() < until && !interrupted()) run.play_some(over);
    if (server_) server_->stop();
    out("{}, {}\n", count_of(run.played(), "random case"),
        count_of(run.kinds(), "kind of failure", "kinds of failure"));
    if (interrupted() || !recorded) return Exit::incomplete;
    if (run.played() == 0) {
      err("error: no random case came to its end in this time\n");
      return Exit::incomplete;
    }
    return run.kinds() == 0 ? Exit::ok : Exit::failures;
  }

  // The command that plays one case again.
  std::string replay(const Case& c) const {
    std::string text = "touchstone proxy";
    const TestOptions& test = options_.test;
    if (!test.url.empty()) text += " --front " + shell_quote(test.url);
    if (!options_.back.empty()) text += " --back " + shell_quote(options_.back);
    if (!test.command.empty()) text += " --command " + shell_quote(test.command);
    if (!options_.conf.empty()) text += " --conf " + shell_quote(options_.conf);
    text += " --case " + shell_quote(c.id);
    if (run_options_.seed != RunOptions{}.seed) text += fmt::format(" --seed {}", run_options_.seed);
    if (run_options_.timeout.count() > 0) text += fmt::format(" --timeout {}ms", run_options_.timeout.count());
    return text + connection_arguments(target_) + cases_arguments(test.selection.files);
  }

  Exit run_and_report(JournalWriter& journal) {
    std::uint64_t sum = 0;
    for (const auto* cases : {&through_, &two_sided_})
      for (const Case* c : *cases) sum += weight(scaled(*c, run_options_.profile));
    auto progress = std::make_unique<Progress>(Progress::fitting(options_.test.quiet), info_.planned, sum);
    Collector collector({.catalogue = catalogue_,
                         .journal = journal,
                         .progress = *progress,
                         .server = server_ ? &*server_ : nullptr,
                         .replay = [this](const Case& c, const Target&) { return replay(c); },
                         .profile = run_options_.profile,
                         .keep_all = options_.test.keep_all});
    collector.begin(target_);
    const RunOutcome outcome = run_all(collector);
    if (outcome.how != RunOutcome::How::complete) info_.ended_because = outcome.text;
    collector.check_server_at_end();
    if (server_) server_->stop();
    collector.check_log_at_end();
    progress.reset();
    return conclude(journal, collector);
  }

  RunOutcome run_all(Collector& collector) {
    const proxy::UnderTest test = under_test();
    RunOutcome outcome;
    if (!through_.empty()) {
      outcome = proxy::run_through(through_, test, collector, interrupted());
    }
    if (outcome.how != RunOutcome::How::complete || two_sided_.empty()) return outcome;
    return proxy::run_two_sided(two_sided_, test, collector, interrupted());
  }

  Exit conclude(JournalWriter& journal, const Collector& collector) {
    const std::vector<Result>& results = collector.results();
    info_.end = std::chrono::system_clock::now();
    info_.complete = results.size() == info_.planned;
    std::string trouble = collector.journal_error();
    if (const auto finished = journal.finish(info_); !finished && trouble.empty()) trouble = finished.error();
    const auto rendered = render_all(out_, info_, results, requirement_texts(catalogue_));
    if (rendered) remove_left_over_cases(out_);
    if (!rendered && trouble.empty()) trouble = rendered.error();
    if (!options_.test.quiet) {
      print_outcome(info_, results, catalogue_, collector.deaths(),
                    rendered ? out_ / "index.html" : std::filesystem::path());
    } else if (!info_.complete) {
      err("error: partial: {}\n", said(info_.ended_because));
    }
    if (!trouble.empty()) err("error: the report is not complete: {}\n", trouble);
    const bool as_expected = expectations_ ? print_surprises(*expectations_, results) : !any_bad(results);
    out("{}\n", totals_line(results));
    if (interrupted() || !trouble.empty()) return Exit::incomplete;
    if (!collector.deaths().empty()) return Exit::unreachable;
    if (!info_.complete) return Exit::incomplete;
    return as_expected ? Exit::ok : Exit::failures;
  }

  const ProxyOptions& options_;
  RunOptions run_options_;
  const Catalogue& catalogue_;
  std::vector<const Case*> through_, two_sided_;
  std::filesystem::path out_;
  std::optional<Expectations> expectations_;
  std::unique_ptr<proxy::Back> back_;
  std::optional<ServerProcess> server_;
  Target target_;
  Greeting greeting_;
  RunInfo info_;
  std::chrono::milliseconds fuzz_{0};
};

void add_options(CLI::App& app, ProxyOptions& options) {
  const std::string group = "Proxy under test";
  TestOptions& test = options.test;
  test.selection.profile = "core";
  app.add_option("--front", test.url, "Where the proxy listens: ws://host:port/path or wss://...")
      ->type_name("URL")
      ->group(group);
  app.add_option("--back", options.back,
                 "Where the proxy looks for its server: the tester listens there, on 127.0.0.1 if no host is named")
      ->type_name("[HOST:]PORT")
      ->group(group);
  app.add_option("--command", test.command,
                 "Starts the proxy, and stops it at the end; {front} and {back} are the ports, {conf} the file of "
                 "--conf with these put in, {folder} one for its files")
      ->type_name("COMMAND")
      ->group(group);
  app.add_option("--conf", options.conf,
                 "The proxy's configuration, in which {front}, {back} and {folder} stand for the same")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--start-timeout", test.start_timeout, "How long the command may take to accept (default: 30s)")
      ->type_name("DURATION")
      ->group(group);
  add_selection_options(app, test.selection);
  add_connection_options(app, test);
  add_http_option(app, test.http,
                  "In front: HTTP/1.1, HTTP/2 (RFC 8441; without TLS with prior knowledge), or as a browser chooses")
      ->group("Connection");
  const std::string run = "Run";
  add_jobs_option(app, test.jobs)->group(run);
  app.add_option("--fuzz", options.fuzz,
                 "In place of the cases: random ones for so long, each a case file in the folder's findings/ when it "
                 "fails; a second "
                 "without an answer counts as silence, unless --timeout says otherwise")
      ->type_name("DURATION")
      ->group(run);
  add_timeout_option(app, test.timeout, "measured, 5s at least")->group(run);
  add_budget_option(app, test.budget, "the proxy", "30m")->group(run);
  add_seed_option(app, test.seed)->group(run);
  add_out_option(app, test.out, "Folder of the report (default: touchstone-report)")->group(run);
  add_expect_option(app, test.expect)->group(run);
  add_keep_all_flag(app, test.keep_all)->group(run);
  add_agent_option(app, test.agent, "proxy")->group(run);
  add_quiet_flag(app, test.quiet, "No progress and no summary, only errors and the last line")->group(run);
}

}  // namespace

void add_proxy_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<ProxyOptions>();
  CLI::App* command = app.add_subcommand("proxy", "Test a proxy from both ends");
  command->footer(kProxyFooter);
  add_options(*command, *options);
  command->callback([options, &exit] { exit = ProxyRun(*options).run(command_line()); });
}

}  // namespace touchstone::cli

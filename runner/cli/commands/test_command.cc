#include "reports/left_over.h"
#include "reports/render.h"
#include "runner/cli/cli.h"
#include "runner/cli/describe.h"
#include "runner/cli/must.h"
#include "runner/cli/options/case_files.h"
#include "runner/cli/options/spec_choice.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/run/collector.h"
#include "runner/cli/run/endpoints.h"
#include "runner/cli/run/expect_run.h"
#include "runner/cli/run/outcome.h"
#include "runner/cli/run/pace.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/run/run_folder.h"
#include "runner/cli/run/run_record.h"
#include "runner/cli/run/stepper.h"
#include "runner/cli/text.h"
#include "runner/engine/plan.h"
#include "runner/engine/talk/process_usage.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kTestFooter = R"(
Exit codes:
  0  no case FAILED or ERRORED      1  some did (with --expect: 0 as expected, 1 not)
  2  a bad option, URL or file      3  the server could not be reached, or died (the message says at which case)
  4  fewer cases ran, or could be recorded, than were planned (interrupted, disk full, no
     descriptor or memory left)
The first Ctrl-C ends the run in order and keeps all results; the second ends it at once.

Examples:
  touchstone test                                         the embedded reference server
  touchstone test ws://127.0.0.1:9001/                    any server
  touchstone test wss://[::1]:9002/chat --ca ca.pem --header 'Authorization: Bearer x' --subprotocol chat
  touchstone test --command 'node server.js {port}'       starts and stops the server itself
  touchstone test ws://127.0.0.1:9001/ --case 'close/*' --case 7.5.1 --exclude tag:utf8
  touchstone test --spec fuzzingclient.json               Autobahn's file as it is)";

class TestRun {
 public:
  explicit TestRun(const TestOptions& options)
      : options_(options),
        spec_(read_spec(options)),
        run_options_(make_run_options(options)),
        catalogue_(catalogue_of(options.selection.files)),
        chosen_(choose()),
        endpoints_(options, spec_),
        out_(folder()) {
    if (options.expect.empty()) return;
    expectations_ = read_expectations(options.expect);
    if (endpoints_.all().size() > 1) throw UsageError("--expect is about one server; test each on its own");
  }

  Exit run(const std::vector<std::string>& command_line) {
    watch_for_interrupts();
    const RunFolder lock = must(RunFolder::take(out_, "test"));
    if (const auto started = endpoints_.start(out_); !started) return unreachable(started.error());
    look_at_processes();
    if (options_.step) run_options_.pause = Stepper(run_options_.owner);
    endpoints_.greet_all(run_options_);
    endpoints_.probe_all(run_options_, sizes_of_all());
    for (Endpoint& each : endpoints_.all()) choose_for(each);
    const auto& all = endpoints_.all();
    if (std::all_of(all.begin(), all.end(), [](const Endpoint& each) { return !each.unreachable.empty(); })) {
      return none_reachable();
    }
    describe_run(command_line);
    auto journal = JournalWriter::open(out_, info_);
    if (!journal) throw UsageError(advice(journal.error()));
    return run_and_report(*journal);
  }

 private:
  // --- Before -----------------------------------------------------------------------------------------------

  std::vector<const Case*> choose() {
    SelectionOptions selection = options_.selection;
    selection.http2 = options_.http != "1";
    if (!spec_) return choose_cases(catalogue_, selection, Side::server);
    return choose_by_spec(catalogue_, selection, *spec_, options_.spec, Side::server);
  }

  void choose_for(Endpoint& endpoint) const {
    std::vector<std::string> excluded;
    if (spec_) excluded = excluded_for(*spec_, endpoint.target.name);
    for (const Case* c : chosen_) {
      if (c->http2 && !endpoint.greeting.over_http2 && options_.selection.include.empty()) continue;
      const auto hits = [c](const std::string& pattern) { return matches(*c, pattern); };
      if (std::none_of(excluded.begin(), excluded.end(), hits)) endpoint.cases.push_back(c);
    }
  }

  std::filesystem::path folder() const {
    if (!options_.out.empty()) return options_.out;
    if (spec_ && !spec_->outdir.empty()) return spec_->outdir;
    return kDefaultFolder;
  }

  static std::string advice(const std::string& error) { return error + ". Choose another folder with --out."; }

  void describe_run(const std::vector<std::string>& command_line) {
    info_ = begin_record(catalogue_, options_.selection.profile, run_options_.seed,
                         run_options_.jobs == 0 ? kDefaultJobs : run_options_.jobs);
    info_.command_line = command_line;
    for (const Endpoint& each : endpoints_.all()) {
      std::string says = each.greeting.server_field;
      if (each.greeting.over_http2) says += says.empty() ? "HTTP/2" : ", over HTTP/2";
      info_.endpoints.push_back({each.target.name, ws::to_string(each.target.url), std::move(says)});
      info_.planned += each.cases.size();
    }
  }

  // The processes of the endpoint, where they are known, and what they do before anybody connects.
  void look_at_processes() {
    if (run_options_.process != 0) {
      run_options_.owner = [process = run_options_.process] { return process; };
    } else if (endpoints_.server() != nullptr) {
      run_options_.owner = [server = endpoints_.server()] { return server->id(); };
    }
    const auto is_asked = [](const Case* c) { return asks_what_is_left_behind(*c); };
    if (run_options_.owner && std::ranges::any_of(chosen_, is_asked))
      run_options_.cpu_at_rest = cpu_at_rest(run_options_.owner(), [] { return interrupted().load(); });
  }

  Exit unreachable(const std::string& why) {
    err("error: {}\n", why.size() > kMostSaid ? said(why) : why);
    return interrupted() ? Exit::incomplete : Exit::unreachable;
  }

  Exit none_reachable() {
    bool own_shortage = false;
    for (const Endpoint& each : endpoints_.all()) {
      (void)unreachable(each.unreachable);
      own_shortage = own_shortage || each.own_shortage;
    }
    if (own_shortage) {
      err("This machine has no room for a connection: raise the limit (ulimit -n), or end other programs.\n");
      return Exit::incomplete;
    }
    // A server of ours that died during the greeting left its reason in the log.
    if (endpoints_.server() != nullptr) err("{}\n", endpoints_.server()->log_tail());
    return interrupted() ? Exit::incomplete : Exit::unreachable;
  }

  // --- The run ----------------------------------------------------------------------------------------------

  Exit run_and_report(JournalWriter& journal) {
    auto progress =
        std::make_unique<Progress>(Progress::fitting(options_.quiet || options_.step), info_.planned, weight_of_all());
    const Replay replay = [this](const Case& c, const Target& target) {
      return endpoints_.replay(c, target, run_options_) + cases_arguments(options_.selection.files);
    };
    Collector collector({.catalogue = catalogue_,
                         .journal = journal,
                         .progress = *progress,
                         .server = endpoints_.server(),
                         .replay = replay,
                         .profile = run_options_.profile,
                         .keep_all = options_.keep_all});
    for (Endpoint& each : endpoints_.all()) run_one(each, collector, *progress);
    collector.check_server_at_end();
    endpoints_.stop_servers();
    collector.check_log_at_end();  // A leak sanitizer speaks at the end of the process.
    progress.reset();
    return conclude(journal, collector);
  }

  void run_one(const Endpoint& endpoint, Collector& collector, Progress& progress) {
    if (interrupted()) return ended("interrupted");
    if (!endpoint.unreachable.empty()) {
      progress.say("error: " + endpoint.unreachable);
      ended(endpoint.target.name + " could not be reached");
      unreachable_ = true;
      return;
    }
    if (endpoints_.all().size() > 1) {
      progress.say(fmt::format("{}: {}", endpoint.target.name, count_of(endpoint.cases.size(), "case")));
    }
    if (!endpoint.profile.is_echo())
      progress.say(fmt::format("{}: {}", endpoint.target.name, in_words(endpoint.profile)));
    collector.begin(endpoint.target);
    RunOptions options = paced(run_options_, endpoint, options_, [&](const std::string& text) { progress.say(text); });
    const RunOutcome outcome =
        touchstone::run(endpoint.cases, endpoint.target, endpoint.greeting, options, collector, interrupted());
    if (outcome.how != RunOutcome::How::complete) ended(outcome.text);
  }

  void ended(const std::string& because) {
    if (!info_.ended_because.empty()) info_.ended_because += "; ";
    info_.ended_because += because;
  }

  [[nodiscard]] Sizes sizes_of_all() const {
    Sizes most;
    for (const Case* c : chosen_) most.widen(sizes_of(scaled(*c, run_options_.profile)));
    return most;
  }

  std::uint64_t weight_of_all() {
    std::uint64_t sum = 0;
    for (const Endpoint& each : endpoints_.all()) {
      if (!each.unreachable.empty()) continue;
      for (const Case* c : each.cases) sum += weight(scaled(*c, run_options_.profile));
    }
    return sum;
  }

  // --- After ------------------------------------------------------------------------------------------------

  Exit conclude(JournalWriter& journal, const Collector& collector) {
    const std::vector<Result>& results = collector.results();
    info_.end = std::chrono::system_clock::now();
    info_.complete = results.size() == info_.planned;
    std::string record_error = collector.journal_error();
    if (const auto finished = journal.finish(info_); !finished && record_error.empty()) record_error = finished.error();
    const auto rendered = render_all(out_, info_, results, requirement_texts(catalogue_));
    if (rendered) remove_left_over_cases(out_);
    if (!options_.quiet) {
      const auto page = rendered ? out_ / "index.html" : std::filesystem::path();
      print_outcome(info_, results, catalogue_, collector.deaths(), page);
    } else {
      for (const std::string& death : collector.deaths()) err("error: {}\n", said(death));
      if (!info_.complete) err("error: partial: {}\n", said(info_.ended_because));
    }
    if (!rendered) err("error: {}\n", rendered.error());
    if (!record_error.empty()) err("error: the journal lacks results: {}\n", record_error);
    const bool recorded = rendered && record_error.empty();
    as_expected_ = expectations_ ? print_surprises(*expectations_, results) : !any_bad(results);
    if (!recorded) err("The report is not complete. Make room, or choose another folder with --out, and run again.\n");
    out("{}\n", totals_line(results));
    return verdict(collector, recorded);
  }

  Exit verdict(const Collector& collector, bool recorded) const {
    if (interrupted() || !recorded) return Exit::incomplete;
    if (unreachable_ || !collector.deaths().empty()) return Exit::unreachable;
    if (!info_.complete) return Exit::incomplete;
    return as_expected_ ? Exit::ok : Exit::failures;
  }

  const TestOptions& options_;
  std::optional<SpecFile> spec_;
  std::optional<Expectations> expectations_;
  RunOptions run_options_;
  const Catalogue& catalogue_;
  std::vector<const Case*> chosen_;
  Endpoints endpoints_;
  std::filesystem::path out_;
  RunInfo info_;
  bool unreachable_ = false, as_expected_ = false;
};

}  // namespace

void add_test_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<TestOptions>();
  CLI::App* test = app.add_subcommand("test", "Test a server");
  test->footer(kTestFooter);
  add_test_options(*test, *options);
  test->callback([options, &exit] { exit = TestRun(*options).run(command_line()); });
}

}  // namespace touchstone::cli

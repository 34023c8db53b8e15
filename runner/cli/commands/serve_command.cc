#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/print.h"
#include "runner/cli/process/beside.h"
#include "runner/cli/process/client_command.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/process/program_log.h"
#include "runner/cli/run/client_run.h"
#include "runner/cli/run/next_run.h"
#include "runner/cli/run/summary.h"
#include "runner/cli/text.h"
#include "runner/engine/doubts.h"
#include "runner/serve/route.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

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

class ServeRun final : public ClientRun, public serve::Observer {
 public:
  explicit ServeRun(const ServeOptions& options) : ClientRun(options) {}

  // --- What the server tells ------------------------------------------------------------------------------------

  void started(const std::string& agent, const Case& c) override {
    if (client_) client_->started(c);
    asked_[c.id] = &c;
    away_.erase(agent);
    ++begun_[agent];
  }

  void judged_again(const Result& result) override {
    Result kept = with_replay(result);
    if (const auto asked = asked_.find(kept.case_id); asked != asked_.end())
      habits_[kept.endpoint].see(*asked->second, kept);
    results_.add(std::move(kept));
  }

  // A client of ours runs again what went wrong; nobody can ask another one.
  void heard_unclearly(const std::string& agent, const std::vector<std::string>& case_ids, bool for_good) override {
    for (const std::string& id : case_ids) {
      if (for_good || !client_) {
        habits_[agent].heard_unclearly(id);
      } else if (!confirming_) {
        unclear_.insert(id);
      }
    }
  }

  void finished(const Result& result) override {
    if (trial_ && result.case_id == trial_->id) {
      tried_ = result;
      return client_->finished(result);
    }
    Result kept = with_replay(result);
    if (const auto asked = asked_.find(kept.case_id); asked != asked_.end())
      habits_[kept.endpoint].see(*asked->second, kept);
    if (confirming_ && unclear_.erase(kept.case_id) == 0) {
      results_.confirm(std::move(kept));
    } else {
      say_failure(kept);
      results_.add(std::move(kept));
    }
    if (client_) client_->finished(result);
    if (result.dropped_by_peer && !result.remote_close_code) away_[result.endpoint] = result.case_id;
  }

  asio::awaitable<void> reports_wanted(const std::string& agent) override {
    away_.erase(agent);
    say(fmt::format("{}: {}", agent, totals_line(results_.of(agent))));
    if (client_) co_return;  // its report is written at the end
    std::string because;
    settle_habits();
    info_ = results_.describe(std::move(info_), because);
    (void)co_await renderer_.run();
  }

  void driver_done(const std::string&) override {
    if (client_) client_->reported();
    if (options_.once) context_.stop();
  }

  void end_wanted(const std::string& why) override {
    if (client_) return;  // this run is ours to end
    say(why);
    context_.stop();
  }

 private:
  // --- Before -----------------------------------------------------------------------------------------------

  void listen() override {
    plan_.settings.proves = [this] { return confirming_; };
    server_ = must(serve::FuzzingServer::start(context_.get_executor(), plan_.settings, *this));
    server_->number(plan_.cases);
    for (const Result& result : results_.all()) server_->remember(result);
    announce();
  }

  void announce() {
    const auto& tls = plan_.settings.listen.tls;
    if (tls && !tls->certificate_pem.empty()) must(write_file(plan_.out / "certificate.pem", tls->certificate_pem));
    say_listening(url("ws", server_->port()) + "/");
    if (options_.command.empty()) {
      say(fmt::format("{} for each client; the page for browsers: {}/", count_of(plan_.cases.size(), "case"),
                      url("http", server_->port())));
    }
    if (const std::size_t kept = results_.all().size(); kept > 0) {
      say(fmt::format("{} of an earlier run in {} count as well", count_of(kept, "result"), plan_.out.string()));
    }
  }

  // --- Meanwhile --------------------------------------------------------------------------------------------

  asio::awaitable<void> conduct() override {
    client_ = std::make_unique<ClientCommand>(
        ClientCommand::Settings{.command = options_.command,
                                .url = url("ws", server_->port()),
                                .agent = plan_.settings.agent,
                                .log = plan_.out / "client.log",
                                .idle = plan_.idle},
        [this](const Case& c, const ProgramEnd& end) { results_.blame(c, end); }, *server_, context_.get_executor());
    co_await client_->run(plan_.cases);
    co_await try_habits();
    settle_habits();
    if (client_->deaths().empty() || !client_->blamed().empty()) co_await confirm();
    context_.stop();
  }

  // What may be a habit is tried in a start of its own.
  asio::awaitable<void> try_habits() {
    if (!client_->deaths().empty() || results_.doubtful().empty()) co_return;
    for (auto& [agent, habits] : habits_) {
      while (auto trial = habits.trial()) {
        trial_ = std::make_unique<const Case>(std::move(*trial));
        tried_.reset();
        co_await client_->run(std::vector<const Case*>(1, trial_.get()));
        habits.settle(tried_);
      }
    }
  }

  // A failure is accused only when a second start of the client shows it again, beside no other case. Of each sort as
  // many as stand for the rest; all of it where one of them was otherwise.
  asio::awaitable<void> confirm() {
    confirming_ = true;
    std::vector<const Case*> again;
    auto sorts = results_.doubtful();
    for (auto& sort : sorts) {
      std::erase_if(sort.cases, [this](const Case* c) { return client_->blamed().contains(c); });
      // Its first result says nothing.
      const auto known =
          std::ranges::stable_partition(sort.cases, [this](const Case* c) { return unclear_.contains(c->id); });
      const auto unclear = sort.cases.size() - known.size();
      sort.stand_for_all = std::min(sort.cases.size(), unclear + Doubts::enough(sort.waited));
      again.insert(again.end(), sort.cases.begin(),
                   sort.cases.begin() + static_cast<std::ptrdiff_t>(sort.stand_for_all));
    }
    if (!again.empty()) co_await client_->run(again);
    again.clear();
    for (const auto& sort : sorts)
      if (results_.any_differed(sort.cases))
        again.insert(again.end(), sort.cases.begin() + static_cast<std::ptrdiff_t>(sort.stand_for_all),
                     sort.cases.end());
    if (!again.empty()) co_await client_->run(again);
  }

  // What a client does by itself on every connection is known when it has been through its cases.
  void settle_habits() {
    for (auto& [agent, habits] : habits_) {
      habits.conclude();
      if (const std::size_t n = results_.reconsider(agent, habits); n > 0)
        say(fmt::format("{}: {}; {} for that reason", agent, habits.words(),
                        n == 1 ? "1 case is not judged" : fmt::format("{} cases are not judged", n)));
    }
  }

  // --- After ------------------------------------------------------------------------------------------------

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

  Ending end() override {
    settle_habits();
    look_for_the_lost();
    Ending ending;
    if (client_) {
      ending.deaths = client_->deaths();
      if (const auto log = read_file(plan_.out / "client.log")) {
        if (const auto fault = fault_in_log(*log))
          ending.deaths.push_back(fmt::format("the client's log has a {}: {}", fault->what, fault->line));
      }
      if (!client_->left().empty() && ending.deaths.empty())
        ending.because = "the client ended before it had run all cases";
    }
    client_.reset();
    server_.reset();
    return ending;
  }

  [[nodiscard]] std::expected<void, FileError> render_last() override {
    return interrupted() ? render_in_time() : render();
  }

  std::unique_ptr<serve::FuzzingServer> server_;
  std::unique_ptr<ClientCommand> client_;
  std::map<std::string, std::string> away_;   // by agent: the case whose connection it ended, when it did nothing since
  std::map<std::string, std::size_t> begun_;  // cases by agent
  std::map<std::string, const Case*> asked_;  // by id, with their expectations
  std::map<std::string, Habits> habits_;      // by agent
  Beside renderer_{context_.get_executor(), [this] { return render_or_say(); }};
  std::set<std::string> unclear_;  // by id: heard before it was known what is the client's own
  std::unique_ptr<const Case> trial_;
  std::optional<Result> tried_;
  bool confirming_ = false;
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

#include "runner/cli/process/client_command.h"

#include "reports/support/shell.h"
#include "runner/catalogue/catalogue.h"
#include "runner/cli/process/program_run.h"
#include "runner/cli/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace touchstone::cli {
namespace {

constexpr std::string_view kUrl = "{url}", kCaseUrl = "{case_url}";
constexpr std::chrono::milliseconds kTimeToLeave{1000};
constexpr std::size_t kMostDeaths = 50;

}  // namespace

ClientCommand::ClientCommand(Settings settings, Blame blame, serve::FuzzingServer& server,
                             asio::any_io_executor executor)
    : settings_(std::move(settings)),
      blame_(std::move(blame)),
      server_(server),
      executor_(executor),
      changed_(executor),
      dead_(one_case_a_process()) {}

const Case* ClientCommand::planned(const std::string& id) const {
  const auto found = std::ranges::find(cases_, id, &Case::id);
  return found != cases_.end() ? *found : nullptr;
}

void ClientCommand::started(const Case& c) {
  latest_ = planned(c.id);
  ++begun_;
  dead_.began();
  changed_.notify_all();
}

void ClientCommand::finished(const Result& result) {
  const Case* c = planned(result.case_id);
  std::erase(left_, c);
  if (c != nullptr) dead_.finished(*c, result);
  changed_.notify_all();
}

void ClientCommand::reported() {
  reported_ = true;
  dead_.began();
  changed_.notify_all();
}

bool ClientCommand::one_case_a_process() const { return settings_.command.find(kCaseUrl) != std::string::npos; }

asio::awaitable<void> ClientCommand::run(std::vector<const Case*> cases) {
  left_ = cases;
  cases_ = std::move(cases);
  if (one_case_a_process()) {
    co_await run_each();
  } else {
    co_await run_driver();
  }
  blame_the_dead();
}

// Starts it and waits for its end, as long as it begins or ends cases. A driver ends by itself when all is done; a
// browser does not. A case that runs has a time limit of its own.
asio::awaitable<ProgramEnd> ClientCommand::run_process(std::string command) {
  const ProgramPatience patience{[this] { return reported_ && left_.empty() ? kTimeToLeave : settings_.idle; },
                                 [this] { return server_.busy(); }};
  reported_ = false;
  ProgramEnd end = co_await run_program(executor_, command, settings_.log, changed_, patience);
  co_await wait_until_idle();
  co_return end;
}

// What the client left behind is judged first.
asio::awaitable<void> ClientCommand::wait_until_idle() {
  while (server_.busy()) (void)co_await changed_.wait(ws::io::deadline_after(settings_.idle));
}

asio::awaitable<ProgramEnd> ClientCommand::run_alone(const Case& c) {
  server_.number({&c});
  std::string command = replace_all(settings_.command, kUrl, settings_.url);
  const std::string url = fmt::format("{}/runCase?case=1&agent={}", settings_.url, settings_.agent);
  if (one_case_a_process()) command = replace_all(settings_.command, kCaseUrl, shell_quote(url));
  co_return co_await run_process(std::move(command));
}

asio::awaitable<void> ClientCommand::run_each() {
  for (const Case* c : std::vector(left_)) {
    const ProgramEnd end = co_await run_alone(*c);
    if (!connected()) {
      deaths_.push_back(
          fmt::format("the client ended with {} and began no case", end.how.empty() ? "SIGTERM" : end.how));
      co_return;
    }
    if (end.how.empty() || end.by_signal()) tell(end);
    co_await confirm(dead_.suspects(end));
  }
}

// A driver runs all cases that it is told to count. One that dies on the way is started again, first for what it may
// have died of and then for the rest.
asio::awaitable<void> ClientCommand::run_driver() {
  while (!left_.empty() && deaths_.size() < kMostDeaths) {
    const std::size_t begun_before = begun_;
    server_.number(left_);
    const ProgramEnd end = co_await run_process(replace_all(settings_.command, kUrl, settings_.url));
    if (begun_ == begun_before) {
      deaths_.push_back(end.how.empty() ? fmt::format("the client began no case within {} and was stopped",
                                                      format_duration(settings_.idle))
                                        : fmt::format("the client ended with {} and began no case", end.how));
      co_return;
    }
    const auto suspects = dead_.suspects(end);
    if (!end.orderly() && !(left_.empty() && suspects.empty())) tell(end);
    co_await confirm(suspects);
    if (end.orderly()) co_return;  // after exit code 0 it does not want to run the rest
  }
}

// Each alone, so that nobody is blamed for the doings of another case.
asio::awaitable<void> ClientCommand::confirm(std::vector<const Case*> suspects) {
  for (const Case* c : suspects) {
    ProgramEnd again = co_await run_alone(*c);
    const auto suspected = dead_.suspects(again);
    if (std::ranges::find(suspected, c) != suspected.end()) dead_.confirm(*c, std::move(again));
  }
}

void ClientCommand::blame_the_dead() {
  for (const ClientDeaths::Death& death : dead_.deaths()) {
    if (!blamed_.insert(death.c).second) continue;
    blame_(*death.c, death.end);
    if (!death.end.by_signal() && one_case_a_process()) tell_at(death.end, *death.c);
  }
}

void ClientCommand::tell(const ProgramEnd& end) { tell_at(end, *latest_); }

void ClientCommand::tell_at(const ProgramEnd& end, const Case& c) {
  deaths_.push_back(end.how.empty() ? fmt::format("the client began no case within {} and was stopped, at or after {}",
                                                  format_duration(settings_.idle), c.id)
                                    : fmt::format("the client ended with {} at or after {}{}{}", end.how, c.id,
                                                  end.last_words.empty() ? "" : ": ", end.last_words));
}

}  // namespace touchstone::cli

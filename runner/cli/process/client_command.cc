#include "runner/cli/process/client_command.h"

#include "reports/support/shell.h"
#include "runner/catalogue/catalogue.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>

#include <unistd.h>

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
      changed_(executor) {}

const Case* ClientCommand::planned(const std::string& id) const {
  const auto found = std::ranges::find(cases_, id, &Case::id);
  return found != cases_.end() ? *found : nullptr;
}

void ClientCommand::started(const Case& c) {
  latest_ = planned(c.id);
  ++begun_;
  changed_.notify_all();
}

void ClientCommand::finished(const Result& result) {
  const Case* c = planned(result.case_id);
  std::erase(left_, c);
  if (c == latest_) latest_cut_ = result.dropped_by_peer && !result.remote_close_code;
  changed_.notify_all();
}

void ClientCommand::reported() {
  reported_ = true;
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
}

// Starts it and waits for its end, as long as it begins or ends cases.
asio::awaitable<ClientCommand::End> ClientCommand::run_process(std::string command) {
  auto process = ChildProcess::start(command, settings_.log);
  End end;
  if (!process) {
    end.how = process.error();
    co_return end;
  }
  // A descriptor of its own, because the descriptor of the process is closed by ChildProcess.
  const auto descriptor = std::make_shared<asio::posix::stream_descriptor>(executor_, ::dup(process->descriptor()));
  const auto over = std::make_shared<bool>(false);
  descriptor->async_wait(asio::posix::stream_descriptor::wait_read,
                         [over, descriptor, this](const std::error_code& error) {
                           if (error) return;  // we left
                           *over = true;
                           changed_.notify_all();
                         });
  reported_ = false;
  while (!*over) {
    // A driver ends by itself when all is done; a browser does not.
    const bool done = reported_ && left_.empty();
    const auto patience = done ? kTimeToLeave : settings_.idle;
    const bool silent = static_cast<bool>(co_await changed_.wait(ws::io::deadline_after(patience)));
    if (silent && !server_.busy()) break;  // a case that runs has a time limit of its own
  }
  std::error_code ignored;
  descriptor->cancel(ignored);
  if (*over) {
    end.how = process->ended(std::chrono::milliseconds(0)).value_or("an unknown way");
    end.orderly = end.how == "exit code 0";
  }
  process->stop();
  co_await wait_until_idle();
  co_return end;
}

// What the client left behind is judged first.
asio::awaitable<void> ClientCommand::wait_until_idle() {
  while (server_.busy()) (void)co_await changed_.wait(ws::io::deadline_after(settings_.idle));
}

asio::awaitable<void> ClientCommand::run_each() {
  for (const Case* c : std::vector(left_)) {
    server_.number({c});
    const std::string url = fmt::format("{}/runCase?case=1&agent={}", settings_.url, settings_.agent);
    const End end = co_await run_process(replace_all(settings_.command, kCaseUrl, shell_quote(url)));
    if (connected() && (end.how.empty() || end.how.starts_with("signal"))) tell(end);
    if (!connected()) {
      deaths_.push_back(
          fmt::format("the client ended with {} and began no case", end.how.empty() ? "SIGTERM" : end.how));
      co_return;
    }
  }
}

// A driver runs all cases that it is told to count. One that dies on the way is started again for the rest; the case
// that a signal ended it at comes first then, so that nobody is blamed for the doings of another case.
asio::awaitable<void> ClientCommand::run_driver() {
  const Case* suspect = nullptr;
  while (!left_.empty() && deaths_.size() < kMostDeaths) {
    const std::size_t begun_before = begun_;
    server_.number(left_);
    const End end = co_await run_process(replace_all(settings_.command, kUrl, settings_.url));
    if (begun_ == begun_before) {
      deaths_.push_back(end.how.empty() ? fmt::format("the client began no case within {} and was stopped",
                                                      format_duration(settings_.idle))
                                        : fmt::format("the client ended with {} and began no case", end.how));
      co_return;
    }
    const bool crashed = end.how.starts_with("signal") && latest_cut_;
    if (crashed && latest_ == suspect) {
      blame_(*latest_, end.how);
    } else if (crashed) {
      suspect = latest_;
      left_.insert(left_.begin(), latest_);
    }
    if (left_.empty() || end.orderly) co_return;  // after exit code 0 it does not want to run the rest
    tell(end);
  }
}

void ClientCommand::tell(const End& end) {
  deaths_.push_back(end.how.empty() ? fmt::format("the client began no case within {} and was stopped, at or after {}",
                                                  format_duration(settings_.idle), latest_->id)
                                    : fmt::format("the client ended with {} at or after {}", end.how, latest_->id));
}

}  // namespace touchstone::cli

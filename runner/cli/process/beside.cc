#include "runner/cli/process/beside.h"

#include "runner/cli/process/process_descriptor.h"

#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <utility>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

int code_of(pid_t process) noexcept {
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

[[noreturn]] void become_worker(const std::function<int()>& work) noexcept {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_IGN);  // it may outlive this run
  close_range(3, ~0U, 0);  // a copy of a socket would keep TCP open that this run ends
  int code = -1;
  try {
    code = work();
  } catch (const std::exception&) {
    code = -1;
  }
  _exit(code & 0xff);
}

}  // namespace

Beside::Beside(asio::any_io_executor executor, std::function<int()> work)
    : executor_(std::move(executor)), work_(std::move(work)), changed_(executor_) {}

pid_t Beside::begin() {
  const pid_t worker = fork();
  if (worker == 0) become_worker(work_);
  return worker;
}

asio::awaitable<int> Beside::end_of(pid_t worker) {
  const int descriptor = worker < 0 ? -1 : descriptor_of(worker);
  if (descriptor < 0) co_return worker < 0 ? -1 : code_of(worker);
  asio::posix::stream_descriptor ended(executor_, descriptor);
  std::error_code ignored;
  co_await ended.async_wait(asio::posix::stream_descriptor::wait_read,
                            asio::redirect_error(asio::use_awaitable, ignored));
  co_return code_of(worker);
}

asio::awaitable<int> Beside::run() {
  const std::uint64_t mine = ++wanted_;
  while (done_ < mine) {
    if (under_way_ != 0) {
      (void)co_await changed_.wait();
      continue;
    }
    const std::uint64_t covers = wanted_;
    under_way_ = begin();
    code_ = co_await end_of(under_way_);
    under_way_ = 0;
    done_ = covers;
    changed_.notify_all();
  }
  co_return code_;
}

std::optional<int> Beside::run_within(std::chrono::milliseconds limit) {
  const pid_t worker = begin();
  if (worker < 0) return -1;
  pollfd ended{.fd = descriptor_of(worker), .events = POLLIN, .revents = 0};
  const auto until = std::chrono::steady_clock::now() + limit;
  int ready = 0;
  do {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    ready = poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  } while (ready < 0 && errno == EINTR);
  if (ended.fd >= 0) close(ended.fd);
  return ready == 0 ? std::nullopt : std::optional(code_of(worker));
}

}  // namespace touchstone::cli

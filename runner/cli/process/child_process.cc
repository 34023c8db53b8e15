#include "runner/cli/process/child_process.h"

#include "reports/support/said.h"
#include "runner/cli/print.h"
#include "runner/cli/process/guardian.h"
#include "runner/cli/process/interrupt.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace touchstone::cli {

namespace {

constexpr std::chrono::milliseconds kPatienceOfInterrupted{500};  // the first Ctrl-C ends a run within a second

std::string cause_of_death(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  const int code = WEXITSTATUS(status);
  // What a shell says of a child that a signal ended.
  if (code > 128 && code <= 128 + 64) {
    return fmt::format("signal {} ({})", code - 128, strsignal(code - 128));
  }
  return fmt::format("exit code {}", code);
}

// True once `fd` is readable or hung up, within `wait`; asked again with what is left when a signal interrupts,
// because a signal to us is no reason to lose patience with the child.
bool ready_within(int fd, std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    const int ready = poll(&entry, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

// Two descriptors that no program started later holds.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_, O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int end : ends_) {
      if (end >= 0) close(end);
    }
  }
  [[nodiscard]] bool open() const noexcept { return ends_[0] >= 0; }
  [[nodiscard]] int reading() const noexcept { return ends_[0]; }
  [[nodiscard]] int writing() const noexcept { return ends_[1]; }
  int take_reading() noexcept { return std::exchange(ends_[0], -1); }
  int take_writing() noexcept { return std::exchange(ends_[1], -1); }

 private:
  int ends_[2] = {-1, -1};
};

std::string name_of_process(pid_t pid) {
  std::string name(64, '\0');
  const int file = open(fmt::format("/proc/{}/comm", pid).c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t got = file < 0 ? 0 : read(file, name.data(), name.size());
  if (file >= 0) close(file);
  name.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return said(name.substr(0, name.find('\n')));
}

}  // namespace

std::expected<ChildProcess, std::string> ChildProcess::start(const std::string& command,
                                                             const std::filesystem::path& log) {
  const int out = open(log.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (out < 0) {
    return std::unexpected(fmt::format("cannot write the server's log {}: {}", log.string(), std::strerror(errno)));
  }
  Pipe life, says;
  if (!life.open() || !says.open()) {
    const int error = errno;
    close(out);
    return std::unexpected(fmt::format("cannot make a pipe: {}", std::strerror(error)));
  }
  const pid_t pid = fork();
  if (pid == 0) guard({.command = command.c_str(), .log = out, .life = life.reading(), .says = says.writing()});
  const int fork_error = errno;
  close(out);
  if (pid < 0) return std::unexpected(fmt::format("cannot start a process: {}", std::strerror(fork_error)));
  close(says.take_writing());  // so that its end is the guardian's
  ChildProcess process(pid, life.take_writing(), says.take_reading());
  GuardianSays news;
  if (read(process.says_, &news, sizeof news) != sizeof news || news.what != GuardianSays::What::started)
    return std::unexpected("cannot start a process: this machine has no room for it");
  process.shell_ = news.value;
  return process;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    stop();
    guardian_ = std::exchange(other.guardian_, -1);
    life_ = std::exchange(other.life_, -1);
    says_ = std::exchange(other.says_, -1);
    shell_ = std::exchange(other.shell_, 0);
    how_ = std::move(other.how_);
  }
  return *this;
}

ChildProcess::~ChildProcess() { stop(); }

std::optional<std::string> ChildProcess::ended(std::chrono::milliseconds wait) {
  if (how_ || says_ < 0) return how_;
  if (!ready_within(says_, wait)) return std::nullopt;
  GuardianSays news;
  if (read(says_, &news, sizeof news) != sizeof news) return how_ = "an unknown way";  // the guardian was killed
  return how_ = cause_of_death(news.value);
}

void ChildProcess::stop(std::chrono::milliseconds patience) noexcept {
  if (guardian_ < 0) return;
  if (interrupted()) patience = std::min(patience, kPatienceOfInterrupted);
  const auto milliseconds = static_cast<std::int32_t>(patience.count());
  if (write(life_, &milliseconds, sizeof milliseconds) < 0) errno = 0;  // it was killed: nobody is there to be asked
  close(life_);
  // It says what it could not end, and then it is gone.
  GuardianSays news;
  while (ready_within(says_, patience + std::chrono::seconds(5)) && read(says_, &news, sizeof news) == sizeof news) {
    if (news.what == GuardianSays::What::left_running)
      err("error: process {} ({}), which a command of this run started, could not be ended: it is still running\n",
          news.value, name_of_process(news.value));
  }
  close(says_);
  while (waitpid(guardian_, nullptr, 0) < 0 && errno == EINTR) continue;
  guardian_ = life_ = says_ = -1;
}

}  // namespace touchstone::cli

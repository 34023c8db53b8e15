#include "runner/cli/process/child_process.h"

#include <fmt/core.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace touchstone::cli {

std::atomic<pid_t> urgent_group{0};

namespace {

// Between fork and exec: only calls that are safe after a fork in a process with threads.
[[noreturn]] void become(const char* command, int log, int alive, pid_t parent) {
  setpgid(0, 0);
  // If we are killed without a chance to clean up, the server must not stay behind.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGXFSZ}) std::signal(signal, SIG_DFL);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  // Inherited by all that the shell starts; a high number is in nobody's way.
  fcntl(alive, F_DUPFD, 100);
  execl("/bin/sh", "sh", "-c", command, static_cast<char*>(nullptr));
  _exit(127);
}

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

}  // namespace

std::expected<ChildProcess, std::string> ChildProcess::start(const std::string& command,
                                                             const std::filesystem::path& log) {
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (out < 0) {
    return std::unexpected(fmt::format("cannot write the server's log {}: {}", log.string(), std::strerror(errno)));
  }
  int alive[2];
  if (pipe2(alive, O_CLOEXEC) != 0) {
    close(out);
    return std::unexpected(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  // What the shell leaves behind becomes our child, so that stop() can wait for its end.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(command.c_str(), out, alive[1], parent);
  const int fork_error = errno;
  close(out);
  close(alive[1]);
  if (pid < 0) {
    close(alive[0]);
    return std::unexpected(fmt::format("cannot start a process: {}", std::strerror(fork_error)));
  }
  setpgid(pid, pid);  // Also here: whoever comes first, the group exists before it is signalled.
  ChildProcess process(pid, alive[0]);
  // glibc 2.36 declares pidfd_open() without extern "C".
  process.pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (process.pidfd_ < 0) {
    return std::unexpected(fmt::format("cannot watch a process (pidfd_open): {}", std::strerror(errno)));
  }
  urgent_group = pid;
  return process;
}

ChildProcess::ChildProcess(pid_t pid, int alive_fd) noexcept : pid_(pid), alive_fd_(alive_fd) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    stop();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::exchange(other.pidfd_, -1);
    alive_fd_ = std::exchange(other.alive_fd_, -1);
    how_ = std::move(other.how_);
  }
  return *this;
}

ChildProcess::~ChildProcess() { stop(); }

std::optional<std::string> ChildProcess::ended(std::chrono::milliseconds wait) {
  if (how_ || pidfd_ < 0) return how_;
  if (!ready_within(pidfd_, wait)) return std::nullopt;
  // Not reaped (WNOWAIT): while the leader is a zombie, its number names our group only.
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(pidfd_), &info, WEXITED | WNOWAIT) != 0) return how_ = "an unknown way";
  const int status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
  return how_ = cause_of_death(status);
}

void ChildProcess::stop(std::chrono::milliseconds patience) noexcept {
  if (pid_ < 0) return;
  kill(-pid_, SIGTERM);
  // The shell goes at once; what it started may have to write its last words first. The pipe hangs up when nobody
  // holds it any more.
  ready_within(alive_fd_, patience);
  // The leader is not reaped before this line, so its number cannot have been given to a stranger's group.
  kill(-pid_, SIGKILL);
  while (waitpid(-pid_, nullptr, 0) > 0 || errno == EINTR) continue;
  if (pidfd_ >= 0) close(pidfd_);
  close(alive_fd_);
  pid_t expected = pid_;
  urgent_group.compare_exchange_strong(expected, 0);
  pid_ = pidfd_ = alive_fd_ = -1;
}

}  // namespace touchstone::cli

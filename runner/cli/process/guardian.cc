#include "runner/cli/process/guardian.h"

#include "runner/cli/process/process_descriptor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

constexpr int kLog = 3, kLife = 4, kSays = 5, kOutput = 6;  // descriptors; all others are closed
constexpr int kRoundMs = 3;                                 // between two looks at what is left
constexpr int kKillMs = 2000;                               // for SIGKILL to take effect
constexpr std::string_view kLeftOut = "\n[touchstone: much of this log is left out here]\n";

std::int64_t now_ms() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// --- The log ------------------------------------------------------------------------------------------------------

std::array<char, 64 * 1024> buffer;
off_t log_end = 0;

void write_log(const char* octets, std::size_t count) noexcept {
  while (count > 0) {
    const ssize_t written = pwrite(kLog, octets, count, log_end);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // a full disk costs the log, not the run
    log_end += written;
    octets += written;
    count -= static_cast<std::size_t>(written);
  }
}

// The beginning stays, and the last part moves down to it.
void cut_log() noexcept {
  constexpr off_t kTail = kLogHead;
  off_t from = log_end - kTail;
  const off_t end = log_end;
  log_end = kLogHead;
  write_log(kLeftOut.data(), kLeftOut.size());
  while (from < end) {
    const ssize_t got = pread(kLog, buffer.data(), std::min(buffer.size(), static_cast<std::size_t>(end - from)), from);
    if (got <= 0) break;
    from += got;
    write_log(buffer.data(), static_cast<std::size_t>(got));
  }
  if (ftruncate(kLog, log_end) != 0) return;
}

// What the command has written by now; of one that writes without end a part.
void drain_output() noexcept {
  for (int i = 0; i < 64; ++i) {
    const ssize_t got = read(kOutput, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    write_log(buffer.data(), static_cast<std::size_t>(got));
    if (log_end > static_cast<off_t>(kMostLog)) cut_log();
  }
}

// --- Processes ----------------------------------------------------------------------------------------------------

// Calls `use` with the id of each child.
template <class Use>
void each_child(const Use& use) noexcept {
  const int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (list < 0) return;
  std::array<char, 4096> text{};
  pid_t number = 0;
  for (ssize_t got = 0; (got = read(list, text.data(), text.size())) > 0;) {
    for (const char c : std::string_view(text.data(), static_cast<std::size_t>(got))) {
      if (c >= '0' && c <= '9') {
        number = number * 10 + (c - '0');
      } else if (number > 0) {
        use(number);
        number = 0;
      }
    }
  }
  close(list);
}

// Ended children but for the shell, whose number is to stand for its group until the end.
bool has_ended(pid_t child, pid_t shell) noexcept {
  siginfo_t info{};
  const int keep = child == shell ? WNOWAIT : 0;
  return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | keep) != 0 || info.si_pid != 0;
}

class Ender {
 public:
  explicit Ender(pid_t shell) noexcept : shell_(shell) {}

  // True: nothing is left.
  bool end(std::int32_t patience) noexcept {
    kill(-shell_, SIGTERM);
    const std::int64_t term_until = now_ms() + patience;
    while (now_ms() < term_until) {
      if (count_left([this](pid_t child) { ask_to_end(child); }) == 0) return true;
      wait_a_round();
    }
    const std::int64_t kill_until = now_ms() + kKillMs;
    do {
      kill(-shell_, SIGKILL);
      if (count_left([](pid_t child) { kill(child, SIGKILL); }) == 0) return true;
      wait_a_round();
    } while (now_ms() < kill_until);
    return false;
  }

  template <class Use>
  std::size_t count_left(const Use& use) noexcept {
    std::size_t left = 0;
    each_child([&](pid_t child) {
      if (has_ended(child, shell_)) return;
      ++left;
      use(child);
    });
    return left;
  }

 private:
  // SIGTERM once: a second one would tell many programs to hurry.
  void ask_to_end(pid_t child) noexcept {
    if (getpgid(child) == shell_ ||
        std::find(asked_.begin(), asked_.begin() + count_, child) != asked_.begin() + count_)
      return;
    kill(child, SIGTERM);
    if (static_cast<std::size_t>(count_) < asked_.size()) asked_[static_cast<std::size_t>(count_++)] = child;
  }

  static void wait_a_round() noexcept {
    drain_output();
    poll(nullptr, 0, kRoundMs);
  }

  pid_t shell_;
  std::array<pid_t, 512> asked_{};
  std::ptrdiff_t count_ = 0;
};

void say(GuardianSays::What what, std::int32_t value) noexcept {
  const GuardianSays message{what, value};
  while (write(kSays, &message, sizeof message) < 0 && errno == EINTR) continue;
}

[[noreturn]] void become(const char* command, int output, pid_t guardian) noexcept {
  setpgid(0, 0);
  // Without the guardian nobody would end it.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != guardian) _exit(127);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGXFSZ}) std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);  // a SIGTERM of an end that was wanted at once comes now
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  close_range(3, ~0U, 0);
  execl("/bin/sh", "sh", "-c", command, static_cast<char*>(nullptr));
  _exit(127);
}

// Only what is needed stays open: the tester's other pipes would never end while they are open here.
void keep_only(const GuardianTask& task) noexcept {
  constexpr int kAside = 100;
  const int log = fcntl(task.log, F_DUPFD, kAside), life = fcntl(task.life, F_DUPFD, kAside),
            says = fcntl(task.says, F_DUPFD, kAside);
  dup2(log, kLog);
  dup2(life, kLife);
  dup2(says, kSays);
  close_range(kOutput, ~0U, 0);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, standard);
  close(nothing);
}

pid_t start_shell(const char* command) noexcept {
  int output[2] = {-1, -1};
  if (pipe2(output, O_CLOEXEC) != 0) return -1;
  const pid_t self = getpid();
  // What the guardian ignores the child would lose until it has handlers of its own; what is blocked waits.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  const pid_t shell = fork();
  if (shell == 0) become(command, output[1], self);
  close(output[1]);
  if (output[0] != kOutput) {
    dup2(output[0], kOutput);
    close(output[0]);
  }
  fcntl(kOutput, F_SETFL, O_NONBLOCK);
  if (shell > 0) setpgid(shell, shell);  // also here: whoever comes first, the group exists before it is signalled
  return shell;
}

// Until the tester wants the end, or is no more: with how much patience.
std::int32_t watch(pid_t shell) noexcept {
  const int ended = descriptor_of(shell);
  std::array<pollfd, 3> events{pollfd{kLife, POLLIN, 0}, pollfd{ended, POLLIN, 0}, pollfd{kOutput, POLLIN, 0}};
  for (;;) {
    if (poll(events.data(), events.size(), -1) < 0) continue;
    if (events[2].revents != 0) {
      drain_output();
      if ((events[2].revents & POLLHUP) != 0) events[2].fd = -1;
    }
    if (events[1].revents != 0) {
      siginfo_t info{};
      waitid(P_PID, static_cast<id_t>(shell), &info, WEXITED | WNOWAIT);
      drain_output();  // its last words come before the news
      say(GuardianSays::What::ended, info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status);
      events[1].fd = -1;
    }
    if (events[0].revents == 0) continue;
    std::int32_t patience = 0;
    return read(kLife, &patience, sizeof patience) == sizeof patience ? patience : kPatienceWithoutTester;
  }
}

}  // namespace

void guard(const GuardianTask& task) noexcept {
  setsid();  // a Ctrl-C of the terminal is the tester's
  prctl(PR_SET_NAME, "touchstone-keep");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGXFSZ}) std::signal(signal, SIG_IGN);
  keep_only(task);
  log_end = lseek(kLog, 0, SEEK_END);
  const pid_t shell = start_shell(task.command);
  if (shell < 0) _exit(1);
  say(GuardianSays::What::started, shell);
  Ender ender(shell);
  const bool all = ender.end(watch(shell));
  drain_output();
  waitpid(shell, nullptr, WNOHANG);  // nobody signals its group any more
  if (!all) ender.count_left([](pid_t child) { say(GuardianSays::What::left_running, child); });
  _exit(0);
}

}  // namespace touchstone::cli

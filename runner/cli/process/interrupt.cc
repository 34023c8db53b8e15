#include "runner/cli/process/interrupt.h"

#include "runner/cli/cli.h"

#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the handler may use only what a signal handler may");

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// Whichever thread a signal interrupts, it is the one in wait_for_interrupt() that has to wake; a signal handler may
// write to a descriptor.
class Wakening {
 public:
  void post() noexcept {
    const int before = errno;
    (void)eventfd_write(descriptor_, 1);
    errno = before;
  }
  void wait() noexcept {  // or until a signal
    pollfd one{.fd = descriptor_, .events = POLLIN, .revents = 0};
    poll(&one, 1, -1);
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  const int descriptor_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
} wakening;

void on_signal(int) {
  if (!stop.exchange(true)) return wakening.post();
  // What a command started its guardian ends.
  _exit(static_cast<int>(Exit::incomplete));
}

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kSignals) sigaddset(&set, signal);
  return set;
}

}  // namespace

const std::atomic<bool>& interrupted() noexcept { return stop; }

void watch_for_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_mask = watched();
  // No SA_RESTART: a blocking call returns, so that its caller looks at interrupted().
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void wait_for_interrupt() {
  while (!stop) wakening.wait();
}

int interrupt_descriptor() noexcept { return wakening.descriptor(); }

}  // namespace touchstone::cli

#include "runner/cli/run/stepper.h"

#include "runner/cli/describe.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

std::string what_comes(const Case& c, std::optional<std::size_t> step) {
  if (!step) return "its opening handshake has to be refused";
  Case one = c;
  one.steps = {c.steps[*step]};
  std::string text = fmt::format("step {} of {} breaks a rule", *step + 1, c.steps.size());
  for (const std::string& line : describe_steps(one)) text += "\n  " + line;
  return text;
}

// False: standard input has ended.
bool a_line_came() {
  while (!interrupted()) {
    std::array<pollfd, 2> wait = {{{STDIN_FILENO, POLLIN, 0}, {interrupt_descriptor(), POLLIN, 0}}};
    if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return false;
    if (wait[0].revents == 0) continue;
    char octet = 0;
    const ssize_t n = ::read(STDIN_FILENO, &octet, 1);
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (octet == '\n') return true;
  }
  return true;
}

}  // namespace

std::string before_step(const Case& c, std::optional<std::size_t> step, int process) {
  const std::string where =
      process == 0 ? "The server's process is not known: --command or --pid N says it."
                   : fmt::format("The server's process is {0}; a debugger is attached with: gdb -p {0}", process);
  return fmt::format("{}: {}\n{}\nPress Enter to send it.\n", c.id, what_comes(c, step), where);
}

void Stepper::operator()(const Case& c, std::optional<std::size_t> step) {
  if (ended_) return;
  err("{}", before_step(c, step, owner_ ? owner_() : 0));
  ended_ = !a_line_came();
}

}  // namespace touchstone::cli

#include "runner/cli/process/own_program.h"

#include "runner/cli/process/process_descriptor.h"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace touchstone::cli {

OwnProgram::OwnProgram(std::vector<std::string> words) {
  words.insert(words.begin(), "touchstone");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const int code = posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) throw std::system_error(code, std::generic_category(), "a run cannot be started");
  descriptor_ = descriptor_of(process_);
}

OwnProgram::~OwnProgram() {
  if (process_ > 0) {
    interrupt();
    (void)end();
  }
  if (descriptor_ >= 0) close(descriptor_);
}

void OwnProgram::interrupt() const noexcept {
  if (process_ > 0) kill(process_, SIGINT);
}

int OwnProgram::end() noexcept {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  process_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace touchstone::cli

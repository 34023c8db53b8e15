// own_program.h - this program once more, with other words.
#pragma once
#include <string>
#include <vector>

#include <sys/types.h>

namespace touchstone::cli {

// `touchstone WORDS`, whose standard output nobody sees. It ends with this object, after an interrupt.
class OwnProgram {
 public:
  // Throws std::system_error when no process can be started.
  explicit OwnProgram(std::vector<std::string> words);
  OwnProgram(const OwnProgram&) = delete;
  OwnProgram& operator=(const OwnProgram&) = delete;
  ~OwnProgram();

  // Readable once it has ended; not to be read, and not to be closed.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  void interrupt() const noexcept;
  // Waits for its end, and gives its exit code; -1 after a signal.
  [[nodiscard]] int end() noexcept;

 private:
  pid_t process_ = 0;
  int descriptor_ = -1;
};

}  // namespace touchstone::cli

#include "runner/cli/print.h"

#include <cerrno>
#include <cstring>

namespace touchstone::cli {
namespace {

int first_error = 0;  // of standard output, which only the main thread writes to

void note_error(bool failed) noexcept {
  if (failed && first_error == 0) first_error = errno;
}

}  // namespace

void put(std::FILE* file, std::string_view text) noexcept {
  const std::string safe = without_commands(text);
  const bool failed = std::fwrite(safe.data(), 1, safe.size(), file) != safe.size();
  if (file == stdout) note_error(failed);
}

std::string lost_output() {
  note_error(std::fflush(stdout) != 0);
  return first_error == 0 ? std::string() : std::strerror(first_error);
}

}  // namespace touchstone::cli

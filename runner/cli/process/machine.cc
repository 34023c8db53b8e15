#include "runner/cli/process/machine.h"

#include "reports/support/words.h"

#include <fmt/core.h>

#include <cmath>
#include <thread>

#include <sys/sysinfo.h>
#include <sys/utsname.h>

namespace touchstone::cli {

std::string machine_class() {
  utsname names{};
  struct sysinfo info{};
  uname(&names);
  sysinfo(&info);
  const double gib = static_cast<double>(info.totalram) * info.mem_unit / (1024.0 * 1024 * 1024);
  const unsigned cores = std::thread::hardware_concurrency();  // those that this process may use
  return fmt::format("{} {}, {}, {} GiB", names.sysname, names.machine, count_of(cores, "core"), std::llround(gib));
}

}  // namespace touchstone::cli

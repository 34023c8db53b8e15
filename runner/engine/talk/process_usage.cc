#include "runner/engine/talk/process_usage.h"

#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace touchstone {
namespace {

struct Stat {
  int parent = 0, group = 0;
  std::uint64_t ticks = 0, pages = 0;
};

// proc(5): /proc/PID/stat. The name in parentheses may hold blanks, so the fields are counted from behind it.
bool read_stat(int process, Stat& stat) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::vector<std::string> words;
  for (std::string word; fields >> word;) words.push_back(word);
  constexpr std::size_t kParent = 1, kGroup = 2, kUser = 11, kSystem = 12, kResident = 21;
  if (words.size() <= kResident) return false;
  stat.parent = std::stoi(words[kParent]);
  stat.group = std::stoi(words[kGroup]);
  stat.ticks = std::stoull(words[kUser]) + std::stoull(words[kSystem]);
  stat.pages = std::stoull(words[kResident]);
  return true;
}

// proc(5): /proc/PID/smaps_rollup. Zero when it may not be read.
std::uint64_t anonymous_octets(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/smaps_rollup");
  std::string word;
  std::uint64_t kibibytes = 0;
  while (file >> word) {
    if (word == "Anonymous:" && file >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

// Documentation/scheduler/sched-stats.rst: the time on a processor, and that on a run queue, in nanoseconds.
std::chrono::nanoseconds runnable_of(int process) {
  std::uint64_t sum = 0;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task", ignored)) {
    std::ifstream file(task.path() / "schedstat");
    std::uint64_t ran = 0, waited = 0;
    if (file >> ran >> waited) sum += ran + waited;
  }
  return std::chrono::nanoseconds(sum);
}

std::map<int, Stat> all_processes() {
  std::map<int, Stat> all;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    int process = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), process).ptr != name.data() + name.size()) continue;
    if (Stat stat; read_stat(process, stat)) all.emplace(process, stat);
  }
  return all;
}

// A server behind a shell or with workers is a family: who is a descendant of `process`, or of its group.
std::map<int, Stat> family_of(int process) {
  auto all = all_processes();
  std::map<int, Stat> family;
  for (const auto& [id, stat] : all) {
    int ancestor = id;
    for (std::size_t depth = 0; ancestor != process && ancestor > 1 && depth < all.size(); ++depth) {
      const auto found = all.find(ancestor);
      ancestor = found == all.end() ? 0 : found->second.parent;
    }
    if (ancestor == process || stat.group == process) family.emplace(id, stat);
  }
  return family;
}

std::size_t sockets_of_one(int process) {
  std::size_t count = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd", ignored)) {
    count += std::filesystem::read_symlink(entry.path(), ignored).string().starts_with("socket:") ? 1 : 0;
  }
  return count;
}

}  // namespace

ProcessUsage usage_of(int process) {
  const auto ticks_a_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  ProcessUsage usage;
  for (const auto& [id, stat] : family_of(process)) {
    usage.resident_octets += stat.pages * page;
    usage.anonymous_octets += anonymous_octets(id);
    usage.cpu += std::chrono::milliseconds(1000 * stat.ticks / ticks_a_second);
    usage.runnable += runnable_of(id);
  }
  return usage;
}

double share_between(const ProcessUsage& before, const ProcessUsage& after, std::chrono::duration<double> took) {
  constexpr double kHalf = 0.5;  // who is woken now and then waits too, but not all the time
  const std::chrono::duration<double> used = after.cpu - before.cpu, runnable = after.runnable - before.runnable;
  return std::max(used / took, runnable / took - kHalf);
}

double cpu_at_rest(int process, const std::function<bool()>& over) {
  constexpr std::chrono::milliseconds kWindowAtRest{100};
  constexpr int kWindowsAtRest = 5;
  constexpr double kAtRest = 0.1;
  double least = 1e9;
  asio::io_context context{1};
  const auto measure = [&]() -> asio::awaitable<void> {
    asio::steady_timer timer(context);
    for (int i = 0; i < kWindowsAtRest && least >= kAtRest; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const ProcessUsage before = usage_of(process);
      timer.expires_after(kWindowAtRest);
      co_await timer.async_wait(asio::use_awaitable);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      least = std::min(least, share_between(before, usage_of(process), took));
    }
    context.stop();
  };
  const auto watch = [&]() -> asio::awaitable<void> {
    co_await until(over);
    context.stop();
  };
  asio::co_spawn(context, measure(), rethrown);
  asio::co_spawn(context, watch(), rethrown);
  context.run();
  return least;
}

std::size_t sockets_of(int process) {
  std::size_t count = 0;
  for (const auto& [id, stat] : family_of(process)) count += sockets_of_one(id);
  return count;
}

}  // namespace touchstone

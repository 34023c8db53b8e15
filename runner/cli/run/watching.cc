#include "runner/cli/run/watching.h"

#include "reports/journal.h"
#include "reports/support/shell.h"
#include "reports/support/words.h"
#include "runner/cli/print.h"
#include "runner/cli/process/file_watch.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/process/own_program.h"
#include "runner/cli/text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <map>
#include <utility>

#include <poll.h>

namespace touchstone::cli {
namespace {

namespace fs = std::filesystem;

std::string command_of(const std::vector<std::string>& words) {
  std::string text;
  if (words.size() == 1) {
    text = words.front();
  } else {
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + shell_quote(word);
  }
  if (text.find("{port}") == std::string::npos)
    throw UsageError(fmt::format("'{}' has no {{port}}; expected: {{port}} where the server takes its port", text));
  return text;
}

std::string now() {
  const std::time_t moment = std::time(nullptr);
  return fmt::format("{:%H:%M:%S}", fmt::localtime(moment));
}

class Watch {
 public:
  explicit Watch(const WatchOptions& options)
      : options_(options), command_(command_of(options.command)), files_(watched(options)) {
    for (const char* part : kParts) take_over(fs::path(options.out) / part);
  }

  Exit run() {
    watch_for_interrupts();
    out("watching {} in {}; Ctrl-C ends it\n", count_of(files_.folders(), "folder"), join_and(options_.dirs));
    do {
      round();
    } while (!interrupted() && wait_for_change());
    return failing().empty() ? Exit::ok : Exit::failures;
  }

 private:
  static constexpr std::array<const char*, 2> kParts = {"failed-first", "rest"};
  enum class How : std::uint8_t { ended, overtaken };

  static FileWatch watched(const WatchOptions& options) {
    auto files = FileWatch::of({options.dirs.begin(), options.dirs.end()}, options.out);
    if (!files) throw UsageError("--dir: " + files.error());
    return std::move(*files);
  }

  [[nodiscard]] std::vector<std::string> failing() const {
    std::vector<std::string> ids;
    for (const auto& [id, fails] : fails_) {
      if (fails) ids.push_back(id);
    }
    return ids;
  }

  // What a run into `folder` found. True: something was read.
  bool take_over(const fs::path& folder) {
    std::error_code none;
    if (!fs::exists(folder / kJournalName, none)) return false;
    const auto journal = read_journal(folder);
    if (!journal) return false;
    for (const Result& result : journal->results)
      fails_[result.case_id] = result.behavior == Behavior::failed || result.behavior == Behavior::errored;
    return true;
  }

  // First what failed, then the rest; over at the next change.
  void round() {
    const std::vector<std::string> before = failing();
    std::vector<std::string> only, without;
    for (const std::string& id : before) {
      only.insert(only.end(), {"--case", id});
      without.insert(without.end(), {"--exclude", id});
    }
    for (const std::string& pattern : options_.selection.exclude) without.insert(without.end(), {"--exclude", pattern});
    if (!before.empty() && part(kParts[0], only) == How::overtaken) return;
    if (interrupted()) return;
    for (const std::string& pattern : options_.selection.include) without.insert(without.end(), {"--case", pattern});
    (void)part(kParts[1], without);
  }

  How part(const std::string& name, const std::vector<std::string>& cases) {
    const fs::path folder = fs::path(options_.out) / name;
    std::error_code none;
    fs::remove(folder / kJournalName, none);
    std::vector<std::string> words = {"test",  "--quiet",       "--command", command_,
                                      "--out", folder.string(), "--profile", options_.selection.profile};
    for (const std::string& file : options_.selection.files) words.insert(words.end(), {"--cases", file});
    if (!options_.selection.shard.empty()) words.insert(words.end(), {"--shard", options_.selection.shard});
    if (!options_.timeout.empty()) words.insert(words.end(), {"--timeout", options_.timeout});
    words.insert(words.end(), cases.begin(), cases.end());
    const auto earlier = fails_;
    OwnProgram run(std::move(words));
    const bool overtaken = wait_for_end_or_change(run);
    if (overtaken) run.interrupt();
    const int code = run.end();
    const bool read = take_over(folder);
    if (overtaken) out("{} a file changed\n", now());
    if (!overtaken && !interrupted()) tell(name, folder, read ? code : static_cast<int>(Exit::unreachable), earlier);
    return overtaken ? How::overtaken : How::ended;
  }

  // True: a file changed before the end.
  bool wait_for_end_or_change(const OwnProgram& run) {
    while (true) {
      std::array<pollfd, 2> wait = {{{run.descriptor(), POLLIN, 0}, {files_.descriptor(), POLLIN, 0}}};
      if (poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return false;
      if (wait[0].revents != 0) return false;
      if (wait[1].revents != 0 && !settled_changes().empty()) return true;
    }
  }

  // False: it was interrupted.
  bool wait_for_change() {
    while (!interrupted()) {
      std::array<pollfd, 2> wait = {{{interrupt_descriptor(), POLLIN, 0}, {files_.descriptor(), POLLIN, 0}}};
      if (poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return false;
      if (wait[1].revents == 0) continue;
      const auto changed = settled_changes();
      if (changed.empty()) continue;
      out("{} {} changed\n", now(), said(changed.front().string()));
      return true;
    }
    return false;
  }

  // An editor and a compiler write many files for one change: until nothing has come for a moment.
  std::vector<fs::path> settled_changes() {
    constexpr int kQuiet = 100;  // milliseconds
    auto all = files_.changes();
    pollfd more{.fd = files_.descriptor(), .events = POLLIN, .revents = 0};
    while (!all.empty() && poll(&more, 1, kQuiet) > 0) {
      const auto next = files_.changes();
      all.insert(all.end(), next.begin(), next.end());
    }
    return all;
  }

  void tell(const std::string& name, const fs::path& folder, int code, const std::map<std::string, bool>& earlier) {
    if (code == static_cast<int>(Exit::usage) || code == static_cast<int>(Exit::unreachable)) {
      out("{} {}: the run did not come about, or the server died; see {}\n", now(), name,
          (folder / "server.log").string());
      return;
    }
    const auto journal = read_journal(folder);
    if (!journal) return;
    std::size_t fail = 0, mended = 0;
    std::vector<std::string> fresh;
    for (const Result& result : journal->results) {
      const auto known = earlier.find(result.case_id);
      const bool failed_before = known != earlier.end() && known->second;
      const bool fails = fails_[result.case_id];
      fail += fails ? 1 : 0;
      mended += failed_before && !fails ? 1 : 0;
      if (fails && !failed_before) fresh.push_back(result.case_id);
    }
    out("{} {}: {}, {} FAILED", now(), name, count_of(journal->results.size(), "case"), fail);
    if (mended > 0) out(", {} no more", mended);
    out("{}\n", fail > 0 ? "; " + (folder / "index.html").string() : "");
    constexpr std::size_t kShown = 10;
    for (std::size_t i = 0; i < std::min(fresh.size(), kShown); ++i) out("  new: {}\n", fresh[i]);
    if (fresh.size() > kShown) out("  and {} more\n", fresh.size() - kShown);
    std::fflush(stdout);
  }

  const WatchOptions& options_;
  std::string command_;
  FileWatch files_;
  std::map<std::string, bool> fails_;  // as far as it is known
};

}  // namespace

Exit watch(const WatchOptions& options) { return Watch(options).run(); }

}  // namespace touchstone::cli

#include "runner/cli/run/progress.h"

#include "runner/cli/describe.h"
#include "runner/cli/print.h"
#include "runner/cli/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

constexpr std::chrono::milliseconds kBetweenPaints{100};
// With nothing new to show, the time that is left still moves.
constexpr std::chrono::milliseconds kIdlePaint{1000};
constexpr std::size_t kBar = 20;

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string failures(const ProgressState& state) { return fmt::format("{} failed", state.failed); }

bool dumb_terminal() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

}  // namespace

std::optional<std::chrono::milliseconds> time_left(const ProgressState& state) {
  if (state.done == 0 || state.weight_done == 0 || state.elapsed < std::chrono::milliseconds(500)) return std::nullopt;
  const double rest = static_cast<double>(state.weight_total) / static_cast<double>(state.weight_done) - 1;
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(state.elapsed.count()) * rest));
}

std::string progress_line(const ProgressState& state, std::size_t width, bool colour) {
  const std::size_t filled = state.weight_total == 0 ? 0 : kBar * state.weight_done / state.weight_total;
  const std::string head =
      fmt::format("[{:#<{}}{:-<{}}] {}/{}  ", "", filled, "", kBar - filled, state.done, state.total);
  const std::string failed = failures(state);
  std::string tail;
  if (const auto left = time_left(state)) tail += "  " + format_duration(*left) + " left";
  if (!state.running.empty()) tail += "  " + state.running.back();
  const std::string plain = head + failed + tail;
  if (!colour || state.failed == 0 || head.size() + failed.size() > width) return std::string(cut_to(plain, width));
  return head + "\x1b[31m" + failed + "\x1b[0m" + std::string(cut_to(tail, width - head.size() - failed.size()));
}

std::string plain_line(const ProgressState& state) {
  std::string line = fmt::format("{}/{} done, {}", state.done, state.total, failures(state));
  if (state.done == state.total) return line + fmt::format(", {}", format_duration(state.elapsed));
  if (const auto left = time_left(state)) line += ", " + format_duration(*left) + " left";
  return line;
}

std::uint64_t weight(const Case& c) {
  // A connection costs about as much as so many octets.
  static constexpr std::uint64_t kConnection = 32'768;
  return kConnection + octets_sent(c);
}

bool wants_colour(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  return (no_colour == nullptr || *no_colour == '\0') && isatty(fd) == 1 && !dumb_terminal();
}

Progress::Mode Progress::fitting(bool quiet) {
  if (quiet) return Mode::quiet;
  return isatty(STDERR_FILENO) == 1 && !dumb_terminal() ? Mode::redraw : Mode::lines;
}

Progress::Progress(Mode mode, std::size_t total, std::uint64_t weight_total)
    : mode_(mode), colour_(wants_colour(STDERR_FILENO)) {
  state_.total = total;
  state_.weight_total = weight_total;
  next_line_ = (total + 9) / 10;
  if (mode_ == Mode::redraw) painter_ = std::thread([this] { paint_until_done(); });
}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  if (painter_.joinable()) painter_.join();
}

void Progress::started(const std::string& case_id) {
  const std::lock_guard lock(mutex_);
  std::erase(state_.running, case_id);  // A failure runs twice before it is reported.
  state_.running.push_back(case_id);
  dirty_ = true;
  changed_.notify_all();
}

void Progress::finished(const std::string& case_id, Behavior behavior, std::uint64_t weight) {
  const std::lock_guard lock(mutex_);
  std::erase(state_.running, case_id);
  ++state_.done;
  state_.weight_done += weight;
  if (behavior == Behavior::failed || behavior == Behavior::errored) ++state_.failed;
  dirty_ = true;
  changed_.notify_all();
  if (mode_ == Mode::lines) line_when_due();
}

void Progress::say(const std::string& line) {
  if (mode_ == Mode::quiet) return;
  const std::lock_guard lock(mutex_);
  clear();
  err("{}\n", said(line));
  dirty_ = true;
  changed_.notify_all();
}

// Ten lines a run, and at the end; a log of CI is read from its end.
void Progress::line_when_due() {
  state_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
  if (state_.done < next_line_ && state_.done != state_.total) return;
  // Fast runs skip the lines between.
  const bool last = state_.done == state_.total;
  if (!last && Clock::now() - last_line_ < kIdlePaint) return;
  err("{}\n", plain_line(state_));
  last_line_ = Clock::now();
  while (next_line_ <= state_.done) next_line_ += std::max<std::size_t>(1, (state_.total + 9) / 10);
}

void Progress::paint_until_done() {
  std::unique_lock lock(mutex_);
  while (!done_) {
    draw();
    // Not earlier than this, whatever happens meanwhile but the end ...
    changed_.wait_for(lock, kBetweenPaints, [this] { return done_; });
    // ... and then as soon as there is news.
    changed_.wait_for(lock, kIdlePaint, [this] { return done_ || dirty_; });
  }
  clear();
}

void Progress::draw() {
  state_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
  // One column less: some terminals wrap when the last one is written.
  err("\r{}\x1b[K", Painted{progress_line(state_, terminal_width() - 1, colour_)});
  std::fflush(stderr);
  drawn_ = true;
  dirty_ = false;
}

void Progress::clear() {
  if (drawn_) err("\r\x1b[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace touchstone::cli

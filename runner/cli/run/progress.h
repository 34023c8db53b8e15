// progress.h - how far a run is: one line that redraws itself on a terminal, plain lines elsewhere.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/case.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace touchstone::cli {

struct ProgressState {
  std::size_t done = 0, total = 0, failed = 0;
  std::uint64_t weight_done = 0, weight_total = 0;  // cases weigh by the octets they send
  std::chrono::milliseconds elapsed{0};
  std::vector<std::string> running;  // begun and not finished, the latest last
};

// The time that is left, once enough is done to tell.
[[nodiscard]] std::optional<std::chrono::milliseconds> time_left(const ProgressState& state);

// "[#####-----] 260/517  2 failed  12 s left  close/code-valid/1000", at most `width` columns.
[[nodiscard]] std::string progress_line(const ProgressState& state, std::size_t width, bool colour);
// "260/517 done, 2 failed, 12 s left"
[[nodiscard]] std::string plain_line(const ProgressState& state);

[[nodiscard]] std::uint64_t weight(const Case& c);

// Whether this stream wants colour: a terminal, TERM not dumb, NO_COLOR (no-color.org) unset.
[[nodiscard]] bool wants_colour(int fd);

// Writes to standard error. The methods may be called from any thread; painting happens on one of its own, at most
// ten times a second, so that a case that hangs is shown however little else happens.
class Progress {
 public:
  enum class Mode : std::uint8_t { quiet, lines, redraw };
  // What suits standard error.
  [[nodiscard]] static Mode fitting(bool quiet);

  Progress(Mode mode, std::size_t total, std::uint64_t weight_total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // the line is gone afterwards

  void started(const std::string& case_id);
  void finished(const std::string& case_id, Behavior behavior, std::uint64_t weight);
  // A line of its own above the progress, in all modes but quiet.
  void say(const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;
  void paint_until_done();
  void draw();   // holds mutex_
  void clear();  // holds mutex_
  void line_when_due();

  const Mode mode_;
  const bool colour_;
  const Clock::time_point start_ = Clock::now();
  std::mutex mutex_;
  std::condition_variable changed_;
  ProgressState state_;
  bool dirty_ = true, done_ = false, drawn_ = false;
  std::size_t next_line_ = 0;  // lines mode: the count of finished cases that is worth a line
  Clock::time_point last_line_ = Clock::now();
  std::thread painter_;
};

}  // namespace touchstone::cli

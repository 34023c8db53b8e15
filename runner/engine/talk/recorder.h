// recorder.h - turns octets that went either way into the entries of a transcript.
#pragma once
#include "reports/result/result.h"
#include "runner/engine/talk/budget.h"

#include <ws/rules/frame_walker.h>

#include <chrono>
#include <deque>

namespace touchstone {

class Recorder {
 public:
  using Clock = std::chrono::steady_clock;
  // `keep`: octets of a payload that are kept; kWhole: all of all payloads, also of echoes. No more than `budget`
  // grants.
  static constexpr std::size_t kWhole = SIZE_MAX;
  explicit Recorder(std::size_t keep, Budget budget = Budget{});

  [[nodiscard]] Clock::time_point begun() const noexcept { return start_; }
  // Of the case: whoever else keeps something asks it too.
  [[nodiscard]] Budget& budget() noexcept { return budget_; }

  void sent_frame(const ws::FrameHeader& header, ws::ByteView payload);
  void sent_octets(std::uint64_t count) { transcript_.octets_sent += count; }
  [[nodiscard]] std::uint64_t octets_sent() const noexcept { return transcript_.octets_sent; }
  void sent_garbage(ws::ByteView octets);
  void note(Entry::Direction direction, Entry::Kind kind, std::string text = {});
  // What people want to know about the last frame received ("message 3, as sent").
  void annotate_received(std::string text);

  // Octets of frames from the endpoint, cut anywhere: takes them up to the end of the frame that is coming in.
  ws::rules::FrameWalker::Step received(ws::ByteView octets);
  [[nodiscard]] const ws::rules::FrameWalker& frame() const noexcept { return walker_; }  // the one that is coming in
  // The stream ended: an unfinished frame becomes an entry of its own.
  void finish();

  // The last entry that came from the endpoint, if it is still at hand.
  [[nodiscard]] const Entry* last_received() const noexcept {
    return last_received_ ? &transcript_.entries[*last_received_] : nullptr;
  }
  [[nodiscard]] Transcript& transcript() noexcept { return transcript_; }

 private:
  void add(Entry entry);
  [[nodiscard]] std::size_t most_entries() const;
  // The beginning of `octets` that is kept of an entry which has `kept` of them already.
  [[nodiscard]] ws::ByteView granted(ws::ByteView octets, std::size_t kept);
  void take_payload(const ws::rules::FrameWalker::Step& step);
  void complete_frame();
  [[nodiscard]] std::int64_t now_us() const;
  [[nodiscard]] bool merges(const Entry& entry) const;
  void look_for_twin(Entry& entry) const;

  Transcript transcript_;
  std::deque<Entry> tail_;  // the last entries of a transcript that is too long
  Clock::time_point start_ = Clock::now();
  std::size_t keep_;
  Budget budget_;
  // The frame that is coming in.
  ws::rules::FrameWalker walker_;
  Entry entry_;
  std::optional<std::size_t> last_received_;
};

}  // namespace touchstone

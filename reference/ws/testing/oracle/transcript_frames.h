// transcript_frames.h - the oracle's part for frames: are they legal, and do they fit what was sent? RFC 6455 5 to 8.
#pragma once
#include <ws/rules/own_frames.h>
#include <ws/testing/oracle/oracle.h>
#include <ws/testing/oracle/stimulus.h>

namespace ws::testing {

class TranscriptFrames {
 public:
  TranscriptFrames(Role endpoint, const std::optional<DeflateParams>& deflate, const JudgeOptions& options,
                   bool blurred, std::vector<Complaint>& complaints);

  void sent(ByteView octets) { stimulus_.take(octets); }
  void came(ByteView octets, std::size_t piece);
  void ended(bool after_us, bool by_reset, std::size_t piece);  // the endpoint ended TCP; before or after the tester
  void nothing_came(std::size_t piece);
  void left_open_after_us();  // nothing_came(), and the tester had ended its side
  void done();                // nothing more is to be judged

  [[nodiscard]] const std::vector<Event>& reaction() const noexcept { return stimulus_.reaction; }

 private:
  // Legality.
  void begin_frame();
  void end_frame();
  void hand_on(ByteView octets);
  void take(const Event& event);
  void take_violation(const event::Failed& failed);
  [[nodiscard]] bool repeats_our_code() const;
  // Reaction.
  void take_message(Opcode opcode, ByteView data);
  void take_pong(const std::string& payload);
  void take_close(const std::optional<CloseReason>& reason);
  void judge_failing_code(std::uint16_t code);
  void judge_code_in_answer(std::uint16_t code);
  void judge_unasked_code(std::uint16_t code);
  void ignored(std::string instead);
  void judge_kept_tcp();

  [[nodiscard]] bool is_over() const noexcept;  // the endpoint has no more to do than to end TCP
  void complain(rules::FindingKind kind, const rules::Facts& facts = {});

  const Role endpoint_;
  const JudgeOptions options_;
  const bool blurred_;  // what the endpoint has taken is not known: its octets have to be legal, no more
  std::vector<Complaint>& complaints_;
  std::size_t piece_ = 0;

  Stimulus stimulus_;
  Connection receiver_;
  rules::ControlWalker walker_;
  rules::OwnFrames own_frames_;
  bool illegal_ = false, closed_ = false;
  bool out_of_step_ = false;             // messages are compared no more
  bool went_on_ = false;                 // after its Close for a fault
  bool survived_ = false;                // it answered a Ping that came after the fault
  std::optional<std::size_t> kept_tcp_;  // since this piece, although it is over
  bool kept_after_us_ = false;
  std::size_t messages_ = 0, next_ping_ = 0;
  struct Awaited {
    std::size_t piece, pings;
  };
  std::optional<Awaited> awaited_;      // in vain: the Pong of so many Pings, which may be late or missing
  std::size_t pings_at_last_pong_ = 0;  // how many Pings were sent when the latest was answered
};

}  // namespace ws::testing

// oracle.h - does an endpoint obey RFC 6455 and RFC 7692? Put to the strict stack, for a transcript of your own.
//
// The endpoint's octets are read by the strict stack, which has to find nothing illegal in them. What was sent to the
// endpoint is given to the strict stack as well, and what the endpoint did is held against what that does. Every
// behaviour that the RFCs leave free is accepted (cases/choices.json names them, C-..): the oracle says nothing about
// how frames are cut (C-20), limits (C-15), when a fault is noticed (C-14, C-31), codes of a Close in answer (C-22),
// Pongs that nobody asked for (C-25) or that stand for several Pings (C-26), or what was answered before a Close
// (C-19). What did not come is held against the endpoint only when the transcript says that the tester waited in vain.
#pragma once
#include <ws/core/connection/event.h>
#include <ws/rules/answer.h>
#include <ws/rules/finding.h>
#include <ws/testing/oracle/transcript.h>

#include <memory>
#include <variant>

namespace ws::testing {

// What is found, what it weighs, which requirement it breaks and in which words: see ws/rules/finding.h and answer.h.
struct Complaint {
  enum class Weight : std::uint8_t { should, must };
  Weight weight = Weight::must;
  std::optional<Violation>
      rule{};                 // of ws::all_rules(), where there is one: broken by the endpoint, or overlooked by it
  std::string requirement{};  // "rfc6455-5.5.1-9", an id of cases/requirements.json
  std::string expected{}, seen{};  // for people
  std::size_t piece = 0;           // of the transcript, where it showed
  // Of an answer to the opening handshake that can be read each fault has a kind of its own.
  std::variant<rules::FindingKind, rules::AnswerFault::Kind> kind{};
  rules::Facts facts{};  // of a FindingKind
};
// "close-unanswered": the name of its kind, which is stable.
[[nodiscard]] std::string_view name(const Complaint& complaint) noexcept;
// "MUST rfc6455-5.2-2 (reserved-bit): expected: ...; seen: ... (piece 3)"
[[nodiscard]] std::string describe(const Complaint& complaint);

struct Judgment {
  std::vector<Complaint> complaints{};
  // What the strict stack made of what was sent: its events up to a Close, a fault (event::Failed) or the end.
  std::vector<Event> reaction{};

  [[nodiscard]] bool obeys() const noexcept;                                    // no MUST is broken
  [[nodiscard]] bool is_strict() const noexcept { return complaints.empty(); }  // nor a SHOULD
};
[[nodiscard]] std::string describe(const Judgment& judgment);  // a line for each complaint

struct JudgeOptions {
  // The endpoint sends every message back: then messages are compared, and to end the connection without need is wrong.
  bool echoes = false;
};

[[nodiscard]] Judgment judge(const Transcript& transcript, const JudgeOptions& options = JudgeOptions());

// The same beside a connection that lives: piece by piece, however they are cut, and each complaint as soon as it is
// sure. What only the end can show comes with finish().
class LiveJudge {
 public:
  // `opened`: Transcript::opened.
  explicit LiveJudge(Role endpoint, std::optional<std::optional<DeflateParams>> opened = std::nullopt,
                     const JudgeOptions& options = JudgeOptions());
  LiveJudge(LiveJudge&&) noexcept;
  LiveJudge& operator=(LiveJudge&&) noexcept;
  ~LiveJudge();

  void take(Transcript::Kind kind, ByteView octets = {});
  [[nodiscard]] const std::vector<Complaint>& complaints() const noexcept;  // so far; it only grows
  void finish();                                                            // once, after the last piece
  [[nodiscard]] Judgment result() &&;                                       // after finish()

 private:
  friend Judgment judge(const Transcript& transcript, const JudgeOptions& options);
  class Oracle;
  std::unique_ptr<Oracle> oracle_;
  std::optional<Transcript::Kind> last_;
  std::size_t position_ = 0;
};

}  // namespace ws::testing

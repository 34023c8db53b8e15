// transcript_opening.h - the oracle's part for the opening handshake. RFC 6455 4, RFC 7692 7.1.
#pragma once
#include <ws/rules/answer.h>
#include <ws/testing/oracle/oracle.h>

namespace ws::testing {

class TranscriptOpening {
 public:
  TranscriptOpening(Role endpoint, std::vector<Complaint>& complaints) : endpoint_(endpoint), complaints_(complaints) {}

  void sent(ByteView octets, std::size_t piece);
  void came(ByteView octets, std::size_t piece);
  void nothing_came(std::size_t piece);

  // The frames may begin. What was sent and came of them already is there to be taken.
  [[nodiscard]] bool is_open() const noexcept { return state_ == State::open; }
  // Nothing more can be said: there is no connection, or an extension is in use that the oracle does not know.
  [[nodiscard]] bool is_over() const noexcept { return state_ == State::over; }
  [[nodiscard]] const std::optional<DeflateParams>& deflate() const noexcept { return deflate_; }
  // Frames were sent before the endpoint answered: it may refuse, drop or process them (C-12). Or the answer to it is
  // one that it need not take (C-39).
  [[nodiscard]] bool is_blurred() const noexcept { return blurred_; }
  Bytes sent_rest, came_rest;
  [[nodiscard]] std::optional<int> status() const noexcept { return status_; }  // of the answer

 private:
  enum class State : std::uint8_t { request, answer, refused, open, over };
  void read_request();
  void read_answer();
  void judge_server(const ResponseHead& answer);
  void judge_client(const ResponseHead& answer);
  void judge_refused(ByteView octets);
  [[nodiscard]] rules::AnswerReading reading_of(const ResponseHead& answer) const;
  void complain(rules::FindingKind kind, const rules::Facts& facts);
  // Of a kind whose requirement and weight are those of the fault that was overlooked.
  void complain(rules::FindingKind kind, Complaint::Weight weight, const rules::Facts& facts);
  void complain(const rules::AnswerFault& fault);

  Role endpoint_;
  std::vector<Complaint>& complaints_;
  State state_ = State::request;
  std::size_t piece_ = 0;
  Bytes request_octets_, answer_octets_;  // of the head that is read, and after it
  RequestHead request_;
  std::optional<int> status_;
  std::optional<Violation> request_fault_, answer_fault_;
  std::optional<DeflateParams> deflate_;
  bool spoke_early_ = false, blurred_ = false;
};

}  // namespace ws::testing

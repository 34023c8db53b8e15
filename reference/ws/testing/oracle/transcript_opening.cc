#include <ws/core/frame.h>
#include <ws/core/http/handshake.h>
#include <ws/rules/refusals.h>
#include <ws/testing/oracle/complain.h>
#include <ws/testing/oracle/transcript_opening.h>

#include <algorithm>
#include <utility>

namespace ws::testing {
namespace {

using Weight = Complaint::Weight;
using enum rules::FindingKind;

constexpr const char* kNoHttp = "it sent octets that are no answer of HTTP";

constexpr HeadLimits kHeadLimits{1024 * 1024, 10'000};  // limits are an endpoint's own (C-39)

// The head at the front of the octets, which it leaves; nothing yet, or what is wrong with it.
std::expected<std::optional<Bytes>, Violation> take_head(Bytes& octets) {
  const auto end = head_end(octets, kHeadLimits);
  if (!end) return std::unexpected(end.error());
  if (!*end) return std::optional<Bytes>{};
  const auto size = static_cast<std::ptrdiff_t>(**end);
  Bytes head(octets.begin(), octets.begin() + size);
  octets.erase(octets.begin(), octets.begin() + size);
  return std::optional<Bytes>(std::move(head));
}

// C-39: a client may refuse an answer whose head is beyond its limits, or that few clients read as HTTP has it: folded
// lines, octets above 127. Nobody can say whether it took such an answer, unless it goes on.
bool is_unusual(ByteView head) {
  constexpr std::size_t kOctets = 4096;
  constexpr std::ptrdiff_t kLines = 50;
  const std::string_view text = as_text(head);
  const bool folded = text.find("\r\n ") != text.npos || text.find("\r\n\t") != text.npos;
  const bool large = text.size() > kOctets || std::ranges::count(text, '\n') > kLines;
  return large || folded || std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

std::optional<Weight> weight(rules::Refusal refusal) {
  switch (refusal) {
    case rules::Refusal::must:
      return Weight::must;
    case rules::Refusal::should:
      return Weight::should;
    case rules::Refusal::may:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void TranscriptOpening::complain(rules::FindingKind kind, const rules::Facts& facts) {
  add(complaints_, kind, facts, rules::requirement_of(kind, facts, endpoint_), piece_);
}

void TranscriptOpening::complain(rules::FindingKind kind, Weight weight, const rules::Facts& facts) {
  add(complaints_, kind, facts, std::string(rule(*facts.violation).requirement), piece_);
  complaints_.back().weight = weight;
}

void TranscriptOpening::complain(const rules::AnswerFault& fault) {
  complaints_.push_back({Weight::must,
                         fault.violation,
                         std::string(fault.requirement),
                         rules::expected(fault),
                         rules::seen(fault),
                         piece_,
                         fault.kind,
                         {}});
}

void TranscriptOpening::sent(ByteView octets, std::size_t piece) {
  if (is_over()) return;  // nothing is kept of what is not judged
  piece_ = piece;
  if (endpoint_ == Role::server) {
    append(request_octets_, octets);
    if (state_ == State::request) read_request();
  } else {
    append(answer_octets_, octets);
    if (state_ == State::answer) read_answer();
  }
}

void TranscriptOpening::came(ByteView octets, std::size_t piece) {
  if (is_over()) return;
  piece_ = piece;
  if (endpoint_ == Role::server) {
    spoke_early_ = spoke_early_ || state_ == State::request;
    blurred_ = blurred_ || (state_ == State::answer && !request_octets_.empty());
    append(answer_octets_, octets);
    // An endpoint may refuse before it has the whole request.
    if (state_ == State::request || state_ == State::answer) read_answer();
    return;
  }
  if (state_ == State::refused) return judge_refused(octets);
  append(request_octets_, octets);
  if (state_ == State::request) read_request();
  if (state_ != State::answer || request_octets_.empty()) return;
  // RFC 6455 4.1: the client waits for the answer.
  complain(answer_before_request, {});
  state_ = State::over;
}

void TranscriptOpening::read_request() {
  auto head = take_head(request_octets_);
  if (head && !*head) return;
  state_ = State::answer;
  auto request =
      head ? parse_request(**head, kHeadLimits) : std::expected<RequestHead, Violation>(std::unexpected(head.error()));
  if (!request) {
    request_fault_ = request.error();
  } else {
    request_ = std::move(*request);
    if (const auto facts = check_request(request_); !facts) request_fault_ = facts.error();
  }
  if (endpoint_ == Role::server || !request_fault_) return;
  complain(request_illegal, {.violation = request_fault_});
  state_ = State::over;
}

void TranscriptOpening::read_answer() {
  while (true) {
    auto head = take_head(answer_octets_);
    if (head && !*head) return;
    auto answer = head ? parse_response(**head, kHeadLimits)
                       : std::expected<ResponseHead, Violation>(std::unexpected(head.error()));
    if (!answer) {
      state_ = State::over;  // for a client, to take such an answer is left open (C-39)
      if (endpoint_ == Role::client) return;
      // RFC 6455 10.7 asks for a refusal in HTTP no more than weakly.
      return complain(request_fault_ ? refusal_not_http : answer_illegal,
                      {.violation = answer.error(), .wanted = "an answer of HTTP", .instead = kNoHttp});
    }
    const bool interim = answer->status < 200 && answer->status != 101;  // RFC 9110 15.2: an answer before the answer
    if (endpoint_ == Role::client && (interim || is_unusual(**head))) blurred_ = true;
    if (interim) continue;
    status_ = answer->status;
    return endpoint_ == Role::server ? judge_server(*answer) : judge_client(*answer);
  }
}

void TranscriptOpening::judge_server(const ResponseHead& answer) {
  const bool early = state_ == State::request;
  state_ = State::over;
  if (answer.status != 101) return;  // C-08: it may refuse anybody, in its own words
  if (early) {
    return complain(answer_before_request, {});
  }
  if (request_fault_) {
    const auto wrong = weight(rules::refusal_of_request(*request_fault_, request_));
    if (wrong) {
      complain(opening_accepted, *wrong, {.violation = request_fault_, .wanted = "a status other than 101"});
    }
    return;  // what such a request agrees on is nobody's to say
  }
  const auto [faults, agreement] = reading_of(answer);
  for (const rules::AnswerFault& fault : faults) complain(fault);
  // A broken answer that can be understood is taken at its word, so that what lies after it is judged.
  if (!agreement || agreement->unknown_extension) return;
  deflate_ = agreement->deflate;
  state_ = State::open;
  sent_rest = std::exchange(request_octets_, {});
  came_rest = std::exchange(answer_octets_, {});
}

void TranscriptOpening::judge_client(const ResponseHead& answer) {
  if (answer.status != 101) {
    state_ = State::over;  // C-06: it may give up, or come again on the same connection
    return;
  }
  const auto [faults, agreement] = reading_of(answer);
  const auto refusal = [](const rules::AnswerFault& fault) { return rules::refusal_of_answer(fault.violation); };
  const auto worst = std::ranges::max_element(faults, {}, refusal);
  if (worst != faults.end()) {
    answer_fault_ = worst->violation;
    state_ = State::refused;
  } else {
    deflate_ = agreement->deflate;
    state_ = agreement->unknown_extension ? State::over : State::open;
  }
  sent_rest = std::exchange(answer_octets_, {});
}

// Octets of a client that should not have taken the answer. A Close for the fault is a way to fail it (C-34).
void TranscriptOpening::judge_refused(ByteView octets) {
  state_ = State::over;
  const auto wrong = weight(rules::refusal_of_answer(*answer_fault_));
  if (!wrong) return;
  // The first octet of a header names the opcode; there may be no more of it yet.
  const bool close = decode_header_lenient(std::array{octets.front(), std::byte{0}}).opcode == Opcode::close;
  if (close) return complain(answer_refused_by_close, {.violation = answer_fault_});
  complain(answer_accepted, *wrong,
           {.violation = answer_fault_, .instead = "it sent frames, as on an open connection"});
}

// That the tester or the client offered an extension which is unknown here is its own affair.
rules::AnswerReading TranscriptOpening::reading_of(const ResponseHead& answer) const {
  auto reading = rules::read_answer(answer, *check_request(request_));
  std::erase_if(reading.faults, [](const auto& f) { return f.kind == rules::AnswerFault::Kind::extension_unknown; });
  return reading;
}

void TranscriptOpening::nothing_came(std::size_t piece) {
  piece_ = piece;
  if (endpoint_ != Role::server || state_ != State::answer) return;
  complain(opening_unanswered, {.violation = request_fault_, .wanted = "a status", .instead = "nothing came"});
}

}  // namespace ws::testing

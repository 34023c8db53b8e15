#include <ws/rules/codes.h>
#include <ws/rules/mask_keys.h>
#include <ws/testing/oracle/complain.h>
#include <ws/testing/oracle/transcript_frames.h>
#include <ws/testing/oracle/unlimited.h>

#include <algorithm>
#include <utility>

namespace ws::testing {
namespace {

using enum rules::FindingKind;
namespace cc = close_code;

// A Pong with so many octets of a Ping can be no other's.
constexpr std::size_t kTelling = 4;
// Frames up to this length say nothing about limits (C-15).
constexpr std::uint64_t kSmall = 1024;

constexpr const char *kSilence = "nothing more came", *kEndOfTcp = "it ended TCP without a Close",
                     *kWentOn = "it went on: it answered a Ping that was sent after the fault";

std::string sent_close(std::uint16_t code) { return "it sent Close " + std::to_string(code); }

bool is_without_mark(std::string_view text, std::string_view whole) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return whole.starts_with(kMark) && whole.substr(kMark.size()) == text;
}

std::vector<std::uint16_t> fitting(Violation fault) {
  const auto codes = rules::fitting_codes(fault);
  return {codes.begin(), codes.end()};
}

}  // namespace

TranscriptFrames::TranscriptFrames(Role endpoint, const std::optional<DeflateParams>& deflate,
                                   const JudgeOptions& options, bool blurred, std::vector<Complaint>& complaints)
    : endpoint_(endpoint),
      options_(options),
      blurred_(blurred),
      complaints_(complaints),
      stimulus_(endpoint, deflate),
      receiver_(unlimited(opposite(endpoint), deflate)),
      own_frames_(deflate.has_value()) {}

void TranscriptFrames::complain(rules::FindingKind kind, const rules::Facts& facts) {
  std::string requirement = rules::requirement_of(kind, facts, endpoint_);
  // What was overlooked is known by the fault alone: there is no case that could be about something else.
  if (requirement.empty()) requirement = rule(*facts.violation).requirement;
  add(complaints_, kind, facts, std::move(requirement), piece_);
}

// --- Legality ---

void TranscriptFrames::came(ByteView octets, std::size_t piece) {
  piece_ = piece;
  while (!octets.empty() && !illegal_) {
    const auto step = walker_.take(octets);
    octets = octets.subspan(step.taken);
    if (step.begun) begin_frame();
    if (!step.payload.empty()) hand_on(step.payload);
    if (walker_.complete()) end_frame();
  }
}

void TranscriptFrames::begin_frame() {
  const FrameHeader& header = *walker_.header();
  const auto broken = own_frames_.take(header);
  if (broken.second_close) complain(second_close);
  if (broken.data_after_close) complain(data_after_close);
  if (!broken.empty_compressed) return hand_on(walker_.head());
  complain(compressed_message_empty);
  hand_on(rules::proper_empty_compressed(header));
}

void TranscriptFrames::end_frame() {
  if (!closed_ || blurred_ || went_on_ || !stimulus_.fault || stimulus_.fault->may_pass) return;
  // A Pong that can be of a Ping before the fault is no sign.
  const bool telling = walker_.payload().size() >= kTelling &&
                       std::ranges::find(stimulus_.pings, as_text(walker_.payload())) == stimulus_.pings.end();
  went_on_ = telling && own_frames_.answers_after_failing(walker_.payload(), stimulus_.pings_behind);
  if (went_on_) complain(answered_after_failing);
}

// Done at the end, since each test of the keys may err once in a million connections.
void TranscriptFrames::done() {
  if (survived_) ignored(kWentOn);
  if (awaited_) {
    piece_ = awaited_->piece;
    complain(pong_missing, {.instead = kSilence, .number = awaited_->pings});
  }
  if (kept_tcp_) judge_kept_tcp();
  if (endpoint_ != Role::client) return;
  if (const auto fault = rules::mask_key_fault(own_frames_.mask_keys()))
    complain(rules::finding_kind(fault->kind), {.instead = rules::describe(*fault)});
}

void TranscriptFrames::hand_on(ByteView octets) {
  if (closed_) return;  // nothing after a Close is read, but for its headers
  receiver_.receive(octets);
  while (auto event = receiver_.next_event()) take(*event);
  receiver_.wrote(receiver_.output().size());
}

void TranscriptFrames::take(const Event& event) {
  if (const auto* text = std::get_if<event::Text>(&event)) take_message(Opcode::text, as_octets(text->data));
  if (const auto* binary = std::get_if<event::Binary>(&event)) take_message(Opcode::binary, binary->data);
  if (const auto* pong = std::get_if<event::Pong>(&event)) take_pong(to_string(pong->payload));
  if (const auto* close = std::get_if<event::Close>(&event)) take_close(close->reason);
  if (const auto* failed = std::get_if<event::Failed>(&event)) take_violation(*failed);
}

void TranscriptFrames::take_violation(const event::Failed& failed) {
  closed_ = true;  // as far as messages and Pongs go
  const bool bad_code = failed.violation == Violation::close_code_invalid && walker_.complete();
  if (bad_code && repeats_our_code()) return complain(bad_code_repeated, {.violation = failed.violation});
  illegal_ = true;
  complain(octets_illegal, {.violation = failed.violation,
                            .offset = failed.offset,
                            .code = bad_code ? close_code_of(walker_.payload()) : std::nullopt});
}

bool TranscriptFrames::repeats_our_code() const {
  const auto code = close_code_of(walker_.payload());
  return code && rules::may_repeat(*code, stimulus_.close_code);
}

// --- Reaction ---

// RFC 6455 7.1.1, 7.1.7: after both Closes, and after its own for a fault, nothing is left to wait for.
bool TranscriptFrames::is_over() const noexcept {
  return closed_ && !blurred_ && (stimulus_.close || (stimulus_.fault && !stimulus_.fault->may_pass));
}

void TranscriptFrames::take_message(Opcode opcode, ByteView data) {
  if (!options_.echoes || blurred_ || out_of_step_ || (stimulus_.fault && stimulus_.fault->may_pass)) return;
  const std::size_t i = messages_++;
  rules::Facts facts{.instead = describe(Message{opcode, to_bytes(data)}) + " came", .number = i + 1};
  if (i >= stimulus_.messages.size()) {
    out_of_step_ = true;
    if (stimulus_.fault) facts.violation = stimulus_.fault->violation;
    return complain(stimulus_.fault ? message_after_fault : message_unexpected, facts);
  }
  const auto& [sent_as, sent] = stimulus_.messages[i];
  if (sent_as == opcode && std::ranges::equal(sent, data)) return;
  if (sent_as == Opcode::text && opcode == sent_as && is_without_mark(as_text(data), as_text(sent)))
    return complain(byte_order_mark_lost);
  out_of_step_ = true;  // what comes after it may only be out of step
  facts.wanted = describe(stimulus_.messages[i]);
  facts.offset = static_cast<std::uint64_t>(std::ranges::mismatch(data, sent).in1 - data.begin());
  complain(sent_as == opcode ? message_differs : message_type_differs, facts);
}

void TranscriptFrames::take_pong(const std::string& payload) {
  const auto& pings = stimulus_.pings;
  const auto begin = pings.begin() + static_cast<std::ptrdiff_t>(next_ping_);
  if (!pings.empty() && pings.back() == payload) pings_at_last_pong_ = pings.size();
  if (awaited_ && payload == pings[awaited_->pings - 1]) {
    complain(pong_late, {.instead = "its Pong came only with what was sent later"});
    awaited_.reset();
  }
  if (const auto it = std::find(begin, pings.end(), payload); it != pings.end()) {
    next_ping_ = static_cast<std::size_t>(it - pings.begin()) + 1;
    return;
  }
  if (blurred_ || payload.size() < kTelling) return;
  const auto is_of = [&](const std::vector<std::string>& sent) { return std::ranges::count(sent, payload) > 0; };
  const rules::Facts facts{.what = describe(as_octets(payload))};
  if (is_of(pings)) {
    complain(pong_twice, facts);
  } else if (is_of(stimulus_.pings_behind) && !stimulus_.fault->may_pass) {
    survived_ = true;  // it may fail the connection yet, for two parts of it may read and write
  } else if (is_of(stimulus_.pongs)) {
    complain(pong_for_pong, facts);
  }
}

// It overlooked what has to fail the connection.
void TranscriptFrames::ignored(std::string instead) {
  survived_ = false;
  const Violation fault = stimulus_.fault->violation;
  complain(fault_ignored, {.violation = fault, .codes = fitting(fault), .instead = std::move(instead)});
}

void TranscriptFrames::take_close(const std::optional<CloseReason>& reason) {
  closed_ = true;
  if (!reason) return;  // C-13, C-22
  const std::uint16_t code = reason->code;
  const bool ours = stimulus_.close && *stimulus_.close && (*stimulus_.close)->code == code;
  if (endpoint_ == Role::server && code == cc::kMandatoryExtension && !ours) complain(code_1010_from_server);
  if (blurred_) return;
  if (stimulus_.fault) return judge_failing_code(code);
  if (stimulus_.close) return judge_code_in_answer(code);
  judge_unasked_code(code);
}

void TranscriptFrames::judge_failing_code(std::uint16_t code) {
  const auto& fault = *stimulus_.fault;
  if (fault.may_pass) return;
  const rules::Facts facts{.violation = fault.violation, .codes = fitting(fault.violation), .code = code};
  // RFC 6455 7.1.7: it went on for a while. Only a Close that names a fault shows that it did notice.
  if (survived_ && rules::says_error(code)) {
    survived_ = false;
    return complain(fault_noticed_late, facts);
  }
  if (survived_ || rules::fits(fault.violation, code)) return;
  // For what came before the fault (C-16), or before it was noticed (C-31).
  if ((stimulus_.may_be_refused() || fault.others) && code == cc::kProtocolError) return;
  // C-27: it may have closed before it saw the fault, for a reason of its own.
  if (!options_.echoes && !rules::accuses(code)) return;
  complain(failing_code_wrong, facts);
}

void TranscriptFrames::judge_code_in_answer(std::uint16_t code) {
  const bool ours = *stimulus_.close && (*stimulus_.close)->code == code;
  if (!rules::says_error(code) || ours || stimulus_.may_be_refused()) return;
  // C-27: the two may have crossed. What was sent before ours may have been too much, but it broke no rule.
  const bool answers_ours = messages_ == stimulus_.messages.size() && !stimulus_.in_message;
  if (!answers_ours && !rules::accuses(code)) return;
  if (options_.echoes && messages_ < stimulus_.messages.size())  // it refuses one of them, and not our Close
    return complain(legal_octets_refused, {.code = code, .instead = sent_close(code)});
  complain(close_answer_says_error,
           {.codes = {*stimulus_.close ? (*stimulus_.close)->code : cc::kNormal}, .code = code});
}

// C-27: an endpoint may close at any time, but to speak of an error there has to be one.
void TranscriptFrames::judge_unasked_code(std::uint16_t code) {
  if (!rules::refuses_legal_octets(code, /*takes_such=*/false) || stimulus_.may_be_refused()) return;
  // C-15: it may have been too much for the endpoint, but then it is not the encoding that was wrong (1007).
  if (stimulus_.longest_frame > kSmall && rules::fits(Violation::message_too_big, code)) return;
  complain(legal_octets_refused, {.code = code, .instead = sent_close(code)});
}

void TranscriptFrames::ended(bool after_us, bool by_reset, std::size_t piece) {
  piece_ = piece;
  if (walker_.header() == nullptr) hand_on(walker_.head());  // no whole header, but octets to be judged
  if (closed_ || after_us || blurred_ || stimulus_.may_be_refused()) return;  // C-40
  if (stimulus_.fault) {
    if (stimulus_.fault->may_pass) return;
    survived_ = false;
    const Violation fault = stimulus_.fault->violation;
    complain(failed_without_close, {.violation = fault, .codes = fitting(fault), .instead = kEndOfTcp});
  } else if (stimulus_.close) {
    complain(by_reset ? close_answer_lost : close_answered_by_end_of_tcp, {.instead = kEndOfTcp});
  } else if (stimulus_.longest_frame <= kSmall) {
    complain(tcp_ended_unasked, {.instead = kEndOfTcp});
  }
}

void TranscriptFrames::nothing_came(std::size_t piece) {
  piece_ = piece;
  if (blurred_ || illegal_) return;
  if (closed_) {
    if (is_over() && !kept_tcp_) kept_tcp_ = piece;
    return;
  }
  if (const auto& fault = stimulus_.fault) {
    if (!fault->may_pass && fault->settled) ignored(survived_ ? kWentOn : kSilence);
    // RFC 6455 5.5.1: nobody has to refuse its code (C-29), but a Close is answered whatever it says.
    if (fault->violation == Violation::close_code_invalid && fault->settled)
      complain(close_unanswered, {.instead = kSilence});
    return;
  }
  if (stimulus_.close) return complain(close_unanswered, {.instead = kSilence});
  const std::size_t pings = stimulus_.pings.size();
  // C-18: the end of a message that is under way may be waited for.
  if (pings_at_last_pong_ < pings && stimulus_.in_message)
    complain(pong_late, {.instead = kSilence, .number = pings});
  else if (pings_at_last_pong_ < pings && !awaited_)
    awaited_ = {piece, pings};
  if (options_.echoes && messages_ < stimulus_.messages.size())
    complain(message_missing, {.instead = kSilence, .number = messages_, .of = stimulus_.messages.size()});
}

void TranscriptFrames::left_open_after_us() {
  if (is_over()) kept_after_us_ = true;
}

// RFC 6455 5.5.1, 7.1.1: the server closes TCP first; a client may wait for that, but not for ever (C-24).
void TranscriptFrames::judge_kept_tcp() {
  piece_ = *kept_tcp_;
  if (endpoint_ == Role::server)
    return complain(kept_after_us_ ? tcp_left_open : stimulus_.close ? tcp_kept_open : tcp_ended_second);
  if (kept_after_us_) complain(tcp_left_open_after_close);
}

}  // namespace ws::testing

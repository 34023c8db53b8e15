#include <ws/rules/codes.h>
#include <ws/rules/mask_keys.h>
#include <ws/testing/oracle/transcript_frames.h>
#include <ws/testing/oracle/unlimited.h>

#include <algorithm>
#include <utility>

namespace ws::testing {
namespace {

namespace cc = close_code;

// A Pong with so many octets of a Ping can be no other's.
constexpr std::size_t kTelling = 4;
// Frames up to this length say nothing about limits (C-15).
constexpr std::uint64_t kSmall = 1024;

std::string code_text(std::uint16_t code) { return "Close " + std::to_string(code); }

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

void TranscriptFrames::complain(Weight weight, std::string_view requirement, std::string expected, std::string seen,
                                std::optional<Violation> broken) {
  complaints_.push_back({weight, broken, std::string(requirement), std::move(expected), std::move(seen), piece_});
}

// --- Legality ---

void TranscriptFrames::came(ByteView octets, std::size_t piece) {
  piece_ = piece;
  while (!octets.empty() && !illegal_) {
    const auto step = walker_.take(octets);
    octets = octets.subspan(step.taken);
    if (step.begun) begin_frame();
    if (!step.payload.empty()) hand_on(step.payload);
  }
}

void TranscriptFrames::begin_frame() {
  const FrameHeader& header = *walker_.header();
  const auto broken = own_frames_.take(header);
  if (broken.second_close) complain(Weight::must, rules::kNoSecondClose, "at most one Close", "a second Close");
  if (broken.data_after_close) {
    complain(Weight::must, rules::kNoDataAfterClose, "no data frames after one's own Close",
             "a data frame after its Close");
  }
  if (!broken.empty_compressed) return hand_on(walker_.head());
  complain(Weight::should, rules::kEmptyCompressed, "a compressed empty message is a single octet 00",
           "RSV1 without any payload (C-37)");
  hand_on(rules::proper_empty_compressed(header));
}

// Done at the end, since each test of the keys may err once in a million connections.
void TranscriptFrames::done() {
  if (endpoint_ != Role::client) return;
  const auto fault = rules::mask_key_fault(own_frames_.mask_keys());
  if (!fault) return;
  complain(rules::is_certain(fault->kind) ? Weight::must : Weight::should, rules::kFreshMaskKeys,
           "a fresh, unpredictable masking key for each frame", rules::describe(*fault));
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
  if (const auto* failed = std::get_if<event::Failed>(&event)) take_violation(failed->violation);
}

void TranscriptFrames::take_violation(Violation violation) {
  closed_ = true;  // as far as messages and Pongs go
  if (violation == Violation::close_code_invalid && repeats_our_code()) {
    complain(Weight::should, broken_by_sending(violation), "no status code that has no meaning", "ours repeated (C-29)",
             violation);
    return;
  }
  illegal_ = true;
  complain(Weight::must, broken_by_sending(violation), "octets that keep this rule", std::string(rule(violation).text),
           violation);
}

std::string_view TranscriptFrames::broken_by_sending(Violation violation) const {
  const auto code = close_code_of(walker_.payload());
  if (violation == Violation::close_code_invalid && walker_.complete() && code)
    return rules::requirement_of_sending(*code);
  return requirement_of_sender(violation, endpoint_);
}

bool TranscriptFrames::repeats_our_code() const {
  const auto code = close_code_of(walker_.payload());
  return walker_.complete() && code && rules::may_repeat(*code, stimulus_.close_code);
}

// --- Reaction ---

bool TranscriptFrames::may_end() const noexcept {
  return blurred_ || stimulus_.fault || stimulus_.close || stimulus_.may_be_refused() ||
         stimulus_.longest_frame > kSmall;
}

void TranscriptFrames::take_message(Opcode opcode, ByteView data) {
  if (!options_.echoes || blurred_ || (stimulus_.fault && stimulus_.fault->may_pass)) return;
  const std::size_t i = messages_++;
  const std::string which = "message " + std::to_string(i + 1);
  const std::string seen = describe(Message{opcode, to_bytes(data)});
  if (i >= stimulus_.messages.size()) {
    const bool failed = stimulus_.fault.has_value();
    return complain(Weight::must, failed ? "rfc6455-7.1.7-7" : "rfc6455-6.2-4",
                    failed ? "no message from the fault on" : "no " + which + ", since none was sent whole", seen,
                    failed ? std::optional(stimulus_.fault->violation) : std::nullopt);
  }
  const auto& [sent_as, sent] = stimulus_.messages[i];
  if (sent_as == opcode && std::ranges::equal(sent, data)) return;
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  const bool only_mark_lost =
      sent_as == opcode && as_text(sent).starts_with(kMark) && as_text(sent).substr(kMark.size()) == as_text(data);
  complain(only_mark_lost ? Weight::should : Weight::must, only_mark_lost ? "rfc3629-6-1" : "rfc6455-6.2-4",
           which + " back as it was sent: " + describe(stimulus_.messages[i]), seen);
}

void TranscriptFrames::take_pong(const std::string& payload) {
  const auto& pings = stimulus_.pings;
  const auto begin = pings.begin() + static_cast<std::ptrdiff_t>(next_ping_);
  if (!pings.empty() && pings.back() == payload) pings_at_last_pong_ = pings.size();
  if (const auto it = std::find(begin, pings.end(), payload); it != pings.end()) {
    next_ping_ = static_cast<std::size_t>(it - pings.begin()) + 1;
    return;
  }
  if (blurred_ || payload.size() < kTelling) return;
  const auto is_of = [&](const std::vector<std::string>& sent) { return std::ranges::count(sent, payload) > 0; };
  if (is_of(pings)) {
    complain(Weight::should, "rfc6455-5.5.3-2", "a Pong for a Ping once, in order",
             "a second or late Pong " + describe(as_octets(payload)));
  } else if (is_of(stimulus_.pings_behind) && !stimulus_.fault->may_pass) {
    complain(Weight::must, rule(stimulus_.fault->violation).requirement,
             "the connection fails: " + code_text(rule(stimulus_.fault->violation).close_code),
             "the endpoint went on: it answered a Ping behind the fault. " +
                 std::string(rule(stimulus_.fault->violation).text),
             stimulus_.fault->violation);
  } else if (is_of(stimulus_.pongs)) {
    complain(Weight::must, "rfc6455-5.5.3-4", "a Pong is never answered",
             "a Pong with the payload of ours: " + describe(as_octets(payload)));
  }
}

void TranscriptFrames::take_close(const std::optional<CloseReason>& reason) {
  closed_ = true;
  if (!reason) return;  // C-13, C-22
  const std::uint16_t code = reason->code;
  const bool ours = stimulus_.close && *stimulus_.close && (*stimulus_.close)->code == code;
  if (endpoint_ == Role::server && code == cc::kMandatoryExtension && !ours)
    complain(Weight::must, "rfc6455-7.4.1-16", "a server does not send 1010", code_text(code));
  if (blurred_) return;
  if (stimulus_.fault) return judge_failing_code(code);
  if (stimulus_.close) return judge_code_in_answer(code);
  judge_unasked_code(code);
}

void TranscriptFrames::judge_failing_code(std::uint16_t code) {
  const auto& fault = *stimulus_.fault;
  if (fault.may_pass || rules::fits(fault.violation, code)) return;
  // For what came before the fault (C-16), or before it was noticed (C-31).
  if ((stimulus_.may_be_refused() || fault.others) && code == cc::kProtocolError) return;
  // C-27: it may have closed before it saw the fault, for a reason of its own.
  if (!options_.echoes && !rules::accuses(code)) return;
  complain(Weight::should, "rfc6455-7.1.7-5", code_text(rule(fault.violation).close_code), code_text(code),
           fault.violation);
}

void TranscriptFrames::judge_code_in_answer(std::uint16_t code) {
  const bool ours = *stimulus_.close && (*stimulus_.close)->code == code;
  if (!rules::says_error(code) || ours || stimulus_.may_be_refused()) return;
  // C-27: the two may have crossed. What was sent before ours may have been too much, but it broke no rule.
  const bool answers_ours = messages_ == stimulus_.messages.size() && !stimulus_.in_message;
  if (!answers_ours && !rules::accuses(code)) return;
  complain(Weight::should, "rfc6455-5.5.1-11", "the code of our Close, or another that says no error", code_text(code));
}

// C-27: an endpoint may close at any time, but to speak of an error there has to be one.
void TranscriptFrames::judge_unasked_code(std::uint16_t code) {
  if (!rules::accuses(code) || may_end()) return;
  complain(weight_of_ending(), code == cc::kProtocolError ? "rfc6455-7.4.1-9" : "rfc6455-7.4.1-11",
           "no error: what was sent keeps the rules", code_text(code));
}

void TranscriptFrames::ended(bool after_us, std::size_t piece) {
  piece_ = piece;
  if (walker_.header() == nullptr) hand_on(walker_.head());  // no whole header, but octets to be judged
  if (closed_ || after_us || blurred_ || stimulus_.may_be_refused()) return;  // C-40
  if (stimulus_.fault) {
    if (stimulus_.fault->may_pass) return;
    complain(Weight::should, "rfc6455-7.1.7-5",
             code_text(rule(stimulus_.fault->violation).close_code) + " before the end of TCP", "only the end of TCP",
             stimulus_.fault->violation);
  } else if (stimulus_.close) {
    complain(Weight::should, "rfc6455-5.5.1-10", "a Close in answer to a Close", "the end of TCP without one");
  } else if (stimulus_.longest_frame <= kSmall) {
    complain(weight_of_ending(), "rfc6455-7.3-3", "a Close before the end of TCP", "the end of TCP without one");
  }
}

void TranscriptFrames::nothing_came(std::size_t piece) {
  piece_ = piece;
  if (blurred_ || illegal_) return;
  if (closed_) {
    const bool both = stimulus_.close.has_value();
    if (endpoint_ == Role::server && both)
      complain(Weight::should, "rfc6455-7.1.1-3", "the server ends TCP after the closing handshake", "it left it open");
    return;
  }
  if (const auto& fault = stimulus_.fault) {
    if (fault->may_pass || !fault->settled) return;
    return complain(Weight::must, rule(fault->violation).requirement,
                    "the connection fails: " + code_text(rule(fault->violation).close_code) + " or the end of TCP",
                    "the endpoint went on. " + std::string(rule(fault->violation).text), fault->violation);
  }
  if (stimulus_.close) return complain(Weight::must, "rfc6455-5.5.1-10", "a Close in answer to a Close", "none");
  // C-18: the end of a message that is under way may be waited for.
  const Weight weight = stimulus_.in_message ? Weight::should : Weight::must;
  if (pings_at_last_pong_ < stimulus_.pings.size()) {
    complain(weight, "rfc6455-5.5.2-2", "a Pong for Ping " + describe(as_octets(stimulus_.pings.back())), "none");
  }
  if (options_.echoes && messages_ < stimulus_.messages.size()) {
    complain(Weight::must, "rfc6455-6.2-4", std::to_string(stimulus_.messages.size()) + " messages back",
             std::to_string(messages_) + " of them");
  }
}

}  // namespace ws::testing

#include "runner/campaign/expectation.h"

#include "runner/campaign/http2_rules.h"
#include "runner/campaign/openings.h"
#include "runner/campaign/raw_request.h"
#include "runner/campaign/scenes.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <ws/core/close.h>
#include <ws/core/deflate/deflate.h>
#include <ws/core/utf8.h>

#include <algorithm>
#include <utility>

namespace touchstone::fuzz {
namespace {

constexpr std::uint64_t kMostInflated = 64 * 1024 * 1024;

// The side that is under test.
Side side_of(const Case& c) noexcept { return c.sides.empty() ? Side::server : c.sides.front(); }

ws::Bytes octets_in(const Payload& payload) { return PayloadGenerator(1).make(payload); }

// Of a step that is_close().
std::optional<std::uint16_t> close_code_of(const Step& close) {
  const auto* frame = std::get_if<step::Frame>(&close.action);
  return frame != nullptr ? ws::close_code_of(octets_in(frame->payload)) : std::get<step::Close>(close.action).code;
}

// RFC 6455 5.5.1: nothing follows a Close. A second one only blurs which of them was answered.
void keep_first_close(Case& c) {
  bool closed = false;
  std::erase_if(c.steps, [&](const Step& step) { return is_close(step) && std::exchange(closed, true); });
}

// C-16: the RFC binds the sender of a length and leaves the receiver free.
bool has_long_form(const Step& step) {
  const auto* frame = std::get_if<step::Frame>(&step.action);
  if (frame == nullptr || frame->form.length_bits == 0) return false;
  return length(frame->payload) <= (frame->form.length_bits == 16 ? std::uint64_t{125} : std::uint64_t{65535});
}

Case in_shortest_form(Case c) {
  for (Step& step : c.steps) {
    if (has_long_form(step)) std::get<step::Frame>(step.action).form.length_bits = 0;
  }
  return c;
}

// Data that stop inside a block, or go on after a final one, inflate to something in one library and to an error in
// the next. A block type that does not exist and a stored block with a wrong length are errors in all of them (RFC
// 1951).
bool certainly_corrupt(const Step& step) {
  const auto* frame = std::get_if<step::Frame>(&step.action);
  if (frame == nullptr || frame->rsv != 4) return false;
  const ws::Bytes data = octets_in(frame->payload);
  const auto octet = [&](std::size_t i) { return std::to_integer<unsigned>(data[i]); };
  if (data.empty()) return false;
  const unsigned type = octet(0) >> 1 & 3;
  return type == 3 || (type == 0 && data.size() >= 5 && (octet(1) ^ octet(3)) + (octet(2) ^ octet(4)) != 2 * 0xFF);
}

void erase_step(Case& c, std::size_t i) {
  c.steps.erase(c.steps.begin() + static_cast<std::ptrdiff_t>(i));
  if (c.steps.empty()) c.steps.push_back({step::Sentinel{"m1"}});
}

// In blocks without compression.
ws::Bytes as_stored(const ws::Bytes& octets) {
  ws::Bytes out;
  ws::Deflater(15, true, 0).compress(octets, true, out);
  return out;
}

// RFC 7692 7.2.1: what is sent of a message stops where a block does. Of one that stops elsewhere each library makes
// something of its own. Corrupt data count as whole.
bool stops_with_a_block(ws::ByteView data) {
  ws::Inflater inflater(15, false);
  const auto message = [&inflater](ws::ByteView octets, ws::Bytes& out) {
    return inflater.inflate(octets, kMostInflated, out) && inflater.finish(kMostInflated, out);
  };
  static const ws::Bytes kHistory = as_stored(ws::Bytes(32768)), kCanary = ws::to_bytes("canary"),
                         kStoredCanary = as_stored(kCanary);
  ws::Bytes out;
  // Whatever distances there are, they find something. Behind a whole block there is place for another.
  (void)message(kHistory, out);
  if (!message(data, out)) return true;
  out.clear();
  return message(kStoredCanary, out) && out == kCanary;
}

bool is_data(const step::Frame& frame) noexcept { return !ws::is_control(frame.opcode); }

// Of the compressed message that begins with step `i`: its frames, when all are there.
std::vector<std::size_t> frames_of_message(const Case& c, std::size_t i) {
  std::vector<std::size_t> frames;
  for (std::size_t j = i; j < c.steps.size(); ++j) {
    const auto* frame = std::get_if<step::Frame>(&c.steps[j].action);
    if (frame == nullptr || !is_data(*frame)) continue;
    if ((j > i) != (frame->opcode == ws::Opcode::cont)) break;
    frames.push_back(j);
    if (frame->fin) return frames;
  }
  return {};
}

void drop_messages_that_stop_in_a_block(Case& c) {
  for (std::size_t i = 0; i < c.steps.size(); ++i) {
    const auto* first = std::get_if<step::Frame>(&c.steps[i].action);
    if (first == nullptr || first->rsv != 4 || !is_data(*first)) continue;
    const auto frames = frames_of_message(c, i);
    ws::Bytes data;
    for (const std::size_t j : frames) ws::append(data, octets_in(std::get<step::Frame>(c.steps[j].action).payload));
    if (frames.empty() || stops_with_a_block(data)) continue;
    for (std::size_t n = frames.size(); n-- > 0;) erase_step(c, frames[n]);
    --i;  // what is there now
  }
}

// C-31: bad text and bad DEFLATE data may be noticed as late as at the end of the message, so it has to have one.
void end_message(Case& c, std::size_t i) {
  const auto* frame = std::get_if<step::Frame>(&c.steps[i].action);
  if (frame == nullptr || frame->fin) return;
  c.steps.resize(i + 1);
  step::Frame last;
  last.opcode = ws::Opcode::cont;
  c.steps.push_back({last});
}

// Where the octets stop: a frame that is not all there, or the end of TCP. The number of steps when nothing is missing.
std::size_t tail_of(const Case& c) {
  return static_cast<std::size_t>(std::ranges::find_if_not(c.steps, runs_plainly) - c.steps.begin());
}

// Octets that never come leave the endpoint waiting, as it should (C-15): our FIN ends that. Behind a Close, and beside
// an unusual opening handshake, a tail would blur what is asked.
void settle_tail(Case& c) {
  const std::size_t tail = tail_of(c);
  if (tail == c.steps.size()) return;
  const bool frame = std::holds_alternative<step::Frame>(c.steps[tail].action);
  const bool fits = frame || std::holds_alternative<step::Tcp>(c.steps[tail].action);
  const bool blurs =
      has_opening(c) || std::any_of(c.steps.begin(), c.steps.begin() + static_cast<std::ptrdiff_t>(tail + 1), is_close);
  c.steps.resize(tail + (fits && !blurs ? 1 : 0));
  if (c.steps.empty()) c.steps.push_back({step::Sentinel{"m1"}});
  if (frame && !blurs) c.steps.push_back({step::Tcp{}});
}

// The rule that step `at` breaks: of a bit that is in the wrong place, the one about the frame that has it (RFC
// 7692 6.1).
std::string requirement_of(ws::Violation broken, const Step& at) {
  const auto* frame = std::get_if<step::Frame>(&at.action);
  const bool continues = frame != nullptr && frame->opcode == ws::Opcode::cont;
  if (broken == ws::Violation::compressed_bit_misplaced && continues) return "rfc7692-6.1-6";
  return std::string(ws::rule(broken).requirement);
}

bool has_bad_reason(const Step& close) {
  constexpr std::size_t kCode = 2;
  const auto* frame = std::get_if<step::Frame>(&close.action);
  const ws::Bytes octets = octets_in(frame != nullptr ? frame->payload : std::get<step::Close>(close.action).reason);
  return !ws::is_utf8(ws::ByteView(octets).subspan(frame != nullptr ? std::min(kCode, octets.size()) : 0));
}

// C-29: codes from 5000 on are nobody's; 1012 to 1014 are in the registry only. A reason that is no text may be refused
// for itself (RFC 6455 8.1).
void leave_open_codes(Case& c) {
  const auto close = std::ranges::find_if(c.steps, is_close);
  const auto code = close == c.steps.end() ? std::nullopt : close_code_of(*close);
  if (!code || !(*code >= 5000 || (*code >= 1012 && *code <= 1014))) return;
  if (std::holds_alternative<end::Replies>(c.expect->end) ||
      (std::holds_alternative<end::Fails>(c.expect->end) && c.requirements.front().starts_with("rfc6455-7.4"))) {
    end::Open open{{ws::close_code::kNormal, *code, ws::close_code::kProtocolError}};
    if (has_bad_reason(*close)) open.codes.push_back(ws::close_code::kInvalidPayload);
    c.expect->end = std::move(open);
  }
}

// With an expectation that leaves C-16 open; nothing when more than that is amiss.
std::optional<Case> with_long_forms(const Case& c, std::uint64_t seed) {
  Case plain = with_expectation(in_shortest_form(c), seed, side_of(c));
  if (!std::holds_alternative<end::Polite>(plain.expect->end)) return std::nullopt;
  Case out = c;
  out.expect = std::move(plain.expect);
  // An endpoint that fails the connection passes no mark after.
  std::erase_if(out.expect->replies, [](const Reply& reply) { return reply.kind == Reply::Kind::mark; });
  out.expect->end = end::MayFail{{ws::close_code::kProtocolError}};
  out.requirements = {"rfc6455-5.2-19"};
  return out;
}

Case frames_expected(Case c, std::uint64_t seed) {
  c.expect.reset();  // a stimulus that was varied still has that of the one it came from
  keep_first_close(c);
  settle_tail(c);
  if (c.needs_deflate) drop_messages_that_stop_in_a_block(c);
  if (std::ranges::any_of(c.steps, has_long_form)) {
    if (auto open = with_long_forms(c, seed)) return *open;
    c = in_shortest_form(std::move(c));
  }
  Derivation strict = derivation(c, side_of(c), seed);
  while (strict.broken_at < tail_of(c) &&
         (strict.broken == ws::Violation::deflate_corrupt || strict.broken == ws::Violation::text_not_utf8)) {
    const bool certain = strict.broken == ws::Violation::text_not_utf8 || certainly_corrupt(c.steps[strict.broken_at]);
    if (certain) {
      end_message(c, strict.broken_at);
    } else {
      erase_step(c, strict.broken_at);
    }
    strict = derivation(c, side_of(c), seed);
    if (certain) break;
  }
  c.requirements = {strict.broken ? requirement_of(*strict.broken, c.steps[strict.broken_at])
                                  : std::string(kProcessing)};
  c.expect = std::move(strict.expect);
  if (strict.broken && strict.broken_at < tail_of(c))
    c.steps.resize(tail_of(c));  // a fault ends the connection earlier
  // However a frame begins that is not all there, an endpoint may wait for the rest of it.
  if (tail_of(c) < c.steps.size()) c.expect->end = end::Abandoned{};
  leave_open_codes(c);
  return c;
}

}  // namespace

bool is_close(const Step& step) noexcept {
  const Overloaded closes{
      [](const step::Frame& frame) { return frame.opcode == ws::Opcode::close; },
      [](const step::Close&) { return true; },
      [](const step::OneOf<step::Message, step::Octets, step::Repeat> auto&) { return false; },
      [](const step::WithoutPayload auto&) { return false; },
  };
  return std::visit(closes, step.action);
}

bool runs_plainly(const Step& step) noexcept {
  const Overloaded plain{
      [](const step::Frame& frame) { return frame.form.whole(); },
      [](const step::OneOf<step::Message, step::Close, step::Sentinel> auto&) { return true; },
      [](const step::OneOf<step::AwaitEcho, step::Octets, step::Tcp, step::Reading> auto&) { return false; },
      [](const step::OneOf<step::Alive, step::Repeat> auto&) { return false; },
      [](const step::Staging auto&) { return false; },
  };
  return std::visit(plain, step.action);
}

Case expected(Case c, std::uint64_t seed) {
  if (is_scene(c)) return scene_expected(std::move(c), seed);
  if (const auto whole = whole_opening(c)) return *whole;
  if (has_raw_request(c)) return raw_request_expected(std::move(c));
  c = frames_expected(std::move(c), seed);
  join_openings(c);
  if (c.http2) settle_http2(c);
  return c;
}

}  // namespace touchstone::fuzz

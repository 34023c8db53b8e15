#include "fuzz/differential/compare.h"

#include "fuzz/support/frames.h"

#include <algorithm>

namespace differential {
namespace {

ws::Options options(ws::Role role) {
  ws::Options out;
  out.role = role;
  out.limits.frame = out.limits.message = kMostMessage;
  out.mask_key = [] { return ws::MaskKey{}; };
  return out;
}

std::optional<ws::DeflateParams> agreed(bool deflate) {
  return deflate ? std::optional(ws::DeflateParams{}) : std::nullopt;
}

// Pongs and the Close among the frames that a server wrote.
void read_output(ws::ByteView written, bool deflate, Outcome& out) {
  for (const fuzz::WireFrame& frame : fuzz::read_frames(written).frames) {
    if (frame.header.opcode == ws::Opcode::pong) out.pongs.push_back(ws::to_string(frame.payload));
    if (frame.header.opcode != ws::Opcode::close || out.close) continue;
    out.close = ws::close_code_of(frame.payload).value_or(ws::close_code::kNoStatus);
  }
  // A strict client reads it as well. What stands behind a Close is the API's affair, not the parser's.
  ws::Connection client = ws::Connection::opened(options(ws::Role::client), agreed(deflate));
  client.receive(written);
  while (const auto event = client.next_event()) {
    const auto* failed = std::get_if<ws::event::Failed>(&*event);
    if (failed == nullptr || failed->violation == ws::Violation::frame_after_close) continue;
    // A code of 5000 or more in the answer to such a code: RFC 6455 7.4.2 leaves that open.
    if (failed->violation == ws::Violation::close_code_invalid && out.close.value_or(0) >= 5000) continue;
    out.fault = "writes what breaks the rule " + std::string(ws::rule(failed->violation).name);
  }
}

// How it ended, in a few words. A code that comes from the client's own Close is told as that.
std::string ending(const Outcome& o, const Outcome& strict, const Stimulus& sent) {
  const bool about_a_close = strict.peer_closed || strict.violation == ws::Violation::close_code_invalid ||
                             strict.violation == ws::Violation::close_reason_not_utf8;
  if (o.close == ws::close_code::kNoStatus) return "an empty Close";
  if (o.close && about_a_close && sent.close_code && *o.close == *sent.close_code)
    return "a Close with the client's code";
  if (o.close) return "a Close with " + std::to_string(*o.close);
  return o.gave_up ? "the end of TCP" : "goes on";
}

// The rule that the client broke, as clusters tell it.
std::string rule_name(const Outcome& strict, const Stimulus& sent) {
  if (!strict.violation) return strict.peer_closed ? "close" : "none";
  const std::string name(ws::rule(*strict.violation).name);
  // RFC 6455 7.4.2 says nothing about codes of 5000 and more.
  const bool open = strict.violation == ws::Violation::close_code_invalid && sent.close_code.value_or(0) >= 5000;
  return open ? name + ", 5000 and above" : name;
}

// RFC 6455 5.5.3 lets a Pong answer all Pings before its own; after a failure or a Close the rest may be missing.
bool pongs_fit(const Outcome& wanted, const Outcome& seen) {
  auto next = wanted.pongs.begin();
  for (const std::string& pong : seen.pongs) {
    next = std::find(next, wanted.pongs.end(), pong);
    if (next == wanted.pongs.end()) return false;
    ++next;
  }
  return next == wanted.pongs.end() || wanted.close.has_value();
}

}  // namespace

Outcome strict(ws::ByteView frames, bool deflate) {
  ws::Connection core = ws::Connection::opened(options(ws::Role::server), agreed(deflate));
  core.receive(frames);
  Outcome out;
  while (const auto event = core.next_event()) {
    if (const auto* text = std::get_if<ws::event::Text>(&*event)) out.messages.push_back({true, text->data});
    if (const auto* binary = std::get_if<ws::event::Binary>(&*event))
      out.messages.push_back({false, ws::to_string(binary->data)});
    if (std::holds_alternative<ws::event::Close>(*event)) out.peer_closed = true;
    const auto* failed = std::get_if<ws::event::Failed>(&*event);
    if (failed != nullptr && !out.peer_closed) out.violation = failed->violation;
  }
  read_output(core.output(), deflate, out);
  return out;
}

Outcome outcome(const Library& library, ws::ByteView frames, bool deflate, std::size_t piece) {
  Did did = library.run(ws::as_text(frames), deflate, piece);
  Outcome out;
  for (auto& [text, octets] : did.messages) out.messages.push_back({text, std::move(octets)});
  out.gave_up = did.gave_up;
  out.fault = std::move(did.fault);
  if (out.fault.empty()) read_output(ws::as_octets(did.output), deflate, out);
  return out;
}

Stimulus stimulus(ws::ByteView octets) {
  const fuzz::WireFrames all = fuzz::read_frames(octets);
  Stimulus out;
  out.cut_off = !all.rest.empty();
  for (const fuzz::WireFrame& frame : all.frames) {
    out.cut_off = out.cut_off || frame.header.length != frame.payload.size();
    if (!ws::is_control(frame.header.opcode)) out.in_message = !frame.header.fin;
    if (frame.header.opcode == ws::Opcode::close && !out.close_code) out.close_code = ws::close_code_of(frame.payload);
  }
  return out;
}

namespace {

// The first place where `seen` departs from what the strict core did: what comes after it follows from it.
std::optional<Difference> first_difference(const std::string& library, const Outcome& strict, const Outcome& seen,
                                           const Stimulus& sent) {
  const std::string wanted_end = ending(strict, strict, sent), seen_end = ending(seen, strict, sent);
  // A fault may be noticed at the end of its header, frame or message: what is cut off before that says nothing.
  const bool of_content = strict.violation == ws::Violation::text_not_utf8 ||
                          strict.violation == ws::Violation::deflate_corrupt ||
                          strict.violation == ws::Violation::message_too_big;
  const bool undecided = seen_end == "goes on" && (sent.cut_off || (of_content && sent.in_message));
  const std::string rule = rule_name(strict, sent);
  if (!seen.fault.empty()) return Difference{library, rule, wanted_end, seen.fault};
  const auto [wanted, got] = std::ranges::mismatch(strict.messages, seen.messages);
  if (wanted != strict.messages.end() && got != seen.messages.end())
    return Difference{library, "none", "a message as it was sent", "another message"};
  if (got != seen.messages.end()) return Difference{library, rule, wanted_end, "a message"};
  if (wanted != strict.messages.end()) return Difference{library, "none", "a message", seen_end};
  if (undecided) return std::nullopt;
  if (seen_end != wanted_end) return Difference{library, rule, wanted_end, seen_end};
  if (!pongs_fit(strict, seen)) return Difference{library, rule, "a Pong for each Ping", "other Pongs"};
  return std::nullopt;
}

std::vector<Difference> compared(const Library& library, ws::ByteView frames, bool deflate) {
  const Stimulus sent = stimulus(frames);
  const Outcome wanted = strict(frames, deflate);
  const Outcome seen = outcome(library, frames, deflate, 0), cut = outcome(library, frames, deflate, 1);
  std::vector<Difference> out;
  if (auto difference = first_difference(library.name, wanted, seen, sent)) out.push_back(std::move(*difference));
  // How TCP cuts the octets means nothing (RFC 6455 1.5).
  const std::string seen_end = ending(seen, wanted, sent), cut_end = ending(cut, wanted, sent);
  const std::string rule = rule_name(wanted, sent);
  if (cut.fault != seen.fault)
    out.push_back({library.name, rule, "octet by octet as at once: " + seen_end, cut.fault});
  else if (cut_end != seen_end)
    out.push_back({library.name, rule, "octet by octet as at once: " + seen_end, cut_end});
  else if (cut.messages != seen.messages || cut.pongs != seen.pongs)
    out.push_back({library.name, rule, "octet by octet as at once", "other messages or Pongs"});
  return out;
}

}  // namespace

namespace {

// A continuation without a fault of its own: the message that the core has failed comes to its end, perhaps.
bool continues(const fuzz::WireFrame& frame) {
  const ws::FrameHeader& h = frame.header;
  return h.opcode == ws::Opcode::cont && h.mask && !h.rsv1 && !h.rsv2 && !h.rsv3 &&
         frame.form == fuzz::WireFrame::Form::shortest && h.length == frame.payload.size();
}

}  // namespace

std::vector<Difference> differences(const Library& library, ws::ByteView frames, bool deflate) {
  auto all = compared(library, frames, deflate);
  if (all.empty()) return all;
  // The frame at which they part counts; what happens after it follows from that.
  std::size_t end = 0;
  bool failed = false;  // the core has failed the connection; the library may wait for the end of the message
  for (const fuzz::WireFrame& frame : fuzz::read_frames(frames).frames) {
    end += fuzz::write_frames({{frame}, {}}).size();
    if (failed && frame.header.opcode == ws::Opcode::ping) continue;
    if (failed && !continues(frame)) return {};
    if (auto first = compared(library, frames.first(std::min(end, frames.size())), deflate); !first.empty())
      return first;
    failed = failed || strict(frames.first(std::min(end, frames.size())), deflate).violation.has_value();
  }
  return failed ? std::vector<Difference>{} : all;
}

}  // namespace differential

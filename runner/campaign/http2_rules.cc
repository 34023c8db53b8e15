#include "runner/campaign/http2_rules.h"

#include "runner/campaign/http2_scripts.h"
#include "runner/catalogue/payload.h"
#include "runner/engine/compose/http2_frame.h"
#include "runner/engine/compose/http2_section.h"

#include <ws/core/http/handshake.h>
#include <ws/core/http2/tunnel.h>

#include <algorithm>
#include <set>

namespace touchstone::fuzz {
namespace {

using On = Http2Frame::On;
using enum Http2Script::Outcome;

constexpr std::uint32_t kLargestWindow = 0x7fffffff;
constexpr std::uint32_t kSmallUpdate = 1 << 20;  // far from the largest window, whatever was given before
constexpr std::size_t kFrameSize = 16'384;
constexpr Http2Rule kOpen{either, "rfc8441-5-13"};

bool of_nobody(On on) { return on == On::idle || on == On::even; }

Http2Rule rule_of_data(const Http2Frame& frame, ws::ByteView octets) {
  if (frame.on == On::connection) return {ends_connection, "rfc9113-6.1-3"};
  if (of_nobody(frame.on)) return {ends_connection, "rfc9113-5.1-1"};
  const bool padded = (frame.flags & http2::padded) != 0;
  if (padded && (octets.empty() || http2::number(octets, 0, 1) >= octets.size()))
    return {ends_connection, "rfc9113-6.1-1"};
  const std::size_t content = padded ? octets.size() - 1 - http2::number(octets, 0, 1) : octets.size();
  if (content > 0 || (frame.flags & http2::end_stream) != 0) return kOpen;  // it is part of the WebSocket
  return {works, padded ? "rfc9113-6.1-2" : "rfc8441-5-13"};
}

// A field section changes the state of HPACK for all that follows: only what is known to decode is judged.
Http2Rule rule_of_headers(const Http2Frame& frame, ws::ByteView octets) {
  if (frame.on == On::connection) return {ends_connection, "rfc9113-6.2-2"};
  constexpr std::uint8_t kPlain = http2::end_headers | http2::end_stream;
  const bool whole = (frame.flags & http2::end_headers) != 0 && (frame.flags & ~kPlain) == 0;
  if (!whole || !is_known_section(octets)) return kOpen;
  if (frame.on == On::even || frame.on == On::older) return {ends_connection, "rfc9113-5.1.1-1"};
  return frame.on == On::tunnel ? Http2Rule{ends_stream, "rfc8441-5-21"} : kOpen;
}

Http2Rule rule_of_priority(const Http2Frame& frame, ws::ByteView octets) {
  if (frame.on == On::connection) return {ends_connection, "rfc9113-6.3-2"};
  const bool of_nothing = octets.size() == 5 && http2::number(octets, 0, 4) == 0;
  return of_nothing && frame.on != On::even ? Http2Rule{works, "rfc9113-6.3-1"} : kOpen;
}

Http2Rule rule_of_reset(const Http2Frame& frame, ws::ByteView octets) {
  if (frame.on == On::connection || octets.size() != 4) return {ends_connection, "rfc9113-6.4-2"};
  if (of_nobody(frame.on)) return {ends_connection, "rfc9113-5.1-1"};
  return {keeps_connection, "rfc8441-5-17"};
}

Http2Rule rule_of_setting(std::uint32_t id, std::uint32_t value) {
  constexpr std::uint32_t kLastKnown = 9;
  const bool bad = (id == http2::enable_push && value > 1) ||
                   (id == http2::initial_window_size && value > kLargestWindow) ||
                   (id == http2::max_frame_size && (value < kFrameSize || value > 16'777'215));
  if (bad) return {ends_connection, "rfc9113-6.5.2-2"};
  const bool plain = (id == http2::initial_window_size && value >= 1 && value <= kSmallUpdate) ||
                     (id == http2::enable_push && value == 0) || (id == http2::header_table_size && value <= 4096) ||
                     id == http2::max_frame_size;
  return plain || id > kLastKnown ? Http2Rule{works, "rfc9113-6.5.3-1"} : kOpen;
}

// What changes the endpoint's windows, frames or HPACK the library that plays has to know of, and it does only where
// the frame goes through it.
bool library_may_know(const Http2Frame& frame, ws::ByteView entries) {
  const bool through_it = frame.flags == 0 && frame.when != Http2Frame::When::within;
  for (std::size_t at = 0; at + 6 <= entries.size() && !through_it; at += 6) {
    const auto id = http2::number(entries, at, 2);
    if (id == http2::initial_window_size || id == http2::header_table_size || id == http2::max_frame_size) return false;
  }
  return true;
}

bool stands_twice(ws::ByteView entries) {
  std::set<std::uint32_t> seen;
  for (; entries.size() >= 6; entries = entries.subspan(6))
    if (!seen.insert(http2::number(entries, 0, 2)).second) return true;
  return false;
}

Http2Rule rule_of_settings(const Http2Frame& frame, ws::ByteView octets) {
  if (frame.on != On::connection) return {ends_connection, "rfc9113-6.5-1"};
  constexpr std::size_t kEntry = 6;
  const bool ack = (frame.flags & http2::ack) != 0;
  if (ack ? !octets.empty() : octets.size() % kEntry != 0) return {ends_connection, "rfc9113-6.5-2"};
  if (ack || !library_may_know(frame, octets)) return kOpen;
  Http2Rule rule{works, "rfc9113-6.5.3-1"};
  if (stands_twice(octets)) return kOpen;  // many look at the last value alone
  for (; !octets.empty(); octets = octets.subspan(kEntry)) {
    const Http2Rule one = rule_of_setting(http2::number(octets, 0, 2), http2::number(octets, 2, 4));
    if (one.outcome == ends_connection) return one;
    if (one.outcome == either) rule = one;
  }
  return rule;
}

Http2Rule rule_of_ping(const Http2Frame& frame, ws::ByteView octets) {
  constexpr std::size_t kPing = 8;
  if (frame.on != On::connection) return {ends_connection, "rfc9113-6.7-2"};
  if (octets.size() != kPing) return {ends_connection, "rfc9113-6.7-3"};
  return (frame.flags & http2::ack) != 0 ? kOpen : Http2Rule{works, "rfc9113-6.7-1"};
}

Http2Rule rule_of_goaway(const Http2Frame& frame, ws::ByteView octets) {
  constexpr std::size_t kGoaway = 8;
  if (frame.on != On::connection) return {ends_connection, "rfc9113-6.8-2"};
  const bool orderly = octets.size() >= kGoaway && http2::number(octets, 4, 4) == 0 && http2::number(octets, 0, 4) == 0;
  return orderly ? Http2Rule{works, "rfc9113-6.8-1"} : kOpen;
}

Http2Rule rule_of_update(const Http2Frame& frame, ws::ByteView octets) {
  if (octets.size() != 4) return {ends_connection, "rfc9113-6.9-3"};
  if (of_nobody(frame.on)) return {ends_connection, "rfc9113-5.1-1"};
  const std::uint32_t more = http2::number(octets, 0, 4) & kLargestWindow;
  const Http2Script::Outcome ends = frame.on == On::connection ? ends_connection : ends_stream;
  if (more == 0) return {ends, "rfc9113-6.9-1"};
  if (more == kLargestWindow) return {ends, "rfc9113-6.9.1-2"};
  return more <= kSmallUpdate ? Http2Rule{works, "rfc8441-5-18"} : kOpen;
}

// The strict stack's word on the request, when it refuses it.
std::optional<Http2Rule> rule_of_section(const Http2Script& script) {
  const ws::http2::Fields ordinary{{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "http"},
                                   {":path", "/"},         {":authority", "host"},     {"sec-websocket-version", "13"}};
  const auto request = ws::http2::read_request(http2::edited(ordinary, script.fields));
  if (!request) return Http2Rule{refuses, ws::http2::rule(request.error()).requirement};
  if (!request->protocol) return Http2Rule{refuses, "rfc8441-5-1"};
  if (const auto fine = ws::http2::check_tunnel(*request, {.connect_protocol = true, .ended = script.end_stream});
      !fine)
    return Http2Rule{refuses, ws::http2::rule(fine.error()).requirement};
  const auto facts = ws::check_request(ws::http2::upgrade_request(*request, "AAAAAAAAAAAAAAAAAAAAAA=="));
  if (!facts) return Http2Rule{refuses, ws::rule(facts.error()).requirement};
  return std::nullopt;
}

bool sets_window(const Http2Script& script) {
  const auto of_window = [](const auto& setting) { return setting.first == http2::initial_window_size; };
  const auto is_settings = [](const Http2Frame& frame) { return frame.type == http2::settings; };
  return std::ranges::any_of(script.settings, of_window) || std::ranges::any_of(script.frames, is_settings);
}

// What is legal and not ordinary about the tunnel: that of which an endpoint most likely makes too much. Of a stimulus
// that was made small it is all that is left.
std::optional<std::string_view> rule_of_forms(const Http2Script& script) {
  const auto is_key = [](const SectionEdit& edit) { return edit.name == "sec-websocket-key"; };
  const auto is_window = [](const auto& setting) { return setting.first == http2::initial_window_size; };
  if (script.data_padding) return "rfc9113-6.1-2";
  if (script.head_padding || script.head_priority || script.head_pieces > 1) return "rfc9113-6.2-1";
  if (std::ranges::any_of(script.fields, is_key)) return "rfc8441-5-7";
  if (!script.beside.empty() && !script.last_data_ends) return "rfc8441-5-17";
  if (script.held || std::ranges::any_of(script.settings, is_window)) return "rfc8441-5-18";
  return std::nullopt;
}

bool ends_by_fin(const Case& c) {
  const auto* tcp = c.steps.empty() ? nullptr : std::get_if<step::Tcp>(&c.steps.back().action);
  return tcp != nullptr && tcp->how == step::Tcp::How::fin;
}

bool is_one_message(const Case& c) {
  return c.steps.size() == 2 && std::holds_alternative<step::Message>(c.steps.front().action);
}

// Frames on a stream that we ended ourselves would be our fault. A last message with END_STREAM on it need not be
// answered, and others that end show whether this endpoint answers then (Http2Beside::ended).
void settle_end_of_stream(Case& c) {
  Http2Script& script = *c.http2;
  std::erase_if(script.frames, [](const Http2Frame& frame) { return frame.on == On::tunnel; });
  script.held = false;
  if (!script.last_data_ends) return;
  script.frames.clear();
  script.beside = {{Http2Beside::What::ended}, {Http2Beside::What::ended}};
  c.informational = "Nobody has to answer whom it no longer needs to hear.";
}

// The WebSocket is not carried on: there is nothing for the steps to say.
bool is_the_end(Http2Script::Outcome outcome) { return outcome != works && outcome != either; }

}  // namespace

Http2Rule rule_of(const Http2Frame& frame) {
  const ws::Bytes octets = PayloadGenerator(1).make(frame.payload);
  if (octets.size() > kFrameSize) return kOpen;
  switch (frame.type) {
    case http2::data:
      return rule_of_data(frame, octets);
    case http2::headers:
      return rule_of_headers(frame, octets);
    case http2::priority:
      return rule_of_priority(frame, octets);
    case http2::rst_stream:
      return rule_of_reset(frame, octets);
    case http2::settings:
      return rule_of_settings(frame, octets);
    case http2::push_promise:
      return {ends_connection, "rfc9113-8.4-1"};
    case http2::ping:
      return rule_of_ping(frame, octets);
    case http2::goaway:
      return rule_of_goaway(frame, octets);
    case http2::window_update:
      return rule_of_update(frame, octets);
    case http2::continuation:
      return {ends_connection, "rfc9113-6.10-1"};
    default:
      // 4.1 has it ignored, 5.1 calls any frame on an idle stream an error.
      return of_nobody(frame.on) ? kOpen : Http2Rule{works, "rfc9113-4.1-1"};
  }
}

void settle_http2(Case& c) {
  Http2Script& script = *c.http2;
  Http2Rule rule;
  c.informational.clear();
  script.last_data_ends = script.last_data_ends && ends_by_fin(c) && is_one_message(c);
  const bool fin = ends_by_fin(c);
  if (fin) settle_end_of_stream(c);
  // The library that plays does not know of an update by hand. With a small window it would take what comes for too
  // much.
  const bool small = script.held || sets_window(script);
  const auto left_open = [small](const Http2Frame& frame) {
    const Http2Script::Outcome outcome = rule_of(frame).outcome;
    return outcome == either || (small && frame.type == http2::window_update && outcome == works);
  };
  std::erase_if(script.frames, left_open);
  if (const auto part = rule_of_section(script)) {
    rule = *part;
    script.frames.clear();
    script.beside.clear();
  }
  for (std::size_t i = 0; i < script.frames.size() && !is_the_end(rule.outcome); ++i) {
    rule = rule_of(script.frames[i]);
    if (is_the_end(rule.outcome)) script.frames.resize(i + 1);
  }
  script.outcome = rule.outcome;
  if (fin && !script.last_data_ends && script.fields.empty() && script.settings.empty() && script.frames.empty())
    rule.requirement = "rfc8441-5-15";  // nothing else is out of the ordinary
  if (rule.outcome == works || rule.outcome == keeps_connection)
    rule.requirement = rule_of_forms(script).value_or(rule.requirement);
  // RFC 9113 6.8: after a GOAWAY, and with the last stream over, the connection may be closed.
  if (rule.outcome == keeps_connection)
    std::erase_if(script.frames, [](const Http2Frame& frame) { return frame.type == http2::goaway; });
  if (is_the_end(rule.outcome)) {
    for (Http2Frame& frame : script.frames) frame.when = Http2Frame::When::open;  // in their order
    c.steps.clear();
    c.informational.clear();
    script.held = script.last_data_ends = false;
  }
  c.requirements.insert(c.requirements.begin(), std::string(rule.requirement));
}

}  // namespace touchstone::fuzz

#include "runner/engine/endpoint_profile.h"

#include "runner/engine/verdict/strict_expectation.h"

#include <ws/core/close.h>
#include <ws/core/deflate/deflate.h>

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kTaken[] = {"echoed", "accepted", "refused"};

std::optional<Taken> taken_from(std::string_view text) {
  const auto at = std::ranges::find(kTaken, text);
  if (at == std::end(kTaken)) return std::nullopt;
  return static_cast<Taken>(at - std::begin(kTaken));
}

bool sends(const Case& c, ws::Opcode opcode) {
  const Overloaded is_sent{
      [=](const step::OneOf<step::Frame, step::Message> auto& sent) { return sent.opcode == opcode; },
      [](const step::OneOf<step::Close, step::Octets, step::Repeat> auto&) { return false; },
      [](const step::WithoutPayload auto&) { return false; },
  };
  bool found = false;
  each_step(c.steps, [&](const Step& step) { found = found || std::visit(is_sent, step.action); });
  return found;
}

class Most {
 public:
  void add(const std::vector<Step>& steps, std::uint64_t times = 1) {
    for (const Step& step : steps) std::visit([&](const auto& one) { add(one, times); }, step.action);
  }

  Sizes sizes;

 private:
  void add(const step::Message& message, std::uint64_t times) {
    sizes.messages += times;
    const std::uint64_t octets = length(message);
    if (message.opcode == ws::Opcode::text) sizes.text = std::max(sizes.text, octets);
    if (message.deflate) sizes.inflated = sizes.deflated = std::max(sizes.inflated, octets);
    if (message.parts.empty()) {
      const std::uint64_t frame = message.fragment == 0 ? octets : std::min(octets, message.fragment);
      sizes.widen({octets, frame, frame == 0 ? 1 : (octets + frame - 1) / frame});
      return;
    }
    sizes.widen({octets, 0, message.parts.size()});
    for (const Payload& part : message.parts) sizes.widen({0, length(part), 1});
  }
  void add(const step::Frame& frame, std::uint64_t times) {
    const bool asks = frame.opcode == ws::Opcode::ping || frame.opcode == ws::Opcode::pong;
    sizes.pings += asks ? times : 0;
    if (ws::is_control(frame.opcode)) return;
    sizes.messages += frame.fin ? times : 0;
    if (frame.opcode != ws::Opcode::cont) open_ = fragments_ = 0, text_ = frame.opcode == ws::Opcode::text;
    const std::uint64_t octets = length(frame.payload);
    const std::uint64_t frames = frame.opcode == ws::Opcode::cont ? times : 1;
    open_ += octets * frames;
    fragments_ += frames;
    sizes.widen({open_, octets, fragments_, text_ ? open_ : 0});
  }
  void add(const step::Repeat& repeat, std::uint64_t times) { add(repeat.steps, times * repeat.count); }
  void add(const step::Sentinel&, std::uint64_t times) { sizes.pings += times; }
  void add(const step::OneOf<step::Close, step::Octets> auto&, std::uint64_t) {}  // no message
  void add(const step::WithoutPayload auto&, std::uint64_t) {}

  std::uint64_t open_ = 0, fragments_ = 0;  // octets and frames of the message that goes on
  bool text_ = false;
};

// Of the messages where permessage-deflate is agreed on, as they come, and as they inflate: ready-made DEFLATE data
// says neither, and what cannot be made smaller grows.
class MostCompressed {
 public:
  explicit MostCompressed(const ws::DeflateParams& params)
      : inflater_(params.client_max_window_bits, params.client_no_context_takeover) {}

  void see(const WireFrame& frame) {
    const ws::FrameHeader& header = frame.header;
    if (ws::is_control(header.opcode)) return;
    if (header.opcode != ws::Opcode::cont) {
      compressed_ = header.rsv1;
      text_ = header.opcode == ws::Opcode::text;
      deflated_ = inflated_ = fragments_ = 0;
    }
    deflated_ += header.length;
    sizes.deflated = std::max(sizes.deflated, deflated_);
    if (!compressed_) return;
    inflated_ += inflated(frame);
    const std::uint64_t octets = std::max(deflated_, inflated_);
    sizes.widen({octets, header.length, ++fragments_, text_ ? octets : 0, inflated_, deflated_});
  }

  Sizes sizes;

 private:
  // After a fault in the data nothing is known any more, and the endpoint fails the connection.
  std::uint64_t inflated(const WireFrame& frame) {
    constexpr std::uint64_t kMost = 64 * 1024 * 1024;
    ws::Bytes plain;
    broken_ = broken_ || !inflater_.inflate(frame.payload, kMost, plain);
    broken_ = broken_ || (frame.header.fin && !inflater_.finish(kMost, plain));
    return plain.size();
  }

  ws::Inflater inflater_;
  bool compressed_ = false, text_ = false, broken_ = false;
  std::uint64_t deflated_ = 0, inflated_ = 0, fragments_ = 0;
};

bool may_refuse(const Case& c) {
  return c.expect &&
         (std::holds_alternative<end::MayFail>(c.expect->end) || std::holds_alternative<end::Abandoned>(c.expect->end));
}

Sizes sizes_when_compressed(const Case& c) {
  Sizes most;
  if (may_refuse(c)) return most;
  for (const Case& one : each_connection(c)) {
    const auto params = params_for(one, Side::server);
    if (!params) continue;
    MostCompressed compressed(*params);
    each_frame(one, Side::server, [&](const WireFrame& frame, bool) { compressed.see(frame); });
    most.widen(compressed.sizes);
  }
  return most;
}

constexpr std::string_view kLimits[] = {"message",  "frame",    "fragments", "text",
                                        "inflated", "deflated", "messages",  "pings"};

std::optional<Limit> limit_from(std::string_view text) {
  const auto at = std::ranges::find(kLimits, text);
  if (at == std::end(kLimits)) return std::nullopt;
  return static_cast<Limit>(at - std::begin(kLimits));
}

Json or_null(const std::optional<std::uint64_t>& number) { return number ? Json(*number) : Json(nullptr); }

// Not in files that were written before these limits were known.
void read_limits(Members& members, EndpointProfile& profile) {
  members.integer_or_null("largest_message", profile.largest_message);
  if (members.has("largest_frame")) members.integer_or_null("largest_frame", profile.largest_frame);
  if (members.has("most_fragments")) members.integer_or_null("most_fragments", profile.most_fragments);
  if (members.has("largest_text")) members.integer_or_null("largest_text", profile.largest_text);
  if (members.has("largest_inflated")) members.integer_or_null("largest_inflated", profile.largest_inflated);
  if (members.has("largest_deflated")) members.integer_or_null("largest_deflated", profile.largest_deflated);
  if (members.has("most_messages")) members.integer_or_null("most_messages", profile.most_messages);
  if (members.has("most_pings")) members.integer_or_null("most_pings", profile.most_pings);
  if (members.has("most_connections")) members.integer_or_null("most_connections", profile.most_connections);
  if (members.has("limit_code")) {
    std::optional<std::uint64_t> code;
    members.integer_or_null("limit_code", code);
    if (code) profile.limit_code = static_cast<std::uint16_t>(*code);
  }
  if (!members.has("without_close")) return;
  Limit limit = Limit::message;
  members.one_of<Limit>("without_close", limit, limit_from,
                        "message, frame, fragments, text, inflated, deflated, messages or pings");
  profile.without_close = limit;
}

void await_pongs(std::vector<Step>& steps) {
  for (Step& step : steps) {
    if (std::holds_alternative<step::AwaitEcho>(step.action)) step.action = step::Sentinel{"taken"};
    if (auto* repeat = std::get_if<step::Repeat>(&step.action)) await_pongs(repeat->steps);
  }
}

bool goes_on(const End& end) {
  return std::holds_alternative<end::Polite>(end) || std::holds_alternative<end::MayFail>(end);
}

// Where size is a reason to refuse, the code with which this endpoint refuses for size will do (C-15).
void take_code_of_limit(Case& c, const EndpointProfile& profile) {
  auto* may = c.expect ? std::get_if<end::MayFail>(&c.expect->end) : nullptr;
  if (may == nullptr || !profile.limit_code) return;
  const auto lists = [&](std::uint16_t code) { return std::ranges::find(may->codes, code) != may->codes.end(); };
  if (lists(ws::close_code::kMessageTooBig) && !lists(*profile.limit_code)) may->codes.push_back(*profile.limit_code);
}

// One that is not read has the others wait, or is given up: what it is told comes from them.
bool holds_one_of_several(const Case& c) {
  bool held = false;
  each_step(c.steps, [&](const Step& step) {
    const auto* hold = std::get_if<step::Hold>(&step.action);
    held = held || (hold != nullptr && hold->on);
  });
  return held && !c.connections.empty();
}

// What comes back on the connection `on` is not looked at.
void adapt(Case& c, Expect& expect, const std::string& on) {
  std::erase_if(expect.replies, [](const Reply& reply) {
    return reply.kind == Reply::Kind::text || reply.kind == Reply::Kind::binary;
  });
  expect.echoes = false;
  expect.compares_messages = false;
  // What was sent last is taken too before the tester closes.
  if (goes_on(expect.end)) c.steps.push_back({step::Sentinel{"last"}, on});
}

}  // namespace

std::string_view name(Taken taken) noexcept { return kTaken[static_cast<std::size_t>(taken)]; }

std::string write_endpoint_profile(const EndpointProfile& profile) {
  Json json{{"peer", kFormat},
            {"text", name(profile.text)},
            {"binary", name(profile.binary)},
            {"speaks_unasked", profile.speaks_unasked},
            {"passes_on", profile.passes_on},
            {"largest_message", or_null(profile.largest_message)},
            {"largest_frame", or_null(profile.largest_frame)},
            {"most_fragments", or_null(profile.most_fragments)},
            {"largest_text", or_null(profile.largest_text)},
            {"largest_inflated", or_null(profile.largest_inflated)},
            {"largest_deflated", or_null(profile.largest_deflated)},
            {"most_messages", or_null(profile.most_messages)},
            {"most_pings", or_null(profile.most_pings)},
            {"most_connections", or_null(profile.most_connections)}};
  if (profile.limit_code) json["limit_code"] = *profile.limit_code;
  if (profile.without_close) json["without_close"] = kLimits[static_cast<std::size_t>(*profile.without_close)];
  return json.dump(2) + "\n";
}

std::expected<EndpointProfile, std::string> parse_endpoint_profile(const std::string& file, std::string_view text) {
  std::optional<JsonFault> fault;
  EndpointProfile profile;
  auto json = parse_json(text);
  if (json) {
    constexpr std::string_view kAllowed = "echoed, accepted or refused";
    Members members(*json, "", fault);
    int format = 0;
    members.integer("peer", format);
    if (!fault && format != kFormat) fault = JsonFault{"", 0, "/peer", std::to_string(format), std::to_string(kFormat)};
    members.one_of<Taken>("text", profile.text, taken_from, kAllowed);
    members.one_of<Taken>("binary", profile.binary, taken_from, kAllowed);
    members.flag("speaks_unasked", profile.speaks_unasked);
    if (members.has("passes_on")) members.flag("passes_on", profile.passes_on);
    read_limits(members, profile);
    members.no_others();
  } else {
    fault = json.error();
  }
  if (!fault) return profile;
  fault->file = file;
  return std::unexpected(fault->text());
}

void Sizes::widen(const Sizes& other) noexcept {
  message = std::max(message, other.message);
  frame = std::max(frame, other.frame);
  fragments = std::max(fragments, other.fragments);
  text = std::max(text, other.text);
  inflated = std::max(inflated, other.inflated);
  deflated = std::max(deflated, other.deflated);
  messages = std::max(messages, other.messages);
  pings = std::max(pings, other.pings);
}

Sizes sizes_of(const Case& c) {
  if (may_refuse(c)) return {};
  Most most;
  most.add(c.steps);
  return most.sizes;
}

std::optional<BeyondLimit> beyond_limit(const Case& c, const EndpointProfile& profile) {
  if (!profile.has_limit()) return std::nullopt;
  Sizes sizes = sizes_of(c);
  sizes.widen(sizes_when_compressed(c));
  constexpr std::uint64_t kOwnPings = 2;  // that the tester sends at the end of a case
  std::optional<BeyondLimit> found;
  const auto hold = [&](Limit limit, const std::optional<std::uint64_t>& most, std::uint64_t size,
                        std::string_view what, std::string_view too_much) {
    if (!found && most && size > *most)
      found = BeyondLimit{limit,
                          fmt::format("a {} of {} {} for the endpoint, which takes {}", what, size, too_much, *most)};
  };
  constexpr std::string_view kLarge = "bytes is too large";
  hold(Limit::message, profile.largest_message, sizes.message, "message", kLarge);
  hold(Limit::frame, profile.largest_frame, sizes.frame, "frame", kLarge);
  hold(Limit::fragments, profile.most_fragments, sizes.fragments, "message", "fragments has too many");
  hold(Limit::text, profile.largest_text, sizes.text, "text message", kLarge);
  hold(Limit::inflated, profile.largest_inflated, sizes.inflated, "compressed message",
       "bytes, inflated, is too large");
  hold(Limit::deflated, profile.largest_deflated, sizes.deflated, "compressed message", kLarge);
  const std::uint64_t next = sizes.messages == 0 ? 0 : 1;  // the last of them may bring its Close
  hold(Limit::messages, profile.most_messages, sizes.messages + next, "connection", "messages has too many");
  const std::uint64_t own = sizes.pings == 0 ? 0 : kOwnPings;
  hold(Limit::pings, profile.most_pings, sizes.pings + own, "connection", "Pings and Pongs has too many");
  return found;
}

std::expected<Case, std::string> adapted(Case c, const EndpointProfile& profile) {
  bool compared = !profile.speaks_unasked;
  for (const auto& [opcode, taken] :
       {std::pair{ws::Opcode::text, profile.text}, {ws::Opcode::binary, profile.binary}}) {
    if (!sends(c, opcode)) continue;
    if (taken == Taken::refused) {
      return std::unexpected(fmt::format("the endpoint refuses {} messages", ws::name(opcode)));
    }
    compared = compared && taken == Taken::echoed;
  }
  // One more is left for what asks for a fresh one beside the case's own.
  const std::uint64_t connections = c.connections.empty() ? 1 : c.connections.size() + 2;
  if (profile.most_connections && connections > *profile.most_connections)
    return std::unexpected(fmt::format("{} connections at a time are too many for the endpoint, which keeps {}",
                                       connections, *profile.most_connections));
  if (profile.passes_on && holds_one_of_several(c))
    return std::unexpected(
        "the endpoint passes on what a connection says, and what becomes of one that is not read is its application's "
        "affair");
  if (auto beyond = beyond_limit(c, profile)) return std::unexpected(std::move(beyond->why));
  take_code_of_limit(c, profile);
  if (compared || !c.expect) return c;
  await_pongs(c.steps);
  adapt(c, *c.expect, {});
  for (Beside& beside : c.connections) {
    if (beside.expect) adapt(c, *beside.expect, beside.name);
  }
  return c;
}

}  // namespace touchstone

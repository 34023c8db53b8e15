#include "runner/engine/endpoint_profile.h"

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
  void add(const step::Message& message, std::uint64_t) {
    const std::uint64_t octets = length(message);
    if (message.parts.empty()) {
      const std::uint64_t frame = message.fragment == 0 ? octets : std::min(octets, message.fragment);
      sizes.widen({octets, frame, frame == 0 ? 1 : (octets + frame - 1) / frame});
      return;
    }
    sizes.widen({octets, 0, message.parts.size()});
    for (const Payload& part : message.parts) sizes.widen({0, length(part), 1});
  }
  void add(const step::Frame& frame, std::uint64_t times) {
    if (ws::is_control(frame.opcode)) return;
    if (frame.opcode != ws::Opcode::cont) open_ = fragments_ = 0;
    const std::uint64_t octets = length(frame.payload);
    const std::uint64_t frames = frame.opcode == ws::Opcode::cont ? times : 1;
    open_ += octets * frames;
    fragments_ += frames;
    sizes.widen({open_, octets, fragments_});
  }
  void add(const step::Repeat& repeat, std::uint64_t times) { add(repeat.steps, times * repeat.count); }
  void add(const step::OneOf<step::Close, step::Octets> auto&, std::uint64_t) {}  // no message
  void add(const step::WithoutPayload auto&, std::uint64_t) {}

  std::uint64_t open_ = 0, fragments_ = 0;  // octets and frames of the message that goes on
};

constexpr std::string_view kLimits[] = {"message", "frame", "fragments"};

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
  if (!members.has("without_close")) return;
  Limit limit = Limit::message;
  members.one_of<Limit>("without_close", limit, limit_from, "message, frame or fragments");
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
            {"largest_message", or_null(profile.largest_message)},
            {"largest_frame", or_null(profile.largest_frame)},
            {"most_fragments", or_null(profile.most_fragments)}};
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
}

Sizes sizes_of(const Case& c) {
  const bool may_refuse = c.expect && (std::holds_alternative<end::MayFail>(c.expect->end) ||
                                       std::holds_alternative<end::Abandoned>(c.expect->end));
  if (may_refuse) return {};
  Most most;
  most.add(c.steps);
  return most.sizes;
}

std::optional<BeyondLimit> beyond_limit(const Case& c, const EndpointProfile& profile) {
  if (!profile.has_limit()) return std::nullopt;
  const Sizes sizes = sizes_of(c);
  if (profile.largest_message && sizes.message > *profile.largest_message) {
    return BeyondLimit{Limit::message,
                       fmt::format("a message of {} bytes is too large for the endpoint, which takes {}", sizes.message,
                                   *profile.largest_message)};
  }
  if (profile.largest_frame && sizes.frame > *profile.largest_frame) {
    return BeyondLimit{Limit::frame, fmt::format("a frame of {} bytes is too large for the endpoint, which takes {}",
                                                 sizes.frame, *profile.largest_frame)};
  }
  if (profile.most_fragments && sizes.fragments > *profile.most_fragments) {
    return BeyondLimit{Limit::fragments,
                       fmt::format("a message of {} fragments has too many for the endpoint, which takes {}",
                                   sizes.fragments, *profile.most_fragments)};
  }
  return std::nullopt;
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
  if (auto beyond = beyond_limit(c, profile)) return std::unexpected(std::move(beyond->why));
  if (compared || !c.expect) return c;
  await_pongs(c.steps);
  adapt(c, *c.expect, {});
  for (Beside& beside : c.connections) {
    if (beside.expect) adapt(c, *beside.expect, beside.name);
  }
  return c;
}

}  // namespace touchstone

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

class Longest {
 public:
  void add(const std::vector<Step>& steps, std::uint64_t times = 1) {
    for (const Step& step : steps) std::visit([&](const auto& one) { add(one, times); }, step.action);
  }

  std::uint64_t longest = 0;

 private:
  void add(const step::Message& message, std::uint64_t) { longest = std::max(longest, length(message)); }
  void add(const step::Frame& frame, std::uint64_t times) {
    if (ws::is_control(frame.opcode)) return;
    if (frame.opcode != ws::Opcode::cont) open_ = 0;
    open_ += length(frame.payload) * (frame.opcode == ws::Opcode::cont ? times : 1);
    longest = std::max(longest, open_);
  }
  void add(const step::Repeat& repeat, std::uint64_t times) { add(repeat.steps, times * repeat.count); }
  void add(const step::OneOf<step::Close, step::Octets> auto&, std::uint64_t) {}  // no message
  void add(const step::WithoutPayload auto&, std::uint64_t) {}

  std::uint64_t open_ = 0;  // octets of the message that goes on
};

void await_pongs(std::vector<Step>& steps) {
  for (Step& step : steps) {
    if (std::holds_alternative<step::AwaitEcho>(step.action)) step.action = step::Sentinel{"taken"};
    if (auto* repeat = std::get_if<step::Repeat>(&step.action)) await_pongs(repeat->steps);
  }
}

bool goes_on(const End& end) {
  return std::holds_alternative<end::Polite>(end) || std::holds_alternative<end::MayFail>(end);
}

}  // namespace

std::string_view name(Taken taken) noexcept { return kTaken[static_cast<std::size_t>(taken)]; }

std::string write_endpoint_profile(const EndpointProfile& profile) {
  Json json{{"peer", kFormat},
            {"text", name(profile.text)},
            {"binary", name(profile.binary)},
            {"speaks_unasked", profile.speaks_unasked},
            {"largest_message", nullptr}};
  if (profile.largest_message) json["largest_message"] = *profile.largest_message;
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
    members.integer_or_null("largest_message", profile.largest_message);
    members.no_others();
  } else {
    fault = json.error();
  }
  if (!fault) return profile;
  fault->file = file;
  return std::unexpected(fault->text());
}

std::uint64_t largest_message(const Case& c) {
  const bool may_refuse = c.expect && (std::holds_alternative<end::MayFail>(c.expect->end) ||
                                       std::holds_alternative<end::Abandoned>(c.expect->end));
  if (may_refuse) return 0;
  Longest longest;
  longest.add(c.steps);
  return longest.longest;
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
  if (profile.largest_message && largest_message(c) > *profile.largest_message) {
    return std::unexpected(fmt::format("a message of {} octets is too large for the endpoint, which takes {}",
                                       largest_message(c), *profile.largest_message));
  }
  if (compared || !c.expect) return c;
  await_pongs(c.steps);
  Expect& expect = *c.expect;
  std::erase_if(expect.replies, [](const Reply& reply) {
    return reply.kind == Reply::Kind::text || reply.kind == Reply::Kind::binary;
  });
  expect.echoes = false;
  expect.compares_messages = false;
  // What was sent last is taken too before the tester closes.
  if (goes_on(expect.end)) c.steps.push_back({step::Sentinel{"last"}});
  return c;
}

}  // namespace touchstone

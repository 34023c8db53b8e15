#include "runner/engine/peer_profile.h"

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

// Calls `visit` with each step, those of repeats once.
template <class Visit>
void each_step(const std::vector<Step>& steps, const Visit& visit) {
  for (const Step& step : steps) {
    if (const auto* repeat = std::get_if<step::Repeat>(&step.action)) {
      each_step(repeat->steps, visit);
    } else {
      visit(step);
    }
  }
}

bool sends(const Case& c, ws::Opcode opcode) {
  bool found = false;
  each_step(c.steps, [&](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    const auto* message = std::get_if<step::Message>(&step.action);
    found = found || (frame != nullptr && frame->opcode == opcode) || (message != nullptr && message->opcode == opcode);
  });
  return found;
}

std::uint64_t length_of(const step::Message& message) {
  std::uint64_t sum = length(message.payload);
  for (const Payload& part : message.parts) sum += length(part);
  return sum;
}

class Longest {
 public:
  void add(const std::vector<Step>& steps, std::uint64_t times = 1) {
    for (const Step& step : steps) {
      if (const auto* message = std::get_if<step::Message>(&step.action))
        longest = std::max(longest, length_of(*message));
      if (const auto* frame = std::get_if<step::Frame>(&step.action)) add(*frame, times);
      if (const auto* repeat = std::get_if<step::Repeat>(&step.action)) add(repeat->steps, times * repeat->count);
    }
  }

  std::uint64_t longest = 0;

 private:
  void add(const step::Frame& frame, std::uint64_t times) {
    if (ws::is_control(frame.opcode)) return;
    if (frame.opcode != ws::Opcode::cont) open_ = 0;
    open_ += length(frame.payload) * (frame.opcode == ws::Opcode::cont ? times : 1);
    longest = std::max(longest, open_);
  }

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

std::string write_peer_profile(const PeerProfile& profile) {
  Json json{{"peer", kFormat},
            {"text", name(profile.text)},
            {"binary", name(profile.binary)},
            {"speaks_unasked", profile.speaks_unasked},
            {"largest_message", nullptr}};
  if (profile.largest_message) json["largest_message"] = *profile.largest_message;
  return json.dump(2) + "\n";
}

std::expected<PeerProfile, std::string> parse_peer_profile(const std::string& file, std::string_view text) {
  std::optional<JsonFault> fault;
  PeerProfile profile;
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

std::expected<Case, std::string> adapted(Case c, const PeerProfile& profile) {
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

#include "runner/engine/probe.h"

#include "runner/engine/talk/session.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

// Silence that means: no echo. Only an endpoint that does not echo has it waited for.
constexpr std::chrono::milliseconds kNoEcho{500};
constexpr std::chrono::milliseconds kPatience{5000};  // for large messages
constexpr std::size_t kAtOnce = 4;                    // connections; what one says must not reach another
constexpr std::uint64_t kFirstSize = 1024, kGrowth = 4;

Payload verbatim(const std::string& text) { return {recipe::Literal{ws::to_bytes(text)}}; }

Case talk(ws::Opcode opcode, const std::vector<Payload>& messages, bool awaits_echo) {
  Case c;
  c.id = "probe";
  c.steps.push_back({step::Sentinel{"open"}});
  for (const Payload& payload : messages) {
    step::Message message;
    message.opcode = opcode;
    message.payload = payload;
    c.steps.push_back({message});
    c.steps.push_back(awaits_echo ? Step{step::AwaitEcho{}} : Step{step::Sentinel{"taken"}});
  }
  c.expect = Expect{};
  c.expect->compares_messages = false;
  return c;
}

std::size_t place(const Observation& o, Seen::Kind kind) {
  return static_cast<std::size_t>(std::ranges::find(o.seen, kind, &Seen::kind) - o.seen.begin());
}

bool greets(const Observation& o) { return place(o, Seen::Kind::message) < place(o, Seen::Kind::passed); }

bool ended_unasked(const Observation& o) {
  const std::size_t end =
      std::min({place(o, Seen::Kind::close), place(o, Seen::Kind::eof), place(o, Seen::Kind::reset)});
  return end < o.seen.size() && end < place(o, Seen::Kind::tester_close);
}

std::optional<std::uint16_t> close_code(const Observation& o) {
  if (!o.close || !*o.close) return std::nullopt;
  return (*o.close)->code;
}

// An endpoint that calls a legal message a fault has one itself, which the cases are to show.
bool refuses(const Observation& o) {
  const auto code = close_code(o);
  return ended_unasked(o) && code != ws::close_code::kProtocolError && code != ws::close_code::kInvalidPayload;
}

// Lines and letters beyond ASCII too: what an endpoint cuts into lines or changes is no echo.
std::vector<std::string> questions(std::size_t connection) {
  const std::string whose = fmt::format("of connection {}", connection);
  return {"touchstone: first " + whose, "touchstone: second\nwith two lines " + whose + "\n",
          "touchstone: third \u20ac\u00e9 " + whose};
}

// In order, whatever their types: a wrong type is for the cases to find.
bool come_back(const Observation& o, const std::vector<std::string>& sent) {
  std::size_t next = 0;
  for (const SeenMessage& message : o.messages) {
    if (next < sent.size() && (message.as_sent || ws::as_text(message.octets) == sent[next])) ++next;
  }
  return next == sent.size();
}

class Probe {
 public:
  Probe(const Target& target, const Greeting& greeting, const RunOptions& options, std::function<bool()> over)
      : target_(target), options_(options), over_(std::move(over)) {
    session_.round_trip = greeting.round_trip;
    session_.seed = options.seed;
  }

  EndpointProfile run(std::uint64_t largest) {
    EndpointProfile profile;
    profile.text = ask(ws::Opcode::text, profile);
    profile.binary = ask(ws::Opcode::binary, profile);
    look_for_a_limit(profile, largest);
    return profile;
  }

 private:
  std::vector<Observed> talk_to_it(const std::vector<Case>& cases, std::chrono::milliseconds silence) {
    session_.timeout = options_.timeout.count() > 0 ? std::min(options_.timeout, silence) : silence;
    return observe_all(cases, target_, session_, over_);
  }

  Taken ask(ws::Opcode opcode, EndpointProfile& profile) {
    std::vector<Case> cases;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      std::vector<Payload> messages;
      for (const std::string& text : questions(i)) messages.push_back(verbatim(text));
      cases.push_back(talk(opcode, messages, /*awaits_echo=*/true));
    }
    const std::vector<Observed> results = talk_to_it(cases, kNoEcho);
    std::size_t echoes = 0, refusals = 0;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      if (!results[i]) continue;
      const Observation& o = *results[i];
      echoes += come_back(o, questions(i)) ? 1 : 0;
      refusals += refuses(o) ? 1 : 0;
      profile.speaks_unasked = profile.speaks_unasked || greets(o) || hears_others(o, i);
    }
    if (echoes > 0) return Taken::echoed;
    return refusals > 0 ? Taken::refused : Taken::accepted;
  }

  static bool hears_others(const Observation& o, std::size_t own) {
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      const std::string other = fmt::format("of connection {}", i);
      const auto of_it = [&](const SeenMessage& m) {
        return !m.as_sent && ws::as_text(m.octets).find(other) != std::string_view::npos;
      };
      if (i != own && std::ranges::any_of(o.messages, of_it)) return true;
    }
    return false;
  }

  // Only 1009 tells of a limit (RFC 6455 7.4.1); any other end is for the cases to find.
  void look_for_a_limit(EndpointProfile& profile, std::uint64_t largest) {
    const bool binary = profile.binary != Taken::refused;
    if (!binary && profile.text == Taken::refused) return;
    const bool echoes = (binary ? profile.binary : profile.text) == Taken::echoed && !profile.speaks_unasked;
    std::uint64_t taken = 125;
    for (std::uint64_t size = kFirstSize; taken < largest; size *= kGrowth) {
      size = std::min(size, largest);
      const Payload payload{recipe::Fill{ws::to_bytes("limit?"), size}};
      const auto result =
          talk_to_it({talk(binary ? ws::Opcode::binary : ws::Opcode::text, {payload}, echoes)}, kPatience);
      if (!result.front()) return;
      if (ended_unasked(*result.front())) {
        if (close_code(*result.front()) == ws::close_code::kMessageTooBig) profile.largest_message = taken;
        return;
      }
      taken = size;
    }
  }

  const Target& target_;
  const RunOptions& options_;
  const std::function<bool()> over_;
  SessionOptions session_;
};

}  // namespace

EndpointProfile probe(const Target& target, const Greeting& greeting, const RunOptions& options, std::uint64_t largest,
                      const std::function<bool()>& over) {
  return Probe(target, greeting, options, over).run(largest);
}

}  // namespace touchstone

#include "runner/engine/probe.h"

#include "runner/engine/talk/session.h"

#include <ws/rules/codes.h>

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace touchstone {
namespace {

// Silence that means: no echo. Only an endpoint that does not echo has it waited for.
constexpr std::chrono::milliseconds kNoEcho{2000};
constexpr int kTimes = 50;                            // times what the opening and a Ping take
constexpr std::chrono::milliseconds kPatience{5000};  // for large messages
constexpr std::size_t kAtOnce = 4;                    // connections of each type; what one says must not reach another
constexpr std::chrono::seconds kDeadline{100};        // for all that is sent on one connection, if nothing else is said
constexpr int kShareOfProbe = 8;                      // of the time for the run, the same
constexpr std::string_view kOpen = "open";            // the first Ping of a connection
constexpr std::uint64_t kFirstCount = 32, kMostCounted = 1024;  // of messages or Pings on one connection
constexpr std::chrono::milliseconds kQuick{1000};
constexpr std::uint64_t kFirstSize = 1024, kGrowth = 4;
constexpr std::uint64_t kSmallest = 125;  // octets that the cases may ask for without a question
constexpr std::uint64_t kFirstFragments = 16;
// Who ends TCP at fewer fragments does not know fragments (RFC 6455 5.4), and that is a fault; whose Close speaks of a
// limit knows two.
constexpr std::uint64_t kFewFragments = 4, kLeastFragments = 2;
constexpr std::uint64_t kExact = 65536;  // limits up to it are found exactly, larger ones to a part of kSteps
constexpr std::uint64_t kSteps = 16;

Payload verbatim(const std::string& text) { return {recipe::Literal{ws::to_bytes(text)}}; }

Case talk(ws::Opcode opcode, const std::vector<Payload>& messages) {
  Case c;
  c.id = "probe";
  for (const Payload& payload : messages) {
    step::Message message;
    message.opcode = opcode;
    message.payload = payload;
    c.steps.push_back({message});
    c.steps.push_back({step::AwaitEcho{}});
  }
  c.expect = Expect{};
  c.expect->compares_messages = false;
  return c;
}

std::size_t place(const Observation& o, Seen::Kind kind) {
  return static_cast<std::size_t>(std::ranges::find(o.seen, kind, &Seen::kind) - o.seen.begin());
}

// Before the first sentinel had its answer, or was not waited for any longer.
bool greets(const Observation& o) {
  return place(o, Seen::Kind::message) < std::min(place(o, Seen::Kind::passed), place(o, Seen::Kind::silent));
}

bool ended_unasked(const Observation& o) {
  if (o.http2 && o.http2->gave_up) return false;  // that was the tester's own doing
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

// `taken` is; `refused` is not, or 0 when all was taken. How it shows: a Close with or without a code, or the end of
// TCP.
struct Found {
  std::uint64_t taken = 0, refused = 0;
  bool with_close = false;
  std::optional<std::uint16_t> code{};
};

class Probe {
 public:
  Probe(const Target& target, const Greeting& greeting, const RunOptions& options, std::function<bool()> over)
      : target_(target), options_(options), over_(std::move(over)) {
    session_.round_trip = greeting.round_trip;
    session_.nudges = greeting.withholds_pongs;
    session_.seed = options.seed;
    session_.stops_at_silence = true;
    session_.brief_end = true;  // the cases look at ends
    answers_pings_ = greeting.answers_pings;
  }

  EndpointProfile run(const Sizes& most) {
    EndpointProfile profile;
    ask_patiently(profile);
    look_for_limits(profile, most);
    return profile;
  }

 private:
  std::vector<Observed> talk_to_it(const std::vector<Case>& cases, std::chrono::milliseconds silence) {
    session_.timeout = options_.timeout.count() > 0 ? std::min(options_.timeout, silence) : silence;
    return observe_all(cases, target_, session_, over_);
  }

  // Both types side by side: who echoes neither has the silence waited for once. Where nothing comes back, and opening
  // the connection took so long that an echo might still be on its way, longer than that is waited.
  void ask_patiently(EndpointProfile& profile) {
    ask(profile, kNoEcho);
    const auto needed = std::chrono::duration_cast<std::chrono::milliseconds>(kTimes * slowest_opening_);
    const bool silent = profile.text == Taken::accepted || profile.binary == Taken::accepted;
    if (silent && needed > kNoEcho) ask(profile, std::min(needed, kPatience));
  }

  void measure(const Observation& o) {
    for (const Entry& entry : o.transcript.entries)
      if (entry.kind == Entry::Kind::mark && entry.note == kOpen)
        slowest_opening_ = std::max(slowest_opening_, std::chrono::microseconds(entry.at_us));
  }

  void ask(EndpointProfile& profile, std::chrono::milliseconds silence) {
    std::vector<Case> cases;
    for (std::size_t i = 0; i < 2 * kAtOnce; ++i) {
      std::vector<Payload> messages;
      for (const std::string& text : questions(i)) messages.push_back(verbatim(text));
      cases.push_back(talk(i < kAtOnce ? ws::Opcode::text : ws::Opcode::binary, messages));
      if (answers_pings_)
        cases.back().steps.insert(cases.back().steps.begin(), Step{step::Sentinel{std::string(kOpen)}});
    }
    const std::vector<Observed> results = talk_to_it(cases, silence);
    profile.text = taken(std::span(results).first(kAtOnce), 0);
    profile.binary = taken(std::span(results).last(kAtOnce), kAtOnce);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!results[i]) continue;
      measure(*results[i]);
      const bool unasked = answers_pings_ ? greets(*results[i]) : begins_otherwise(*results[i], i);
      profile.passes_on = profile.passes_on || hears_others(*results[i], i);
      profile.speaks_unasked = profile.speaks_unasked || unasked || profile.passes_on;
    }
  }

  // `first`: the number of the first of these connections.
  static Taken taken(std::span<const Observed> results, std::size_t first) {
    std::size_t echoes = 0, refusals = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!results[i]) continue;
      echoes += come_back(*results[i], questions(first + i)) ? 1 : 0;
      refusals += refuses(*results[i]) ? 1 : 0;
    }
    if (echoes > 0) return Taken::echoed;
    return refusals > 0 ? Taken::refused : Taken::accepted;
  }

  static bool begins_otherwise(const Observation& o, std::size_t own) {
    if (o.messages.empty() || o.messages.front().as_sent) return false;
    const auto sent = questions(own);
    return std::ranges::find(sent, ws::as_text(o.messages.front().octets)) == sent.end();
  }

  static bool hears_others(const Observation& o, std::size_t own) {
    for (std::size_t i = 0; i < 2 * kAtOnce; ++i) {
      const std::string other = fmt::format("of connection {}", i);
      const auto of_it = [&](const SeenMessage& m) {
        return !m.as_sent && ws::as_text(m.octets).find(other) != std::string_view::npos;
      };
      if (i != own && std::ranges::any_of(o.messages, of_it)) return true;
    }
    return false;
  }

  // --- Limits: RFC 6455 10.4 leaves them to the endpoint --------------------------------------------------------

  void look_for_limits(EndpointProfile& profile, const Sizes& most) {
    const bool binary = profile.binary != Taken::refused;
    if (!binary && profile.text == Taken::refused) return;
    opcode_ = binary ? ws::Opcode::binary : ws::Opcode::text;
    echoes_ = (binary ? profile.binary : profile.text) == Taken::echoed && !profile.speaks_unasked;
    if (!echoes_ && !answers_pings_) return;  // nothing says what it takes
    const auto whole = [&](std::uint64_t octets) { return message(octets, 0); };
    const Found found = look(whole, {kSmallest, most.message}, kFirstSize);
    if (found.refused != 0) {
      limited_whole(profile, found, most);
    }
    const auto crumbs = [&](std::uint64_t fragments) { return message(fragments, 1); };
    const std::uint64_t fragments = std::min(most.fragments, profile.largest_message.value_or(most.fragments));
    const Found many = look(crumbs, {1, fragments}, kFirstFragments);
    if (many.refused != 0 && many.taken >= (speaks_of_a_limit(many) ? kLeastFragments : kFewFragments))
      note(profile, Limit::fragments, profile.most_fragments, many);
    look_at_kinds(profile, most);
    look_for_counts(profile, most);
  }

  // Some close a connection after so many messages or Pings, or for too many in a short time. Where that takes long,
  // no more are tried.
  void look_for_counts(EndpointProfile& profile, const Sizes& most) {
    const std::uint64_t messages = std::min(most.messages, kMostCounted), pings = std::min(most.pings, kMostCounted);
    step::Frame ping;
    ping.opcode = ws::Opcode::ping;
    ping.payload = verbatim("how many?");
    if (echoes_) count(profile, Limit::messages, profile.most_messages, messages, Step{message(8, 0)});
    if (answers_pings_) count(profile, Limit::pings, profile.most_pings, pings, Step{ping});
  }

  void count(EndpointProfile& profile, Limit limit, std::optional<std::uint64_t>& most, std::uint64_t wanted,
             const Step& one) {
    for (std::uint64_t n = kFirstCount; wanted > 0; n *= kGrowth) {
      const std::uint64_t tried = std::min(n, wanted);
      const auto begun = std::chrono::steady_clock::now();
      const std::optional<Found> found = counted(limit, tried, one);
      if (found && found->taken > 0 && found->taken < tried && speaks_of_a_limit(*found))
        return note(profile, limit, most, *found);
      if (found || tried == wanted || std::chrono::steady_clock::now() - begun > kQuick) return;
    }
  }

  // `n` of them on one connection; nothing where it did not end that.
  std::optional<Found> counted(Limit limit, std::uint64_t n, const Step& one) {
    Case c = talk(opcode_, {});
    c.deadline = std::chrono::duration_cast<std::chrono::seconds>(kPatience);
    c.steps.assign(static_cast<std::size_t>(n), one);
    c.steps.push_back(limit == Limit::messages ? Step{step::AwaitEcho{}} : Step{step::Sentinel{"taken"}});
    const auto result = talk_to_it({c}, kPatience);
    if (!result.front() || !ended_unasked(*result.front())) return std::nullopt;
    const Observation& o = *result.front();
    const auto pongs = static_cast<std::uint64_t>(std::ranges::count(o.seen, Seen::Kind::pong, &Seen::kind));
    return Found{.taken = limit == Limit::messages ? o.messages.size() : pongs,
                 .refused = n,
                 .with_close = o.close.has_value(),
                 .code = close_code(o)};
  }

  // Is less taken of text than of binary messages, or of compressed ones? One message that is as large as may be says
  // that it is not.
  void look_at_kinds(EndpointProfile& profile, const Sizes& most) {
    const std::uint64_t known = profile.largest_message.value_or(UINT64_MAX);
    const auto narrower = [&](Limit limit, std::optional<std::uint64_t>& least, std::uint64_t wanted,
                              const auto& shape) {
      const std::uint64_t size = std::min(wanted, known);
      if (size <= kSmallest) return;
      const Found found = look(shape, {kSmallest, size}, size);
      if (found.refused != 0 && speaks_of_a_limit(found)) note(profile, limit, least, found);
    };
    const std::uint64_t frame = profile.largest_frame.value_or(0);
    if (opcode_ == ws::Opcode::binary && profile.text != Taken::refused) {
      const bool echoed = std::exchange(echoes_, profile.text == Taken::echoed && !profile.speaks_unasked);
      if (echoes_ || answers_pings_)
        narrower(Limit::text, profile.largest_text, most.text,
                 [&](std::uint64_t octets) { return message(octets, frame, ws::Opcode::text); });
      echoes_ = echoed;
    }
    narrower(Limit::inflated, profile.largest_inflated, most.inflated,
             [&](std::uint64_t octets) { return compressed(message(octets, frame)); });
    narrower(Limit::deflated, profile.largest_deflated, profile.largest_inflated.value_or(most.deflated),
             [&](std::uint64_t octets) {
               step::Message noise = compressed(message(octets, frame));
               noise.payload = Payload{recipe::Stream{"noise", octets}};
               return noise;
             });
  }

  // Is it the frame that is too large, or the message?
  void limited_whole(EndpointProfile& profile, const Found& found, const Sizes& most) {
    const auto in_frames = [&](std::uint64_t octets) { return message(octets, found.taken); };
    const Found cut = look(in_frames, {found.taken, std::max(most.message, found.refused)}, found.refused);
    if (cut.taken < found.refused) return note(profile, Limit::message, profile.largest_message, found);
    note(profile, Limit::frame, profile.largest_frame, found);
    if (cut.refused != 0) note(profile, Limit::message, profile.largest_message, cut);
  }

  static void note(EndpointProfile& profile, Limit limit, std::optional<std::uint64_t>& most, const Found& found) {
    if (!is_a_limit(found)) return;
    most = found.taken;
    if (!found.with_close && !profile.without_close) profile.without_close = limit;
    if (found.code && !profile.limit_code) profile.limit_code = found.code;
  }

  // C-15: 1009 fits, and others conform. At the borders of the forms of the payload length (RFC 6455 5.2) it is more
  // likely that the endpoint misreads the longer form, which the cases are to show.
  static bool is_a_limit(const Found& found) {
    if (found.code == ws::close_code::kMessageTooBig) return true;
    if (found.code == ws::close_code::kInvalidPayload) return false;
    const bool border = found.taken == 125 || found.taken == 65535;
    return !border || (found.taken == 65535 && found.code != ws::close_code::kProtocolError);
  }

  // What such a code says is no fault of the tester's, and none of the endpoint's own.
  static bool speaks_of_a_limit(const Found& found) {
    return found.code && *found.code != ws::close_code::kInternalError && !ws::rules::accuses(*found.code);
  }

  static step::Message compressed(step::Message message) {
    message.deflate = true;
    return message;
  }

  [[nodiscard]] step::Message message(std::uint64_t octets, std::uint64_t fragment) const {
    return message(octets, fragment, opcode_);
  }

  static step::Message message(std::uint64_t octets, std::uint64_t fragment, ws::Opcode opcode) {
    step::Message message;
    message.opcode = opcode;
    message.payload = Payload{recipe::Fill{ws::to_bytes("limit?"), octets}};
    message.fragment = fragment;
    return message;
  }

  // Grows from `first` to the upper end of `range`, whose lower end is known to be taken, then narrows down.
  template <class Shape>
  Found look(const Shape& shape, std::pair<std::uint64_t, std::uint64_t> range, std::uint64_t first) {
    std::vector<std::uint64_t> sizes;
    for (std::uint64_t size = first; range.first < range.second; size *= kGrowth) {
      sizes.push_back(std::min(size, range.second));
      if (size >= range.second) break;
    }
    Found found{.taken = range.first};
    if (!climb(shape, sizes, found)) return {.taken = found.taken};
    while (found.refused != 0 && found.refused - found.taken > precision(found.taken)) {
      if (!climb(shape, between(found), found)) break;
    }
    return found;
  }

  static std::uint64_t precision(std::uint64_t taken) { return taken <= kExact ? 1 : taken / kSteps; }

  // Small messages cost little, so that many of them find the limit in few connections.
  static std::vector<std::uint64_t> between(const Found& found) {
    const std::uint64_t parts = found.refused <= 4 * kExact ? kSteps : 4;
    std::vector<std::uint64_t> sizes;
    for (std::uint64_t i = 1; i < parts; ++i) {
      const std::uint64_t size = found.taken + i * (found.refused - found.taken) / parts;
      if (size > found.taken && (sizes.empty() || size > sizes.back())) sizes.push_back(size);
    }
    return sizes;
  }

  // Messages of these sizes, one after the other, on one connection. False when it shows nothing: no connection (what
  // died of a message has no limit), or silence.
  template <class Shape>
  bool climb(const Shape& shape, const std::vector<std::uint64_t>& sizes, Found& found) {
    if (sizes.empty()) return true;
    Case c = talk(opcode_, {});
    c.deadline = options_.budget.count() > 0
                     ? std::chrono::duration_cast<std::chrono::seconds>(options_.budget / kShareOfProbe)
                     : kDeadline;
    for (const std::uint64_t size : sizes) {
      const step::Message next = shape(size);
      if (next.deflate) c.needs_deflate = true, c.offer = {"permessage-deflate"};
      c.steps.push_back({next});
      c.steps.push_back(echoes_ ? Step{step::AwaitEcho{}} : Step{step::Sentinel{"taken"}});
    }
    const auto result = talk_to_it({c}, kPatience);
    if (!result.front()) return false;
    const Observation& o = *result.front();
    if (c.needs_deflate && !o.deflate) return false;
    const auto passed = std::ranges::count(o.seen, Seen::Kind::passed, &Seen::kind);
    const auto taken = std::min(echoes_ ? o.messages.size() : static_cast<std::size_t>(passed), sizes.size());
    if (taken > 0) found.taken = sizes[taken - 1];
    if (taken == sizes.size()) return true;
    if (!ended_unasked(o)) return false;
    if (o.http2 && !o.http2->faults.empty()) return false;  // the cases are to show it
    found.refused = sizes[taken];
    found.with_close = o.close.has_value();
    found.code = close_code(o);
    return true;
  }

  const Target& target_;
  const RunOptions& options_;
  const std::function<bool()> over_;
  SessionOptions session_;
  std::chrono::microseconds slowest_opening_{0};  // and its first Pong, from the first octet of a connection
  ws::Opcode opcode_ = ws::Opcode::binary;
  bool echoes_ = true;
  bool answers_pings_ = true;
};

// How many of `asked` connections are open, one opened after the other. `first` it waits.
unsigned open_at_a_time(unsigned asked, std::chrono::milliseconds first, const Target& target,
                        const SessionOptions& session, const std::function<bool()>& over) {
  Case c;
  c.id = "probe";
  c.expect = Expect{};
  if (first.count() > 0) c.steps.push_back(Step{step::Idle{first}});
  for (unsigned i = 1; i < asked; ++i) {
    Beside beside;
    beside.name = fmt::format("c{}", i);
    beside.expect = Expect{};
    c.steps.push_back(Step{step::Open{beside.name}});
    c.connections.push_back(std::move(beside));
  }
  const Observed result = std::move(observe_all({c}, target, session, over).front());
  if (!result || !result->opened) return asked;  // that says nothing
  return 1 + static_cast<unsigned>(std::ranges::count(result->beside, true, &Observation::opened));
}

}  // namespace

EndpointProfile probe(const Target& target, const Greeting& greeting, const RunOptions& options, const Sizes& most,
                      const std::function<bool()>& over) {
  return Probe(target, greeting, options, over).run(most);
}

unsigned connections_at_a_time(const Target& target, const Greeting& greeting, const std::function<bool()>& over) {
  constexpr std::chrono::milliseconds kForOpening{1000}, kNone{0}, kAWhile{1500};
  constexpr unsigned kFew = 8;  // who keeps fewer may have each further one wait
  SessionOptions session;
  session.round_trip = greeting.round_trip;
  session.nudges = greeting.withholds_pongs;
  session.brief_end = true;
  session.timeout =
      std::max(kForOpening, std::chrono::duration_cast<std::chrono::milliseconds>(kTimes * greeting.round_trip));
  for (const unsigned asked : {kFew, kAtATimeAsked}) {
    const unsigned most = open_at_a_time(asked, kNone, target, session, over);
    if (most == asked) continue;
    // It may have been an accident, or a limit on connections in a time.
    const unsigned later = std::max(most, open_at_a_time(asked, kAWhile, target, session, over));
    if (later < asked) return later;
  }
  return kAtATimeAsked;
}

}  // namespace touchstone

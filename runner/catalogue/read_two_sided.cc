// The cases for intermediaries: who says what, and what arrives at the other end.
#include "runner/catalogue/read_case.h"
#include "runner/catalogue/two_sided.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace touchstone {
namespace {

struct HeadKey {
  std::string_view key;
  RelayHead::Kind kind;
  Side as;
};
constexpr std::array<HeadKey, 4> kHeadKeys{{{"request", RelayHead::Kind::request, Side::client},
                                            {"get", RelayHead::Kind::get, Side::client},
                                            {"answer", RelayHead::Kind::answer, Side::server},
                                            {"respond", RelayHead::Kind::respond, Side::server}}};

Side read_said_by(const Cursor& c) {
  const auto text = c.text().value_or("");
  if (text != "client" && text != "server") c.wrong("client or server");
  return text == "server" ? Side::server : Side::client;
}

std::string read_lane(const Cursor& c) {
  auto name = c.text().value_or("");
  if (name.empty()) c.wrong("the name of a connection");
  return name;
}

// Frames, messages, octets and the end of TCP: what can be said on one connection without a look at the answer.
bool can_be_relayed(const Step& step) {
  if (const auto* frame = std::get_if<step::Frame>(&step.action)) return frame->pause_at.empty();
  return std::holds_alternative<step::Message>(step.action) || std::holds_alternative<step::Close>(step.action) ||
         std::holds_alternative<step::Octets>(step.action) || std::holds_alternative<step::Tcp>(step.action) ||
         std::holds_alternative<step::Reading>(step.action);
}

RelayStep read_relay_step(const Cursor& c) {
  RelayStep step;
  if (!c.object({"as"}, {"request", "get", "answer", "respond", "steps", "at_once", "on"})) return step;
  if (c.has("on")) step.on = read_lane(c.at("on"));
  if (c.has("as")) step.as = read_said_by(c.at("as"));
  if (c.has("at_once")) step.at_once = c.at("at_once").boolean().value_or(false);
  int said = c.has("steps") ? 1 : 0;
  for (const HeadKey& row : kHeadKeys) {
    if (!c.has(row.key)) continue;
    ++said;
    if (row.as != step.as)
      c.at(row.key).fault("a head of the other side", "request and get of a client, answer and respond of a server");
    step.action = RelayHead{row.kind, read_head_script(c.at(row.key))};
  }
  if (said != 1) c.wrong("one of request, get, answer, respond and steps");
  if (!c.has("steps")) return step;
  auto steps = read_steps(c.at("steps"));
  if (!std::ranges::all_of(steps, can_be_relayed)) {
    c.at("steps").fault("a step that waits", "frame, message, close, octets, tcp and reading");
  }
  step.action = std::move(steps);
  return step;
}

std::optional<Claim::Verb> verb_named(std::string_view text) {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(Claim::Verb::interim); ++i) {
    if (name(static_cast<Claim::Verb>(i)) == text) return static_cast<Claim::Verb>(i);
  }
  return std::nullopt;
}

void check_claim(const Cursor& c, const Claim& claim) {
  using enum Claim::Verb;
  constexpr std::array kOfPart{keeps, lacks, has, clean, once, fresh};
  const bool of_part = std::ranges::find(kOfPart, claim.verb) != kOfPart.end();
  if (of_part == claim.what.empty())
    c.fault(of_part ? "no part of the head" : "a part of the head",
            "what beside keeps, lacks, has, clean, once and fresh");
  if (!claim.list.empty() && (claim.verb != lacks && claim.verb != has))
    c.at("list").fault("a list", "list beside lacks and has");
  if ((claim.verb == status) == claim.statuses.empty())
    c.fault("statuses or none", "statuses beside status, and only there");
  if (c.has("at") && (claim.verb == status || claim.verb == no_101 || claim.verb == interim) &&
      claim.at != Side::client)
    c.at("at").wrong("client, who gets the answer");
}

Claim read_claim(const Cursor& c) {
  Claim claim;
  if (!c.object({"at"}, {"must", "should", "may", "head", "what", "list", "statuses", "requirement", "on"}))
    return claim;
  if (c.has("on")) claim.on = read_lane(c.at("on"));
  int levels = 0;
  for (const auto level : {ExpectOpening::Level::must, ExpectOpening::Level::should, ExpectOpening::Level::may}) {
    if (!c.has(name(level))) continue;
    ++levels;
    claim.level = level;
    const Cursor verb = c.at(name(level));
    if (const auto found = verb_named(verb.text().value_or(""))) {
      claim.verb = *found;
    } else {
      verb.wrong(
          "arrives, stops, keeps, lacks, has, clean, framed, status, no-101, octets, begins, no-octets, ends, stays, "
          "resets, once, fresh or interim");
    }
  }
  if (levels != 1) c.wrong("one of must, should and may");
  if (c.has("at")) claim.at = read_said_by(c.at("at"));
  if (c.has("head")) claim.head = c.at("head").number(1, 100).value_or(1);
  if (c.has("what")) claim.what = c.at("what").text().value_or("");
  if (c.has("list")) claim.list = c.at("list").text().value_or("");
  if (c.has("statuses")) claim.statuses = read_codes(c.at("statuses"));
  if (c.has("requirement")) claim.requirement = c.at("requirement").text().value_or("");
  check_claim(c, claim);
  return claim;
}

}  // namespace

std::shared_ptr<const TwoSided> read_two_sided(const Cursor& group) {
  auto result = std::make_shared<TwoSided>();
  if (group.has("steps")) {
    group.at("steps").each([&](const Cursor& step) { result->steps.push_back(read_relay_step(step)); });
  }
  if (!group.has("expect")) {
    group.fault("no expectation", "a list of what arrives at which end (no oracle plays an intermediary)");
    return result;
  }
  group.at("expect").each([&](const Cursor& claim) { result->claims.push_back(read_claim(claim)); });
  for (const Claim& claim : result->claims) {
    if (!claim.on.empty() && std::ranges::find(result->steps, claim.on, &RelayStep::on) == result->steps.end())
      group.at("expect").fault(claim.on, "connections that steps name");
  }
  if (result->claims.empty()) group.at("expect").wrong("at least one sentence about an end");
  for (const std::string_view key : {"request", "answer", "offer", "accept", "needs", "wire", "bulk", "made_of"}) {
    if (group.has(key)) group.at(key).fault("it in a case for an intermediary", "heads as steps with \"as\"");
  }
  return result;
}

}  // namespace touchstone

#include "runner/engine/verdict/contradictions.h"

#include "runner/engine/verdict/strict_expectation.h"
#include "runner/engine/verdict/strict_player.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace touchstone {
namespace {

bool needs_no_long_form(const Step& step) {
  const auto* frame = std::get_if<step::Frame>(&step.action);
  return frame != nullptr && frame->form.length_bits != 0 && length(frame->payload) <= ws::kMaxControlPayload;
}

// What the RFC lets an endpoint take as well as refuse: sizes (C-15) and lengths that are not minimal (C-16).
bool is_left_open(ws::Violation violation, const Case& c) {
  if (ws::rules::may_be_taken(violation)) return true;
  switch (violation) {
    case ws::Violation::control_too_long:  // judged on the form of the length
      return std::ranges::any_of(c.steps, needs_no_long_form);
    case ws::Violation::deflate_corrupt:  // a message that ends within a block: RFC 7692 7.2.2 does not say "look"
      return !c.informational.empty();
    default:
      return false;
  }
}

struct Content {
  Reply::Kind kind;
  ws::Bytes octets;
  std::string mark;
  bool operator==(const Content&) const = default;
};

// Messages and marks in one order, Pongs in another: the two interleave freely.
struct Contents {
  std::vector<Content> messages, pongs;
  bool operator==(const Contents&) const = default;
};

Contents contents(const Expect& expect, const Expect& derived, std::uint64_t seed) {
  PayloadGenerator payloads(seed);
  Contents out;
  std::size_t message = 0, pong = 0;
  // "@sent" is what the strict stack saw in the same place.
  const auto nth = [&](std::size_t n, bool pongs) -> ws::Bytes {
    for (const Reply& reply : derived.replies) {
      const bool is_pong = reply.kind == Reply::Kind::pong, is_mark = reply.kind == Reply::Kind::mark;
      if (!is_mark && is_pong == pongs && n-- == 0) return payloads.make(reply.payload);
    }
    return {};
  };
  for (const Reply& reply : expect.replies) {
    const bool is_pong = reply.kind == Reply::Kind::pong, is_mark = reply.kind == Reply::Kind::mark;
    const std::size_t n = is_mark ? 0 : (is_pong ? pong++ : message++);
    ws::Bytes octets = is_mark ? ws::Bytes{} : (reply.sent ? nth(n, is_pong) : payloads.make(reply.payload));
    (is_pong ? out.pongs : out.messages).push_back({reply.kind, std::move(octets), reply.mark});
  }
  return out;
}

// What one end accepts beyond dispute: the end's name and its codes.
std::string contradiction(const End& mine, const End& strict) {
  if (std::holds_alternative<end::Open>(mine)) return {};
  if (mine.index() != strict.index()) return "it ends the connection in another way";
  const auto* fails = std::get_if<end::Fails>(&mine);
  const auto* strict_fails = std::get_if<end::Fails>(&strict);
  if (fails != nullptr) {
    const auto known = [&](std::uint16_t code) {
      return std::ranges::find(strict_fails->codes, code) != strict_fails->codes.end();
    };
    if (!std::ranges::all_of(fails->codes, known)) return "a status code is accepted that does not fit the fault";
    if (std::ranges::find(fails->codes, strict_fails->codes.front()) == fails->codes.end()) {
      return fmt::format("its status code {} is not accepted", strict_fails->codes.front());
    }
  }
  return {};
}

// The replies of an endpoint that goes on are the case's to know; the strict stack may stop before.
bool begins_with(const Contents& mine, const Contents& strict) {
  const auto begins = [](const std::vector<Content>& all, const std::vector<Content>& some) {
    return some.size() <= all.size() && std::equal(some.begin(), some.end(), all.begin());
  };
  return begins(mine.messages, strict.messages) && begins(mine.pongs, strict.pongs);
}

bool is_unfinished(const Step& step) {
  const auto* frame = std::get_if<step::Frame>(&step.action);
  return frame != nullptr && !frame->form.whole();
}

// However a frame begins that is not all there, an endpoint may wait for the rest of it until TCP ends (C-15). So only
// a fault before it is certain.
bool faults_in_unfinished_frame(const Case& c, Side side, std::uint64_t seed) {
  const auto unfinished = std::ranges::find_if(c.steps, is_unfinished);
  if (unfinished == c.steps.end() || !std::holds_alternative<end::Abandoned>(c.expect->end)) return false;
  StrictPlayer before(side, params_for(c, side), seed, UINT32_MAX);
  before.play(std::span(c.steps.begin(), unfinished));
  return !before.violation();
}

// An end that leaves the endpoint a choice must be one that the RFC leaves.
std::string contradiction_of_choice(const Case& c, const End& strict, std::optional<ws::Violation> violation) {
  const auto* may = std::get_if<end::MayFail>(&c.expect->end);
  if (!violation) {
    // Limits are an endpoint's own: where the strict stack goes on another may refuse for size.
    const bool goes_on = may == nullptr || std::holds_alternative<end::Polite>(strict);
    return goes_on ? std::string() : "it ends the connection in another way";
  }
  // What comes before the answer to the opening handshake may be dropped (C-12).
  const bool too_early = c.request && c.request->glue;
  if (!too_early && !is_left_open(*violation, c)) return "it fails the connection, as every endpoint must";
  const std::uint16_t code = ws::rule(*violation).close_code;
  if (may != nullptr && std::ranges::find(may->codes, code) == may->codes.end()) {
    return fmt::format("its status code {} is not accepted", code);
  }
  return {};
}

std::vector<std::string> contradictions_of_one(const Case& c) {
  std::vector<std::string> out;
  if (!c.expect) return out;
  constexpr std::uint64_t kSeed = 1;
  for (const Side side : c.sides) {
    const std::string_view whose = side == Side::server ? "server" : "client";
    StrictPlayer player(side, params_for(c, side), kSeed, /*most_repeats=*/3);
    player.play(c.steps);
    const std::optional<ws::Violation> violation = player.violation();
    const bool cut_short = player.cut_short();
    const Expect strict = std::move(player).result();
    const Expect& mine = *c.expect;
    const bool choice =
        std::holds_alternative<end::MayFail>(mine.end) || std::holds_alternative<end::Abandoned>(mine.end);
    if (!mine.echoes && !cut_short) {
      const Contents replies = contents(mine, strict, kSeed), wanted = contents(strict, strict, kSeed);
      if (choice && violation ? !begins_with(replies, wanted) : replies != wanted) {
        out.push_back(fmt::format("the strict {} replies with other messages, Pongs or marks", whose));
      }
    }
    if (faults_in_unfinished_frame(c, side, kSeed)) continue;
    const auto text = choice ? contradiction_of_choice(c, strict.end, violation) : contradiction(mine.end, strict.end);
    if (!text.empty()) {
      out.push_back(fmt::format("the strict {}: {}", whose, text));
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> contradictions(const Case& all) {
  if (all.connections.empty()) return contradictions_of_one(all);
  std::vector<std::string> out;
  for (std::size_t i = 0; const Case& one : each_connection(all)) {
    const std::string name = i == 0 ? "a" : all.connections[i - 1].name;
    ++i;
    for (const std::string& text : contradictions_of_one(one))
      out.push_back(fmt::format("connection {}: {}", name, text));
  }
  return out;
}

}  // namespace touchstone

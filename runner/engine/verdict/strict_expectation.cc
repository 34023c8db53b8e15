#include "runner/engine/verdict/strict_expectation.h"

#include "runner/catalogue/rsv.h"
#include "runner/engine/verdict/strict_player.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <span>

namespace touchstone {
namespace {

// The parameters that the tester names first when it answers a client.
ws::DeflateParams wished(const Case& c) {
  ws::DeflateParams params;
  const auto parsed =
      c.accept.empty() ? ws::parse_extensions("permessage-deflate") : ws::parse_extensions(c.accept.front());
  if (!parsed || parsed->empty()) return params;
  for (const auto& parameter : parsed->front().parameters) {
    const int bits = parameter.value ? std::atoi(parameter.value->c_str()) : 15;
    if (parameter.name == "server_no_context_takeover") params.server_no_context_takeover = true;
    if (parameter.name == "client_no_context_takeover") params.client_no_context_takeover = true;
    if (parameter.name == "server_max_window_bits") params.server_max_window_bits = bits;
    if (parameter.name == "client_max_window_bits") params.client_max_window_bits = bits;
  }
  return params;
}

bool same_replies(const Expect& one, const Expect& other) {
  const auto same = [](const Reply& left, const Reply& right) {
    const auto octets = [](const Reply& reply) { return PayloadGenerator(1).make(reply.payload); };
    return left.kind == right.kind && left.sent == right.sent && left.mark == right.mark &&
           octets(left) == octets(right);
  };
  return std::ranges::equal(one.replies, other.replies, same);
}

}  // namespace

// A client under test: what the tester would like to answer.
std::optional<ws::DeflateParams> params_for(const Case& c, Side side) {
  if (!c.needs_deflate) return std::nullopt;
  if (side == Side::client) return wished(c);
  const auto offers = ws::parse_extensions(fmt::format("{}", fmt::join(c.offer, ", ")));
  if (!offers) return ws::DeflateParams{};
  const auto agreed = ws::accept_deflate(*offers);
  return agreed ? agreed->params : ws::DeflateParams{};
}

void each_frame(const Case& c, Side side, const std::function<void(const WireFrame&, bool failed)>& see) {
  constexpr std::uint64_t kSeed = 1;
  for (const Case& one : each_connection(c)) {
    StrictPlayer player(side, params_for(one, side), kSeed, /*most_repeats=*/3);
    player.watch(see);
    player.play(one.steps);
  }
}

Expect derive(const Case& c, Side side, const std::optional<ws::DeflateParams>& deflate, std::uint64_t seed,
              std::uint32_t most_repeats) {
  StrictPlayer player(side, deflate, seed, most_repeats);
  player.play(c.steps);
  return std::move(player).result();
}

Derivation derivation(const Case& c, Side side, std::uint64_t seed) {
  StrictPlayer player(side, params_for(c, side), seed, UINT32_MAX);
  std::size_t played = 0;
  while (played < c.steps.size() && !player.violation()) player.play(std::span(c.steps).subspan(played++, 1));
  Derivation out;
  out.broken = player.violation();
  if (out.broken) out.broken_at = played - 1;
  out.expect = std::move(player).result();
  return out;
}

bool exceeds_agreement(const Case& c, Side side, const ws::DeflateParams& agreed) {
  constexpr std::uint64_t kSeed = 1;
  const auto ready_made = [](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    return frame != nullptr && (frame->rsv & kRsv1) != 0;
  };
  const auto asked = params_for(c, side);
  if (!asked || *asked == agreed || std::ranges::none_of(c.steps, ready_made)) return false;
  // A case may break a rule later on, and does so under any parameters. What is ready made also moves the window under
  // what the tester compresses itself, so that a match there may find something else.
  struct Played {
    std::size_t sound = 0;  // steps
    Expect expect;
  };
  const auto played_with = [&](const ws::DeflateParams& params) {
    StrictPlayer player(side, params, kSeed, UINT32_MAX);
    Played played;
    while (played.sound < c.steps.size() && !player.violation())
      player.play(std::span(c.steps).subspan(played.sound++, 1));
    if (player.violation()) --played.sound;
    played.expect = std::move(player).result();
    return played;
  };
  const Played as_agreed = played_with(agreed), as_asked = played_with(*asked);
  if (as_agreed.sound < as_asked.sound) return true;
  const bool is_meant = c.expect && same_replies(as_agreed.expect, *c.expect);
  return !is_meant && !same_replies(as_agreed.expect, as_asked.expect);
}

Case with_expectation(Case c, std::uint64_t seed, Side side) {
  if (c.two_sided) return c;
  const auto derived = [&](std::string_view name) {
    const Case one = on_connection(c, name);
    const bool held = is_held(one.steps);
    Expect expect = derive(one, side, params_for(one, side), seed, held ? 1 : UINT32_MAX);
    // How often a repeat is played is seen while it is.
    if (held) {
      std::erase_if(expect.replies, [](const Reply& reply) { return reply.kind != Reply::Kind::mark; });
      expect.echoes = true;
    }
    return expect;
  };
  if (!c.expect) c.expect = derived({});
  for (Beside& beside : c.connections) {
    if (!beside.expect) beside.expect = derived(beside.name);
  }
  return c;
}

}  // namespace touchstone

#include "runner/campaign/scenes.h"

#include "runner/campaign/contents.h"
#include "runner/campaign/expectation.h"
#include "runner/campaign/voice.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace touchstone::fuzz {
namespace {

using std::chrono::milliseconds;

void append(Case& c, std::vector<Step> steps) { std::ranges::move(steps, std::back_inserter(c.steps)); }

void open(Case& c, const std::string& name) {
  c.connections.push_back({.name = name});
  c.steps.push_back({step::Open{name}});
}

void wait(Case& c, milliseconds length) { c.steps.push_back({step::Idle{.length = length}}); }

// --- Connections that take turns -------------------------------------------------------------------------------------

// The part of one connection, in pieces between which others may have their turn.
std::vector<std::vector<Step>> pieces_of(Dice& dice, Voice& part) {
  std::vector<std::vector<Step>> pieces;
  for (std::uint64_t i = dice.between(1, 3); i > 0; --i) {
    if (dice.one_in(3)) {
      part.message();
      if (dice.one_in(2)) part.await_echo();
      pieces.push_back(part.take());
      continue;
    }
    // On the first connection a Ping of somebody's end may come in between.
    if (!part.name().empty() && dice.one_in(3)) {
      part.half_a_frame_and_the_rest();
      for (Step& half : part.take()) pieces.push_back({std::move(half)});
      continue;
    }
    part.message_in_turns();
    // Every frame is a turn, and what follows it goes with it.
    for (Step& step : part.take()) {
      const bool data = std::holds_alternative<step::Frame>(step.action);
      if (data || pieces.empty()) pieces.emplace_back();
      pieces.back().push_back(std::move(step));
    }
  }
  return pieces;
}

// How a connection ends in the middle of the others: closed, at the end of TCP, by a fault, inside a message or not.
void end(Dice& dice, Voice& part) {
  if (dice.one_in(2)) {
    part.message();
    part.sentinel();
  }
  const std::uint64_t how = dice.below(5);
  if (how >= 3 && dice.one_in(2)) part.begin_message();
  switch (how) {
    case 0:
      return part.add(step::Close{1000, {}});
    case 1:
    case 2:
      return part.fault();
    case 3:
      return part.add(step::Tcp{step::Tcp::How::fin});
    default:
      return part.add(step::Tcp{step::Tcp::How::reset});
  }
}

// One that ends while the others are inside of what they say, one that opens then, and a moment.
void one_ends(Case& c, Dice& dice, bool deflate) {
  Voice gone(dice, "gone", deflate);
  open(c, gone.name());
  end(dice, gone);
  append(c, gone.take());
  if (dice.one_in(2)) {
    Voice fresh(dice, "fresh", deflate);
    open(c, fresh.name());
    fresh.message();
    fresh.await_echo();
    append(c, fresh.take());
  }
  Voice first(dice, "", deflate);
  if (dice.one_in(2)) first.sentinel();
  append(c, first.take());
  wait(c, milliseconds(dice.between(30, 80)));
}

void turns(Case& c, Dice& dice, bool deflate) {
  static constexpr std::array kNames{"", "b", "c", "d"};
  std::vector<std::vector<std::vector<Step>>> parts;
  const std::uint64_t n = dice.between(1, kNames.size());
  for (std::uint64_t i = 0; i < n; ++i) {
    if (i > 0) open(c, kNames[i]);
    Voice part(dice, kNames[i], deflate);
    parts.push_back(pieces_of(dice, part));
    std::ranges::reverse(parts.back());
  }
  const bool ends = n == 1 || !dice.one_in(3);
  std::size_t left = 0;
  for (const auto& pieces : parts) left += pieces.size();
  const std::uint64_t when = dice.below(left);
  for (std::uint64_t turn = 0; left > 0; ++turn, --left) {
    if (ends && turn == when) one_ends(c, dice, deflate);
    auto& pieces = parts[static_cast<std::size_t>(dice.below(parts.size()))];
    append(c, std::move(pieces.back()));
    pieces.pop_back();
    std::erase_if(parts, [](const auto& each) { return each.empty(); });
  }
}

// --- Silences --------------------------------------------------------------------------------------------------------

void silence(Case& c, Dice& dice, bool deflate) {
  Voice part(dice, "", deflate);
  const bool inside = dice.one_in(3);
  if (dice.one_in(2)) {
    part.message();
    part.await_echo();
  }
  if (inside) part.begin_message();
  append(c, part.take());
  constexpr std::array kLengths{120, 150, 250, 250, 450, 1100};
  wait(c, milliseconds(dice.pick(kLengths)));
  if (inside) part.end_message();
  switch (dice.below(3)) {
    case 0:
      part.add(step::Close{1000, {}});
      break;
    case 1:
      part.ping();
      part.sentinel();
      [[fallthrough]];
    default:
      part.message();
  }
  append(c, part.take());
}

// --- Requests that go before on the same connection ------------------------------------------------------------------

// RFC 9112 9.3. Whether the opening handshake is answered after them is the endpoint's to choose.
void earlier(Case& c, Dice& dice, bool deflate) {
  const auto raw = [](std::string_view head) {
    HeadScript script;
    script.raw = payload_of(ws::to_bytes(head));
    return script;
  };
  HeadScript other_version, without_key;
  other_version.fields.push_back(
      {FieldEdit::Kind::set, "Sec-WebSocket-Version", payload_of(ws::to_bytes(std::string_view("12")))});
  without_key.fields.push_back({FieldEdit::Kind::remove, "Sec-WebSocket-Key"});
  const std::array<HeadScript, 4> all{
      raw("GET @target HTTP/1.1\r\nHost: @host\r\n\r\n"),
      raw("POST @target HTTP/1.1\r\nHost: @host\r\nContent-Length: 11\r\n\r\nhello world"), other_version, without_key};
  c.request.emplace();
  for (std::uint64_t i = dice.between(1, 3); i > 0; --i) c.request->earlier.push_back(dice.pick(all));
  c.request->pipelined = dice.one_in(4);
  if (dice.one_in(2)) {
    silence(c, dice, deflate);
  } else {
    turns(c, dice, deflate);
  }
}

// --- Echoes that nobody reads ----------------------------------------------------------------------------------------

step::Repeat repeated(std::vector<Step> steps, std::uint64_t octets, std::uint64_t most) {
  constexpr std::uint64_t kTraffic = 3'000'000;
  step::Repeat repeat;
  repeat.count = static_cast<std::uint32_t>(std::min(kTraffic / octets, most));
  repeat.steps = std::move(steps);
  return repeat;
}

step::Frame ping_of(std::uint64_t length) {
  step::Frame ping;
  ping.opcode = ws::Opcode::ping;
  ping.payload = {recipe::Stream{"prose", length}};
  return ping;
}

// What is sent again and again until the endpoint's writes are stuck.
step::Repeat many_messages(Dice& dice, bool deflate) {
  constexpr std::array<std::uint64_t, 8> kLengths{125, 126, 500, 1000, 4096, 16384, 40'000, 65'536};
  constexpr std::uint64_t kTogether = 1000, kMostMessages = 8, kMostTimes = 500;
  const std::uint64_t length = dice.pick(kLengths);
  step::Message message;
  message.opcode = dice.one_in(2) ? ws::Opcode::text : ws::Opcode::binary;
  message.payload = {recipe::Stream{message.opcode == ws::Opcode::text ? "letters" : "noise", length}};
  message.deflate = deflate;
  if (dice.one_in(4)) message.fragment = std::max<std::uint64_t>(length / dice.between(2, 9), 1);
  const std::uint64_t n = std::min(1 + kTogether / length, kMostMessages);
  std::vector<Step> steps(static_cast<std::size_t>(n), Step{message});
  // Few Pings: an endpoint may give up one that lets its answers pile up (RFC 6455 10.4).
  if (dice.one_in(3)) steps.push_back({ping_of(20)});
  return repeated(std::move(steps), n * length, kMostTimes);
}

// A later Pong answers all Pings before it, so that one that is lost shows only where no message takes its place.
step::Repeat many_pings(Dice& dice) {
  constexpr std::uint64_t kMostTimes = 1000;
  const std::uint64_t length = dice.one_in(2) ? ws::kMaxControlPayload : dice.between(60, ws::kMaxControlPayload);
  return repeated(std::vector<Step>(4, Step{ping_of(length)}), 4 * length, kMostTimes);
}

void pressure(Case& c, Dice& dice, bool deflate) {
  const bool beside = dice.one_in(2);
  Voice other(dice, "b", false);
  const auto ask_other = [&] {
    other.message(100);
    if (dice.one_in(2)) {
      other.await_echo();
    } else {
      other.sentinel();
    }
    append(c, other.take());
  };
  if (beside) {
    open(c, other.name());
    ask_other();
    other.sentinel();
    append(c, other.take());
  }
  c.steps.push_back({step::Hold{true}});
  const bool pings = dice.one_in(6);
  c.steps.push_back({pings ? many_pings(dice) : many_messages(dice, deflate)});
  c.steps.push_back({step::Stuck{}});
  if (beside) ask_other();
  if (!pings && dice.one_in(4)) c.steps.push_back({step::Close{1000, {}}});
  c.steps.push_back({step::Hold{false}});
  if (!pings) return;
  Voice last(dice, "", false);
  last.message(100);
  append(c, last.take());
}

// --- A crowd ---------------------------------------------------------------------------------------------------------

void crowd(Case& c, Dice& dice) {
  using How = step::Alive::How;
  constexpr std::array kHows{How::polite, How::fin, How::reset};
  step::Alive alive;
  alive.connections = 100;
  alive.how = dice.pick(kHows);
  c.steps.push_back({step::Sentinel{}});
  c.steps.push_back({alive});
}

bool is_staging(const Step& step) {
  const Overloaded staging{
      [](const step::OneOf<step::Open, step::Hold, step::Stuck, step::Tcp, step::Repeat, step::Octets> auto&) {
        return true;
      },
      [](const step::OneOf<step::Frame, step::Message, step::Close, step::Sentinel, step::AwaitEcho, step::Reading,
                           step::Alive, step::Idle> auto&) { return false; },
  };
  return std::visit(staging, step.action);
}

void name_marks(Case& c) {
  int mark = 0;
  for (Step& step : c.steps) {
    if (auto* sentinel = std::get_if<step::Sentinel>(&step.action)) sentinel->mark = fmt::format("m{}", ++mark);
  }
}

}  // namespace

Case any_scene(Dice& dice, bool deflate, Side side) {
  Case c;
  const bool compressed = deflate && dice.one_in(3);
  switch (side == Side::client ? 0 : dice.below(9)) {
    case 0:
    case 1:
      silence(c, dice, compressed);
      break;
    case 2:
    case 3:
      pressure(c, dice, compressed);
      break;
    case 4:
      crowd(c, dice);
      break;
    case 5:
      earlier(c, dice, compressed);
      break;
    default:
      turns(c, dice, compressed);
  }
  c.needs_deflate = compressed;
  if (compressed && side == Side::server) c.offer = {"permessage-deflate"};
  name_marks(c);
  return c;
}

bool is_scene(const Case& c) {
  const auto has_part = [](const Step& step) {
    const Overloaded part{
        [](const step::OneOf<step::Open, step::Idle, step::Hold, step::Stuck, step::Alive, step::Repeat> auto&) {
          return true;
        },
        [](const step::OneOf<step::Frame, step::Message, step::Close, step::Sentinel, step::AwaitEcho, step::Octets,
                             step::Tcp, step::Reading> auto&) { return false; },
    };
    return std::visit(part, step.action);
  };
  return !c.connections.empty() || (c.request && !c.request->earlier.empty()) || std::ranges::any_of(c.steps, has_part);
}

Case scene_expected(Case c, std::uint64_t seed) {
  c.expect.reset();
  for (Beside& beside : c.connections) beside.expect.reset();
  c.requirements = {std::string(kProcessing)};
  const Side side = c.sides.empty() ? Side::server : c.sides.front();
  for (const Case& one : each_connection(c)) {
    if (is_held(one.steps)) continue;  // of what is legal, megabytes
    const auto broken = derivation(one, side, seed).broken;
    if (!broken) continue;
    c.requirements = {std::string(ws::rule(*broken).requirement)};
    break;
  }
  c = with_expectation(std::move(c), seed, side);
  if (c.request) c.expect->opening = ExpectOpening{ExpectOpening::Level::may, ExpectOpening::Outcome::open};
  return c;
}

bool keeps_the_stage(const Case& smaller, const Case& scene) {
  return std::ranges::count_if(smaller.steps, is_staging) == std::ranges::count_if(scene.steps, is_staging);
}

Case without_connection(Case scene, std::string_view name) {
  std::erase_if(scene.connections, [&](const Beside& beside) { return beside.name == name; });
  std::erase_if(scene.steps, [&](const Step& step) {
    const auto* open = std::get_if<step::Open>(&step.action);
    return open != nullptr ? open->name == name : step.on == name;
  });
  return scene;
}

}  // namespace touchstone::fuzz

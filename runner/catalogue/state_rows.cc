// A pair of a state and a kind of frame as steps: how the state is reached, and the frame.
#include "runner/catalogue/generated_axes.h"
#include "runner/catalogue/rsv.h"
#include "runner/catalogue/states.h"
#include "runner/catalogue/write_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace touchstone {
namespace {

using Phase = State::Phase;
using Held = State::Held;
using Last = State::Last;

// Of U+20AC: the octet after which a text is cut, and the octets that complete it.
constexpr std::string_view kCut = "e2", kRest = "82ac";

Json frame(ws::Opcode opcode, bool fin, std::uint8_t rsv, Json payload) {
  Json step;
  step["frame"] = opcode_to_json(opcode);
  if (!fin) step["fin"] = false;
  if (rsv != 0) step["rsv"] = rsv;
  if (!payload.is_null()) step["payload"] = std::move(payload);
  return step;
}

Json hex(std::string text) { return text.empty() ? Json() : Json{{"hex", std::move(text)}}; }

// `head` in hex digits, then as many x as are missing.
Json padded(std::string_view head, std::uint64_t octets) {
  const std::uint64_t have = head.size() / 2;
  if (octets <= have) return hex(std::string(head.substr(0, static_cast<std::size_t>(2 * octets))));
  Json fill{{"fill", "x"}, {"len", octets - have}};
  if (head.empty()) return fill;
  return Json{{"cat", Json::array({hex(std::string(head)), std::move(fill)})}};
}

// DEFLATE data, ready-made so that it means the same under all parameters. A fragment with data ends with the header of
// the next stored block, so the message may end after any fragment: a receiver's 00 00 FF FF completes that block (RFC
// 7692 7.2.2). So the first one of a message begins with a header, and no later one does.
Json stored(bool begins, std::string_view head, std::uint64_t octets) {
  if (octets == 0) return {};
  const std::uint64_t around = begins ? 6 : 5;
  const auto length = static_cast<unsigned>(octets - around);
  const std::string block = fmt::format("{}{:02x}{:02x}{:02x}{:02x}", begins ? "00" : "", length & 0xff, length >> 8,
                                        ~length & 0xff, ~length >> 8 & 0xff);
  if (length <= head.size() / 2) return hex(block + std::string(head.substr(0, std::size_t{2} * length)) + "00");
  return Json{{"cat", Json::array({padded(block + std::string(head), octets - 1), hex("00")})}};
}

// A small fragment: some octets, or an unfinished code point after them.
Json fragment(const State& s, Held held, bool begins, std::string_view octet) {
  if (held == Held::nothing) return {};
  const std::string data = held == Held::some ? std::string(octet)
                           : begins           ? std::string(kCut)
                                              : std::string(octet) + std::string(kCut);
  if (!s.compressed) return hex(data);
  return stored(begins, data, data.size() / 2 + (begins ? 6 : 5));
}

ws::Opcode opcode_of(State::Message message) {
  return message == State::Message::binary ? ws::Opcode::binary : ws::Opcode::text;
}

std::uint8_t rsv_of(const State& s) { return s.compressed ? kRsv1 : std::uint8_t{0}; }

void add_whole(Json& steps, const State& s, State::Message message) {
  steps.push_back(frame(opcode_of(message), true, rsv_of(s), s.compressed ? stored(true, "61", 7) : hex("61")));
}

void add_control(Json& steps, Last last) {
  if (last == Last::ping) steps.push_back(frame(ws::Opcode::ping, true, 0, "p"));
  if (last == Last::pong) steps.push_back(frame(ws::Opcode::pong, true, 0, "p"));
}

// From a connection with no message unfinished to this state.
void reach(const State& s, Json& steps) {
  if (s.phase == Phase::closing) return steps.push_back(Json{{"close", 1000U}});
  if (s.phase == Phase::failed) return steps.push_back(Json{{"frame", 3U}});
  if (s.start()) return;
  if (s.unfinished) {
    const bool two = s.last == Last::continuation;
    const Held at_first = two && s.held == Held::part_of_code_point ? Held::some : s.held;
    steps.push_back(frame(opcode_of(s.message), false, rsv_of(s), fragment(s, at_first, true, "61")));
    if (two) steps.push_back(frame(ws::Opcode::cont, false, 0, fragment(s, s.held, false, "62")));
    return add_control(steps, s.last);
  }
  if (s.last == Last::whole) return add_whole(steps, s, s.message);
  if (s.last == Last::continuation) {
    const State begun{.message = State::Message::text, .compressed = s.compressed};
    steps.push_back(frame(ws::Opcode::text, false, rsv_of(s), fragment(begun, Held::some, true, "61")));
    return steps.push_back(frame(ws::Opcode::cont, true, 0, fragment(begun, Held::some, false, "62")));
  }
  // What a control frame comes after is no part of the state: a compressed message where there can be one.
  add_whole(steps, State{.compressed = s.deflate}, State::Message::text);
  add_control(steps, s.last);
}

// What a frame of this kind carries in this state: what is legal there, as far as the frame is. A frame that is out of
// order comes in two forms: whole messages as they are, and (FIN clear; continuations of nothing: FIN set) so that who
// takes it for a continuation stays in step with the text and with DEFLATE.
Json payload_of(const State& s, const Input& i) {
  const std::uint64_t octets = kInputLengths[static_cast<std::size_t>(i.length)];
  const bool data = i.opcode == ws::Opcode::text || i.opcode == ws::Opcode::binary;
  const bool cont = i.opcode == ws::Opcode::cont;
  if (i.opcode == ws::Opcode::close) return padded("03e8", octets);
  if (data && s.deflate && i.rsv == kRsv1) return stored(true, "", octets);
  const bool continues = s.unfinished && (cont || (data && !i.fin));
  if (continues) {
    const std::string_view head = s.held == Held::part_of_code_point ? kRest : "";
    return s.compressed ? stored(s.held == Held::nothing, head, octets) : padded(head, octets);
  }
  if (cont && s.compressed && i.fin) return stored(true, "", octets);
  return padded("", octets);
}

Json frame_of(const State& s, const Input& i) {
  Json step = frame(i.opcode, i.fin, i.rsv, payload_of(s, i));
  if (i.mask == Input::Mask::wrong) step["mask"] = "wrong";
  if (i.mask == Input::Mask::bit) step["mask"] = "bit";
  return step;
}

// Ends the message that a legal frame left unfinished.
void finish(const State& s, const Input& i, Json& steps) {
  const bool data = i.opcode == ws::Opcode::text || i.opcode == ws::Opcode::binary;
  if (data ? i.fin : !s.unfinished || (i.opcode == ws::Opcode::cont && i.fin)) return;
  const bool empty = i.length == Input::Length::none || ws::is_control(i.opcode);
  const bool compressed = data ? i.rsv != 0 : s.compressed;
  const bool cut = !data && s.held == Held::part_of_code_point && empty;
  const bool begun = !empty || (!data && s.held != Held::nothing);
  Json rest = cut ? hex(std::string(kRest)) : Json();
  if (compressed) rest = cut ? stored(false, kRest, 7) : begun ? Json() : hex("00");
  steps.push_back(frame(ws::Opcode::cont, true, 0, std::move(rest)));
}

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

// Which pair of a class is sent: the turn of values is by chance, but large frames and several reserved bits at once
// only where nothing else is in the class.
std::uint64_t cost(std::size_t state, std::size_t input, const Input& i) {
  constexpr std::uint64_t kLarge = 1ULL << 62, kBits = 1ULL << 61;
  const bool several = i.rsv != 0 && (i.rsv & (i.rsv - 1)) != 0;
  const std::uint64_t chance = mixed(state << 32 | (input + 1)) >> 4;
  return chance | (i.length == Input::Length::eight_octets ? kLarge : 0) | (several ? kBits : 0);
}

struct Chosen {
  std::uint64_t cost = 0;
  const State* state = nullptr;
  const Input* input = nullptr;
};

bool wanted(StateRows what, const State& s, const Input& i, Merge merge) {
  if (excluded(merge)) return false;
  if (what == StateRows::first) return merge == Merge::first_frame;
  return cuts_code_point(s, i) || !legal(s, i) || merge == Merge::after_the_end;
}

// One pair of each class, in the order of states and inputs.
std::vector<Chosen> choose(StateRows what, bool deflate) {
  std::unordered_map<std::uint64_t, Chosen> best;
  best.reserve(4096);
  const auto& states = all_states(deflate);
  const auto& inputs = all_inputs();
  for (std::size_t s = 0; s < states.size(); ++s) {
    if (what == StateRows::first && !states[s].start()) continue;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const PairClass found = class_of(states[s], inputs[i]);
      if (!wanted(what, states[s], inputs[i], found.merge)) continue;
      const Chosen one{cost(s, i, inputs[i]), &states[s], &inputs[i]};
      const auto [place, is_new] = best.emplace(found.key, one);
      if (!is_new && one.cost < place->second.cost) place->second = one;
    }
  }
  std::vector<Chosen> all;
  for (const auto& [key, one] : best) all.push_back(one);
  std::ranges::sort(all, {}, [](const Chosen& one) { return std::pair(one.state, one.input); });
  return all;
}

Json pair_row(const State& s, const Input& i) {
  Json row;
  row["state"] = name(s);
  row["input"] = name(i);
  row["what"] = fmt::format("{}: {}", in_words(s), in_words(i));
  Json before = Json::array();
  reach(s, before);
  row["before"] = std::move(before);
  row["frame"] = frame_of(s, i);
  row["rules"] = rules_of(s, i);
  return row;
}

bool in_walk(const State& s, const Input& i, bool large) {
  if (excluded(class_of(s, i).merge) || !legal(s, i) || cuts_code_point(s, i)) return false;
  return i.opcode != ws::Opcode::close && large == (i.length == Input::Length::eight_octets);
}

Json walk_row(const State& s, std::size_t number, bool large) {
  Json steps = Json::array();
  for (const Input& i : all_inputs()) {
    if (!in_walk(s, i, large)) continue;
    reach(s, steps);
    steps.push_back(frame_of(s, i));
    finish(s, i, steps);
  }
  if (!large) {
    reach(s, steps);
    const auto length = static_cast<Input::Length>(number % 3);
    steps.push_back(frame_of(s, {.opcode = ws::Opcode::close, .length = length}));
  }
  Json row;
  row["state"] = name(s);
  row["what"] = in_words(s);
  row["steps"] = std::move(steps);
  return row;
}

}  // namespace

Json state_rows(StateRows what, bool deflate) {
  Json rows = Json::array();
  if (what == StateRows::faults || what == StateRows::first) {
    for (const Chosen& one : choose(what, deflate)) rows.push_back(pair_row(*one.state, *one.input));
    return rows;
  }
  std::size_t number = 0;
  for (const State& s : all_states(deflate)) {
    if (s.phase != Phase::open || s.start()) continue;
    rows.push_back(walk_row(s, number++, what == StateRows::long_walks));
  }
  return rows;
}

}  // namespace touchstone

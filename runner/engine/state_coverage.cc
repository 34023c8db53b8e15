#include "runner/engine/state_coverage.h"

#include "runner/engine/verdict/strict_expectation.h"

#include <ws/core/deflate/deflate.h>
#include <ws/core/utf8.h>

#include <algorithm>
#include <unordered_map>

namespace touchstone {
namespace {

constexpr std::uint64_t kMostInflatedHere = 64 * 1024 * 1024;

// Follows the frames of one connection. Frames that are illegal change nothing: the strict stack fails the connection.
class StateFollower {
 public:
  StateFollower(Side side, const std::optional<ws::DeflateParams>& deflate) : masks_(side == Side::server) {
    state_.deflate = deflate.has_value();
    if (deflate) {
      const bool client = side == Side::server;
      inflater_.emplace(client ? deflate->client_max_window_bits : deflate->server_max_window_bits,
                        client ? deflate->client_no_context_takeover : deflate->server_no_context_takeover);
    }
  }

  // The pair that this frame makes with what came before it.
  std::pair<State, Input> next(const WireFrame& frame, bool failed) {
    const ws::FrameHeader& header = frame.header;
    Input input{header.opcode, header.fin, static_cast<std::uint8_t>(header.rsv1 * 4 + header.rsv2 * 2 + header.rsv3),
                Input::Mask::right, length_class(header.length)};
    if (header.mask.has_value() != masks_) input.mask = frame.wrong_mask_bit ? Input::Mask::bit : Input::Mask::wrong;
    if (failed && state_.phase == State::Phase::open) {
      state_ = {.deflate = state_.deflate, .phase = State::Phase::failed};
    }
    const State before = state_;
    if (state_.phase == State::Phase::open && legal(before, input)) follow(input, frame.payload);
    return {before, input};
  }

 private:
  void follow(const Input& input, ws::ByteView payload) {
    if (input.opcode == ws::Opcode::close) {
      state_ = {.deflate = state_.deflate, .phase = State::Phase::closing};
      return;
    }
    if (ws::is_control(input.opcode)) {
      if (!state_.unfinished) state_ = {.deflate = state_.deflate};
      state_.last = input.opcode == ws::Opcode::ping ? State::Last::ping : State::Last::pong;
      return;
    }
    if (input.opcode != ws::Opcode::cont) begin(input);
    take(payload);
    state_.last = input.opcode == ws::Opcode::cont ? State::Last::continuation
                  : input.fin                      ? State::Last::whole
                                                   : State::Last::first;
    state_.unfinished = !input.fin;
    if (input.fin) end();
  }

  void begin(const Input& input) {
    const auto message = input.opcode == ws::Opcode::text ? State::Message::text : State::Message::binary;
    state_ = {.deflate = state_.deflate, .unfinished = true, .message = message, .compressed = input.rsv != 0};
    text_.reset();
  }

  void take(ws::ByteView payload) {
    if (payload.empty()) return;
    state_.held = State::Held::some;
    ws::Bytes plain;
    if (state_.compressed && inflater_) {
      std::ignore =
          inflater_->inflate(payload, kMostInflatedHere, plain);  // a fault of it is the strict stack's to find
      payload = plain;
    }
    if (state_.message != State::Message::text) return;
    std::ignore = text_.consume(payload);
    if (!text_.complete()) state_.held = State::Held::part_of_code_point;
  }

  void end() {
    if (state_.compressed && inflater_) {
      ws::Bytes plain;
      std::ignore = inflater_->finish(kMostInflatedHere, plain);
    }
    state_.held = State::Held::nothing;
    if (state_.last == State::Last::continuation) state_.message = State::Message::none;
  }

  bool masks_;  // the sender must
  State state_;
  ws::Utf8Validator text_;
  std::optional<ws::Inflater> inflater_;
};

struct ClassTable {
  std::vector<StatePair> classes;
  std::map<Merge, std::uint64_t> pairs;
  std::unordered_map<std::uint64_t, std::size_t> place;  // of a class, by its key
};

ClassTable make_table() {
  ClassTable made;
  for (const bool deflate : {false, true}) {
    for (const State& state : all_states(deflate)) {
      for (const Input& input : all_inputs()) {
        const PairClass found = class_of(state, input);
        ++made.pairs[found.merge];
        if (excluded(found.merge)) continue;
        const auto [at, is_new] = made.place.emplace(found.key, made.classes.size());
        if (is_new) made.classes.push_back({.merge = found.merge, .state = &state, .input = &input, .cases = {}});
        ++made.classes[at->second].pairs;
      }
    }
  }
  return made;
}

void count_case(const Case& c, Side side, const ClassTable& table, std::vector<StatePair>& classes) {
  StateFollower follower(side, params_for(c, side));
  each_frame(c, side, [&](const WireFrame& frame, bool failed) {
    const auto [state, input] = follower.next(frame, failed);
    const PairClass found = class_of(state, input);
    const auto at = table.place.find(found.key);
    if (excluded(found.merge) || at == table.place.end()) return;
    StatePair& pair = classes[at->second];
    if (!pair.cases.empty() && pair.cases.back() == &c) return;
    ++pair.count;
    if (pair.cases.size() < StateCoverage::kCasesNamed) pair.cases.push_back(&c);
  });
}

}  // namespace

std::size_t StateCoverage::all() const { return sides[0].classes.size() + sides[1].classes.size(); }

std::size_t StateCoverage::covered() const {
  std::size_t sum = 0;
  for (const OfSide& of : sides) {
    sum += static_cast<std::size_t>(std::ranges::count_if(of.classes, [](const StatePair& p) { return p.count > 0; }));
  }
  return sum;
}

StateCoverage state_coverage(std::span<const Case> cases) {
  const ClassTable made = make_table();
  StateCoverage result;
  result.pairs = made.pairs;
  constexpr std::array kSides{Side::server, Side::client};
  for (std::size_t i = 0; i < kSides.size(); ++i) {
    result.sides[i] = {kSides[i], made.classes};
    for (const Case& c : cases) {
      // Where the opening handshake itself is at issue, no connection is certain. Bulk says nothing of states.
      const bool opens = !c.request && !c.answer && !c.bulk;
      if (!opens || std::ranges::find(c.sides, kSides[i]) == c.sides.end()) continue;
      count_case(c, kSides[i], made, result.sides[i].classes);
    }
  }
  return result;
}

}  // namespace touchstone

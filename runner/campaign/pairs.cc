#include "runner/campaign/pairs.h"

#include "runner/campaign/contents.h"
#include "runner/catalogue/rsv.h"

#include <algorithm>
#include <unordered_map>

namespace touchstone::fuzz {
namespace {

using Phase = State::Phase;
using Held = State::Held;
using Last = State::Last;
using Length = Input::Length;

constexpr std::size_t kPairsKept = 6;  // of a class

bool is_message(ws::Opcode opcode) { return opcode == ws::Opcode::text || opcode == ws::Opcode::binary; }

ws::Opcode opcode_of(State::Message message) {
  return message == State::Message::binary ? ws::Opcode::binary : ws::Opcode::text;
}

std::uint64_t octets_in(Dice& dice, Length length) {
  switch (length) {
    case Length::none:
      return 0;
    case Length::few:
      return dice.between(1, ws::kMaxControlPayload - 1);
    case Length::most_of_control:
      return ws::kMaxControlPayload;
    case Length::two_octets:
      return dice.one_in(2)   ? 126
             : dice.one_in(2) ? dice.between(127, 300)
                              : std::max<std::uint64_t>(boundary(dice, 4099), 126);
    case Length::eight_octets:
      return 65536;
  }
  return 0;
}

// DEFLATE data that mean the same whatever came before. A fragment with data ends with the header of the next stored
// block, so the message may end after any fragment (see runner/catalogue/state_rows.cc); the first one of a message
// begins with such a header.
ws::Bytes stored(bool begins, ws::ByteView data) {
  ws::Bytes out;
  const auto length = static_cast<unsigned>(data.size());
  if (begins) out.push_back(std::byte{0});
  for (const unsigned octet : {length & 0xFF, length >> 8, ~length & 0xFF, ~length >> 8 & 0xFF})
    out.push_back(static_cast<std::byte>(octet));
  ws::append(out, data);
  out.push_back(std::byte{0});
  return out;
}

// A message's octets, from where they stand: `head`, then what fits the opcode.
ws::Bytes data_of(Dice& dice, bool text, ws::ByteView head, std::uint64_t octets) {
  ws::Bytes out = ws::to_bytes(head);
  out.resize(std::min<std::size_t>(out.size(), static_cast<std::size_t>(octets)));
  const std::uint64_t more = octets - out.size();
  ws::append(out, text ? text_of_length(dice, more) : octets_of_length(dice, more));
  return out;
}

// On the way to a state: what was begun of a code point.
class Way {
 public:
  Way(Conversation& talk, Dice& dice) : talk_(talk), dice_(dice) {}

  void reach(const State& s) {
    if (s.phase == Phase::closing) return talk_.close(1000, {});
    if (s.phase == Phase::failed) return fail();
    if (s.start()) return;
    if (s.unfinished) return reach_unfinished(s);
    if (s.last == Last::whole) return whole(s.message, s.compressed);
    if (s.last == Last::continuation) {
      State begun{.deflate = s.deflate,
                  .message = dice_.one_in(2) ? State::Message::text : State::Message::binary,
                  .compressed = s.compressed};
      fragment(begun, Held::some, true, false);
      return fragment(begun, Held::some, false, true);
    }
    if (dice_.one_in(2)) {
      const auto kind = dice_.one_in(2) ? State::Message::text : State::Message::binary;
      whole(kind, s.deflate && dice_.one_in(2));
    }
    control(s.last);
  }

  void send(const State& s, const Input& i) {
    const std::uint64_t octets = octets_in(dice_, i.length);
    step::Frame frame;
    frame.opcode = i.opcode;
    frame.fin = i.fin;
    frame.rsv = i.rsv;
    frame.form.wrong_mask = i.mask == Input::Mask::wrong;
    frame.form.wrong_mask_bit = i.mask == Input::Mask::bit;
    frame.payload = {recipe::Literal{payload(s, i, octets)}};
    talk_.add({std::move(frame)});
    finish(s, i, octets);
  }

 private:
  void fail() { talk_.frame(static_cast<ws::Opcode>(dice_.between(3, 7)), true, {}); }

  void control(Last last) {
    if (last == Last::ping) talk_.frame(ws::Opcode::ping, true, octets_of_length(dice_, dice_.below(9)));
    if (last == Last::pong) talk_.frame(ws::Opcode::pong, true, octets_of_length(dice_, dice_.below(9)));
  }

  void reach_unfinished(const State& s) {
    const bool two = s.last == Last::continuation;
    fragment(s, two && s.held == Held::part_of_code_point ? Held::some : s.held, true, false);
    if (two) fragment(s, s.held, false, false);
    control(s.last);
  }

  void whole(State::Message message, bool compressed) {
    const ws::Bytes data = data_of(dice_, message == State::Message::text, {}, dice_.between(1, 9));
    talk_.frame(opcode_of(message), true, compressed ? stored(true, data) : data, compressed ? kRsv1 : std::uint8_t{0});
  }

  // Adds to the message that `s` is in, so that `held` of it has come.
  void fragment(const State& s, Held held, bool begins, bool fin) {
    const bool text = s.message == State::Message::text;
    ws::Bytes data;
    if (held != Held::nothing) data = data_of(dice_, text, {}, dice_.between(1, 9));
    if (held == Held::part_of_code_point) {
      const ws::Bytes whole = long_code_point(dice_);
      const auto cut = static_cast<std::size_t>(dice_.between(1, whole.size() - 1));
      ws::append(data, ws::ByteView(whole).first(cut));
      rest_ = ws::to_bytes(ws::ByteView(whole).subspan(cut));
    }
    if (s.compressed && held != Held::nothing) data = stored(begins, data);
    talk_.frame(begins ? opcode_of(s.message) : ws::Opcode::cont, fin, std::move(data),
                begins && s.compressed ? kRsv1 : std::uint8_t{0});
  }

  // What a frame of this kind carries in this state: what is legal there, as far as the frame is. As in
  // runner/catalogue/state_rows.cc, who takes a frame that is out of order for a continuation stays in step.
  ws::Bytes payload(const State& s, const Input& i, std::uint64_t octets) {
    if (octets == 0) return {};
    if (i.opcode == ws::Opcode::close) return close_of(octets);
    const bool cont = i.opcode == ws::Opcode::cont;
    const bool continues = s.unfinished && (cont || (is_message(i.opcode) && !i.fin));
    const bool begins = is_message(i.opcode) && s.deflate && i.rsv == kRsv1;
    const bool compressed = begins || (cont && s.compressed && (s.unfinished || i.fin)) || (continues && s.compressed);
    const bool text = i.opcode == ws::Opcode::text || (continues && s.message == State::Message::text);
    const ws::ByteView head = continues ? ws::ByteView(rest_) : ws::ByteView();
    if (!compressed) return data_of(dice_, text, head, octets);
    const bool header = begins || !continues || s.held == Held::nothing;
    const std::uint64_t around = header ? 6 : 5;
    return stored(header, data_of(dice_, text, head, octets > around ? octets - around : 0));
  }

  ws::Bytes close_of(std::uint64_t octets) {
    constexpr std::uint16_t kGood[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999};
    const std::uint16_t code = dice_.pick(kGood);
    ws::Bytes out{static_cast<std::byte>(code >> 8), static_cast<std::byte>(code & 0xFF)};
    out.resize(std::min<std::size_t>(2, static_cast<std::size_t>(octets)));
    if (octets > 2) ws::append(out, text_of_length(dice_, octets - 2));
    return out;
  }

  // Ends the message that a legal frame left unfinished.
  void finish(const State& s, const Input& i, std::uint64_t octets) {
    const bool data = is_message(i.opcode);
    if (data ? i.fin : !s.unfinished || (i.opcode == ws::Opcode::cont && i.fin)) return;
    const bool empty = octets == 0 || ws::is_control(i.opcode);
    const bool compressed = data ? i.rsv != 0 : s.compressed;
    const bool cut = !data && s.held == Held::part_of_code_point && empty;
    const bool begun = !empty || (!data && s.held != Held::nothing);
    ws::Bytes rest = cut ? rest_ : ws::Bytes();
    if (compressed && cut) rest = stored(false, rest_);
    if (compressed && !begun) rest = {std::byte{0}};
    talk_.frame(ws::Opcode::cont, true, std::move(rest));
  }

  Conversation& talk_;
  Dice& dice_;
  ws::Bytes rest_;  // of the code point that was begun
};

}  // namespace

Pairs::Pairs(std::uint64_t seed, bool deflate) {
  Dice dice(seed);
  std::unordered_map<std::uint64_t, std::pair<std::size_t, std::uint64_t>> places;  // of a class; how many pairs it has
  for (const State& state : all_states(deflate)) {
    for (const Input& input : all_inputs()) {
      const PairClass found = class_of(state, input);
      if (excluded(found.merge)) continue;
      const auto [at, is_new] = places.emplace(found.key, std::pair(classes_.size(), std::uint64_t{0}));
      if (is_new) classes_.emplace_back();
      auto& kept = classes_[at->second.first];
      const std::uint64_t place = dice.below(++at->second.second);
      if (kept.size() < kPairsKept) {
        kept.push_back({state, input});
      } else if (place < kPairsKept) {
        kept[static_cast<std::size_t>(place)] = {state, input};
      }
    }
  }
  for (std::size_t i = classes_.size(); i > 1; --i)
    std::swap(classes_[i - 1], classes_[static_cast<std::size_t>(dice.below(i))]);
}

Pairs::Pair Pairs::next(Dice& dice) {
  const Pair pair = dice.pick(classes_[next_]);
  if (++next_ == classes_.size()) next_ = 0, ++round_;
  return pair;
}

void visit(Conversation& talk, Dice& dice, const Pairs::Pair& pair) {
  Way way(talk, dice);
  way.reach(pair.state);
  way.send(pair.state, pair.input);
}

}  // namespace touchstone::fuzz

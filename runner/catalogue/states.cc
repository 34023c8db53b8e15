#include "runner/catalogue/states.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace touchstone {
namespace {

using Phase = State::Phase;
using Held = State::Held;
using Last = State::Last;
using Length = Input::Length;
using Mask = Input::Mask;

constexpr std::uint8_t kCompressedBit = 4, kSecondBit = 2;

bool is_data(ws::Opcode opcode) { return opcode == ws::Opcode::text || opcode == ws::Opcode::binary; }
bool is_cont(ws::Opcode opcode) { return opcode == ws::Opcode::cont; }
bool is_known_control(ws::Opcode opcode) { return ws::is_control(opcode) && !ws::is_reserved(opcode); }

// What is wrong with a frame in a state: one bit each.
enum FaultBit : unsigned {
  mask_bit = 1,
  rsv1_bit = 2,
  rsv23_bit = 4,
  reserved_bit = 8,
  fin_bit = 16,     // a control frame with FIN clear
  length_bit = 32,  // a control frame of more than 125 octets
  order_bit = 64,   // a continuation of nothing, or a new message inside of one
};

unsigned faults_of(const State& s, const Input& i) {
  unsigned faults = i.mask == Mask::right ? 0U : unsigned{mask_bit};
  const bool compresses = s.deflate && is_data(i.opcode) && i.rsv == kCompressedBit;
  if (i.rsv != 0 && !compresses) faults |= i.rsv == kCompressedBit ? rsv1_bit : rsv23_bit;
  if (ws::is_reserved(i.opcode)) faults |= reserved_bit;
  if (is_known_control(i.opcode) && !i.fin) faults |= fin_bit;
  if (is_known_control(i.opcode) && i.length > Length::most_of_control) faults |= length_bit;
  if ((is_cont(i.opcode) && !s.unfinished) || (is_data(i.opcode) && s.unfinished)) faults |= order_bit;
  return faults;
}

// cont, text, binary, 3 to 7, Close, Ping, Pong, 11 to 15.
unsigned kind_of(ws::Opcode opcode) {
  const auto number = static_cast<unsigned>(opcode);
  if (number < 3) return number;
  if (number < 8) return 3;
  return std::min(number - 4, 7U);
}

unsigned number_of(const State& s) {
  unsigned n = s.deflate ? 1 : 0;
  n = n * 3 + static_cast<unsigned>(s.phase);
  n = n * 2 + (s.unfinished ? 1 : 0);
  n = n * 3 + static_cast<unsigned>(s.message);
  n = n * 2 + (s.compressed ? 1 : 0);
  n = n * 3 + static_cast<unsigned>(s.held);
  return n * 6 + static_cast<unsigned>(s.last);
}

std::uint64_t key(Merge merge, unsigned state, std::initializer_list<unsigned> details) {
  std::uint64_t k = (static_cast<std::uint64_t>(merge) + 1) << 12 | state;
  for (const unsigned detail : details) k = k << 8 | detail;
  return k;
}

// By kind, of one fault: which reserved bit, reserved data or control opcode.
unsigned detail_of(const Input& i, unsigned fault) {
  if (fault == reserved_bit) return ws::is_control(i.opcode) ? 1 : 0;
  if (fault == rsv23_bit) return (i.rsv & kSecondBit) != 0 ? 1 : 0;
  return 0;
}

PairClass one_fault_at_start(const State& s, const Input& i, unsigned fault) {
  const auto opcode = static_cast<unsigned>(i.opcode);
  const auto length = static_cast<unsigned>(i.length);
  const unsigned fin = i.fin ? 1 : 0;
  const auto made = [&](std::initializer_list<unsigned> details) {
    return PairClass{Merge::header_at_start, key(Merge::header_at_start, number_of(s), details)};
  };
  // The MASK bit stands in one octet with the length: neither is left out.
  if (fault == mask_bit) return made({fault, opcode, fin, length, static_cast<unsigned>(i.mask)});
  if (fault == rsv1_bit || fault == rsv23_bit) return made({fault, opcode, fin, i.rsv});
  if (fault == reserved_bit) return made({fault, opcode, fin});
  return made({fault, opcode, length});
}

PairClass legal_class(const State& s, const Input& i) {
  const auto opcode = static_cast<unsigned>(i.opcode);
  const unsigned fin = i.fin ? 1 : 0;
  const auto made = [&](Merge merge, std::initializer_list<unsigned> details) {
    return PairClass{merge, key(merge, number_of(s), details)};
  };
  const bool compressed = (is_data(i.opcode) && i.rsv != 0) || (is_cont(i.opcode) && s.compressed);
  const bool all_empty = i.length == Length::none && (is_data(i.opcode) || s.held == Held::nothing);
  if (compressed && i.fin && all_empty) return {Merge::unfinished_deflate, 0};
  if (s.start()) return made(Merge::first_frame, {opcode, fin, i.rsv});
  if (i.opcode == ws::Opcode::close) return made(Merge::close_in_turn, {});
  return made(Merge::alone, {opcode, fin, i.rsv, static_cast<unsigned>(i.length)});
}

}  // namespace

Input::Length length_class(std::uint64_t octets) noexcept {
  if (octets == 0) return Length::none;
  if (octets < ws::kMaxControlPayload) return Length::few;
  if (octets == ws::kMaxControlPayload) return Length::most_of_control;
  return octets <= 0xffff ? Length::two_octets : Length::eight_octets;
}

std::string_view reason(Merge merge) noexcept {
  switch (merge) {
    case Merge::alone:
      return "legal frames, each pair by itself";
    case Merge::first_frame:
      return "legal first frames: the five lengths take turns, for nothing has come that a length could meet";
    case Merge::close_in_turn:
      return "a Close ends the connection: its three lengths take turns";
    case Merge::header_at_start:
      return "one fault in the header of the first frame (RFC 6455 5.1, 5.2, 5.5): each value of what is at fault, "
             "with "
             "each opcode and FIN; the MASK bit and a control frame's length also with each length";
    case Merge::header_later:
      return "one fault in the header of a later frame: no state excuses it, so each kind of fault once in each state";
    case Merge::order:
      return "a frame out of order (RFC 6455 5.4): judged before its payload, so lengths take turns";
    case Merge::two_faults:
      return "two faults in one header: each two, by opcode, with a message unfinished and without";
    case Merge::after_the_end:
      return "after a Close or a fault nothing is judged any more (RFC 6455 5.5.1, 7.1.7): by opcode";
    case Merge::three_faults:
      return "left out: three faults and more in one header; who overlooks two of them is met by the two";
    case Merge::unfinished_deflate:
      return "left out: compressed messages without any octet; RFC 7692 7.2.2 does not say what they are";
  }
  return {};
}

bool legal(const State& state, const Input& input) noexcept { return faults_of(state, input) == 0; }

bool cuts_code_point(const State& s, const Input& i) noexcept {
  return s.held == Held::part_of_code_point && is_cont(i.opcode) && i.fin && i.length == Length::none;
}

PairClass class_of(const State& s, const Input& i) noexcept {
  const auto opcode = kind_of(i.opcode);
  const unsigned faults = faults_of(s, i);
  if (s.phase != Phase::open) {
    if (std::popcount(faults & ~order_bit) > 1) return {Merge::three_faults, 0};
    return {Merge::after_the_end, key(Merge::after_the_end, number_of(s), {opcode})};
  }
  if (faults == 0) return legal_class(s, i);
  if (std::popcount(faults) > 2) return {Merge::three_faults, 0};
  if (std::popcount(faults) == 2) {
    const unsigned where = (s.deflate ? 2 : 0) + (s.unfinished ? 1 : 0);
    return {Merge::two_faults, key(Merge::two_faults, 0, {where, faults, opcode})};
  }
  if (s.start()) return one_fault_at_start(s, i, faults);
  if (faults == order_bit) {
    return {Merge::order, key(Merge::order, number_of(s), {opcode, i.fin ? 1U : 0U, i.rsv != 0 ? 1U : 0U})};
  }
  return {Merge::header_later, key(Merge::header_later, number_of(s), {faults, detail_of(i, faults)})};
}

std::vector<std::string> rules_of(const State& s, const Input& i) {
  std::vector<std::string> rules;
  const unsigned faults = faults_of(s, i);
  const bool ping = i.opcode == ws::Opcode::ping, close = i.opcode == ws::Opcode::close;
  if ((faults & order_bit) != 0) {
    rules.emplace_back(is_cont(i.opcode)              ? "rfc6455-5.4-4"
                       : i.opcode == ws::Opcode::text ? "rfc6455-5.4-5"
                                                      : "rfc6455-5.4-6");
  }
  if ((faults & fin_bit) != 0) rules.emplace_back(close ? "rfc6455-5.4-10" : "rfc6455-5.4-9");
  if ((faults & length_bit) != 0) {
    rules.emplace_back(close ? "rfc6455-5.5-4" : ping ? "rfc6455-5.5-2" : "rfc6455-5.5-3");
  }
  if ((faults & (rsv1_bit | rsv23_bit)) != 0) {
    rules.emplace_back(is_cont(i.opcode)            ? "rfc6455-5.2-5"
                       : is_known_control(i.opcode) ? "rfc6455-5.2-4"
                                                    : "rfc6455-5.2-3");
    if (s.deflate && (i.rsv & kCompressedBit) != 0 && is_cont(i.opcode)) rules.emplace_back("rfc7692-6.1-6");
    if (s.deflate && (i.rsv & kCompressedBit) != 0 && is_known_control(i.opcode)) rules.emplace_back("rfc7692-6.1-5");
    if (s.deflate && (i.rsv & ~kCompressedBit) != 0) rules.emplace_back("rfc6455-5.2-6");
  }
  if ((faults & reserved_bit) != 0) rules.emplace_back(ws::is_control(i.opcode) ? "rfc6455-5.2-9" : "rfc6455-5.2-8");
  if ((faults & mask_bit) != 0) rules.insert(rules.end(), {"rfc6455-5.1-3", "rfc6455-5.1-6"});
  if (cuts_code_point(s, i)) rules.insert(rules.end(), {"rfc6455-8.1-2", "rfc6455-8.1-1"});
  return rules;
}

namespace {

// What can have come of a message of this kind.
std::vector<Held> held_of(State::Message message) {
  if (message == State::Message::text) return {Held::nothing, Held::some, Held::part_of_code_point};
  return {Held::nothing, Held::some};
}

std::vector<State> make_states(bool deflate) {
  std::vector<State> all{{.deflate = deflate}};
  constexpr std::array kKinds{State::Message::text, State::Message::binary};
  for (const bool compressed : {false, true}) {
    if (compressed && !deflate) continue;
    for (const auto message : kKinds) {
      all.push_back({.deflate = deflate, .message = message, .compressed = compressed, .last = Last::whole});
    }
    all.push_back({.deflate = deflate, .compressed = compressed, .last = Last::continuation});
    for (const auto message : kKinds) {
      for (const Held held : held_of(message)) {
        for (const Last last : {Last::first, Last::continuation, Last::ping, Last::pong}) {
          all.push_back({.deflate = deflate,
                         .unfinished = true,
                         .message = message,
                         .compressed = compressed,
                         .held = held,
                         .last = last});
        }
      }
    }
  }
  for (const Last last : {Last::ping, Last::pong}) all.push_back({.deflate = deflate, .last = last});
  all.push_back({.deflate = deflate, .phase = Phase::closing});
  all.push_back({.deflate = deflate, .phase = Phase::failed});
  return all;
}

std::vector<Input> make_inputs() {
  std::vector<Input> all;
  for (unsigned opcode = 0; opcode < 16; ++opcode) {
    for (const bool fin : {true, false}) {
      for (unsigned rsv = 0; rsv < 8; ++rsv) {
        for (const Mask mask : {Mask::right, Mask::wrong, Mask::bit}) {
          for (std::size_t length = 0; length < kInputLengths.size(); ++length) {
            all.push_back({static_cast<ws::Opcode>(opcode), fin, static_cast<std::uint8_t>(rsv), mask,
                           static_cast<Length>(length)});
          }
        }
      }
    }
  }
  return all;
}

constexpr std::string_view kHeld[] = {"empty", "some", "partial"};
constexpr std::string_view kHeldInWords[] = {"of which no byte has come", "of which some bytes have come",
                                             "that ends within a code point so far"};
constexpr std::string_view kLast[] = {"start", "whole", "first", "continuation", "ping", "pong"};
constexpr std::string_view kMessageNames[] = {"", "text", "binary"};

template <typename Enum>
std::string_view pick(std::span<const std::string_view> names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

std::string opcode_name(ws::Opcode opcode) {
  constexpr std::string_view kNames[] = {"continuation", "text", "binary", "", "", "", "", "", "close", "ping", "pong"};
  const auto number = static_cast<unsigned>(opcode);
  return ws::is_reserved(opcode) ? fmt::format("opcode-{}", number) : std::string(kNames[number]);
}

std::string bits_in_words(std::uint8_t rsv) {
  std::vector<std::string_view> bits;
  for (const auto& [bit, word] : {std::pair{4, "RSV1"}, {2, "RSV2"}, {1, "RSV3"}}) {
    if ((rsv & bit) != 0) bits.emplace_back(word);
  }
  std::string text(bits.front());
  for (std::size_t i = 1; i < bits.size(); ++i) text.append(i + 1 == bits.size() ? " and " : ", ").append(bits[i]);
  return text;
}

}  // namespace

const std::vector<State>& all_states(bool deflate) {
  static const std::vector<State> plain = make_states(false), compressed = make_states(true);
  return deflate ? compressed : plain;
}

const std::vector<Input>& all_inputs() {
  static const std::vector<Input> all = make_inputs();
  return all;
}

std::string name(const State& s) {
  if (s.phase != Phase::open) return s.phase == Phase::closing ? "closing" : "failed";
  const std::string_view compressed = s.compressed ? "compressed-" : "";
  if (s.unfinished) {
    return fmt::format("in-{}{}-{}-{}", compressed, pick(kMessageNames, s.message), pick(kHeld, s.held),
                       pick(kLast, s.last));
  }
  if (s.last == Last::whole) return fmt::format("after-{}{}", compressed, pick(kMessageNames, s.message));
  return s.start() ? "start" : fmt::format("after-{}{}", compressed, pick(kLast, s.last));
}

std::string name(const Input& i) {
  std::string text = opcode_name(i.opcode);
  if (!i.fin) text += "-begun";
  if (i.rsv != 0) text += fmt::format("-rsv{}{}{}", i.rsv & 4 ? "1" : "", i.rsv & 2 ? "2" : "", i.rsv & 1 ? "3" : "");
  if (i.mask != Mask::right) text += i.mask == Mask::wrong ? "-wrong-mask" : "-wrong-mask-bit";
  return fmt::format("{}-{}", text, kInputLengths[static_cast<std::size_t>(i.length)]);
}

std::string in_words(const State& s) {
  const std::string_view deflate = s.deflate ? "With permessage-deflate, " : "";
  const auto sentence = [&](std::string text) {
    if (!s.deflate) text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return fmt::format("{}{}", deflate, text);
  };
  if (s.phase == Phase::closing) return sentence("after a Close");
  if (s.phase == Phase::failed) return sentence("after a frame of opcode 3");
  if (s.start()) return sentence("first of all");
  const std::string_view compressed = s.compressed ? "compressed " : "";
  constexpr std::string_view kAfter[] = {
      "", "", "after its first frame", "after a continuation frame", "after a Ping", "after a Pong"};
  if (s.unfinished) {
    return sentence(fmt::format("in an unfinished {}{} message {}, {}", compressed, pick(kMessageNames, s.message),
                                pick(kHeldInWords, s.held), pick(kAfter, s.last)));
  }
  if (s.last == Last::whole) {
    return sentence(fmt::format("after a whole {}{} message", compressed, pick(kMessageNames, s.message)));
  }
  if (s.last == Last::continuation) return sentence(fmt::format("after a {}message in fragments", compressed));
  return sentence(fmt::format("{}, with no message unfinished", pick(kAfter, s.last)));
}

std::string in_words(const Input& i) {
  constexpr std::string_view kNames[] = {
      "continuation frame", "text frame", "binary frame", "", "", "", "", "", "Close", "Ping", "Pong"};
  const auto number = static_cast<unsigned>(i.opcode);
  std::string text = i.length == Length::none ? "an empty " : "a ";
  text += ws::is_reserved(i.opcode) ? fmt::format("frame of opcode {}", number) : std::string(kNames[number]);
  if (i.length != Length::none) {
    text += fmt::format(" of {} bytes", kInputLengths[static_cast<std::size_t>(i.length)]);
  }
  if (!i.fin) text += ", FIN clear";
  if (i.rsv != 0) text += fmt::format(", {} set", bits_in_words(i.rsv));
  if (i.mask == Mask::wrong) text += ", masked the wrong way round";
  if (i.mask == Mask::bit) text += ", with the wrong MASK bit alone";
  return text;
}

}  // namespace touchstone

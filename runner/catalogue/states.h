// states.h - the product of what a connection has seen and what may come next, which the suite "states" covers.
//
// A State is all of a connection's past that RFC 6455 and RFC 7692 let decide what the next frame means; an Input is a
// kind of frame. Most of their pairs are alike: a Merge says which, and why. What is left are classes. The rows of an
// axis {"states": ...} (state_rows.cc) have a pair of every class; runner/engine/state_coverage.h counts which classes
// the frames of cases belong to, whoever wrote the case.
#pragma once
#include <ws/core/frame.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

struct State {
  // closing: the endpoint has got a Close, and sends its own. failed: it has got what it fails the connection for.
  enum class Phase : std::uint8_t { open, closing, failed };
  // Of the unfinished message; or of the message whose whole frame came last.
  enum class Message : std::uint8_t { none, text, binary };
  // What has come of the unfinished message: no octet, some octets, text that ends within a code point.
  enum class Held : std::uint8_t { nothing, some, part_of_code_point };
  // The frame that came last.
  enum class Last : std::uint8_t { none, whole, first, continuation, ping, pong };

  bool deflate = false;  // permessage-deflate is in force
  Phase phase = Phase::open;
  bool unfinished = false;  // a message is
  Message message = Message::none;
  bool compressed = false;  // that message; or the one whose last frame came last
  Held held = Held::nothing;
  Last last = Last::none;

  [[nodiscard]] bool start() const { return phase == Phase::open && last == Last::none; }
  bool operator==(const State&) const = default;
};

struct Input {
  // Of the payload: 0, 1 to 124, 125, 126 to 65535, 65536 octets and more.
  enum class Length : std::uint8_t { none, few, most_of_control, two_octets, eight_octets };
  // As the sender must; all of it the wrong way round; only the MASK bit wrong, so that who does not look at it stays
  // in step with the frames.
  enum class Mask : std::uint8_t { right, wrong, bit };

  ws::Opcode opcode = ws::Opcode::text;
  bool fin = true;
  std::uint8_t rsv = 0;  // RSV1 is 4
  Mask mask = Mask::right;
  Length length = Length::none;
  bool operator==(const Input&) const = default;
};

// Octets that frames of the suite have.
inline constexpr std::array<std::uint64_t, 5> kInputLengths{0, 9, 125, 126, 65536};
[[nodiscard]] Input::Length length_class(std::uint64_t octets) noexcept;

// Why pairs are one class, or none.
enum class Merge : std::uint8_t {
  alone,              // no other pair is like it
  first_frame,        // of legal first frames of a connection, by opcode, FIN and RSV1
  close_in_turn,      // Closes in one state
  header_at_start,    // one fault of the header, first on the connection: without regard to what is not at fault
  header_later,       // one fault of the header, in any other state: by kind of fault
  order,              // a frame that is out of order: without regard to its length
  two_faults,         // by the two faults and the opcode, with and without an unfinished message
  after_the_end,      // after a Close or a fault: by opcode
  three_faults,       // excluded
  unfinished_deflate  // excluded
};
inline constexpr std::size_t kMerges = 10;
[[nodiscard]] std::string_view reason(Merge merge) noexcept;
[[nodiscard]] constexpr bool excluded(Merge merge) noexcept {
  return merge == Merge::three_faults || merge == Merge::unfinished_deflate;
}

struct PairClass {
  Merge merge = Merge::alone;
  std::uint64_t key = 0;  // equal for pairs of one class; 0 when they are excluded
};
[[nodiscard]] PairClass class_of(const State& state, const Input& input) noexcept;

// Whether the frame is legal in this state. What its payload says is another matter.
[[nodiscard]] bool legal(const State& state, const Input& input) noexcept;
// The frame may come, and ends the message within a code point (RFC 6455 8.1).
[[nodiscard]] bool cuts_code_point(const State& state, const Input& input) noexcept;

// The receiver's requirements that such a frame is about, the gravest first.
[[nodiscard]] std::vector<std::string> rules_of(const State& state, const Input& input);

// All states with permessage-deflate or without; all inputs.
[[nodiscard]] const std::vector<State>& all_states(bool deflate);
[[nodiscard]] const std::vector<Input>& all_inputs();

// "text-some-ping" and "binary-begun-rsv1-125"; the same for people.
[[nodiscard]] std::string name(const State& state);
[[nodiscard]] std::string name(const Input& input);
[[nodiscard]] std::string in_words(const State& state);
[[nodiscard]] std::string in_words(const Input& input);

}  // namespace touchstone

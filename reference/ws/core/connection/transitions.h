// transitions.h - every move of a connection between its states, in one table.
//
// The life of a connection: connecting -> open -> closing -> draining -> closed. Each step may be
// skipped forward, none is ever taken back. TCP may end in any state.
#pragma once
#include <ws/core/state.h>

#include <algorithm>
#include <iterator>

namespace ws {

enum class Cause : std::uint8_t {
  handshake_done,    // the 101 answer is written or accepted
  handshake_failed,  // refused by either side, or a rule of the opening handshake is broken
  close_sent,        // the application starts the closing handshake
  close_received,    // the peer's Close; our reply, when one is due, goes out with it
  rule_broken,       // the peer broke a rule: the connection is failed
  eof,               // the end of TCP
  expired,           // the deadline of the state
};

struct Transition {
  State from;
  Cause cause;
  State to;
};

// clang-format off
inline constexpr Transition kTransitions[] = {
    {State::connecting, Cause::handshake_done,   State::open},      // RFC 6455 4.1, 4.2.2
    {State::connecting, Cause::handshake_failed, State::draining},  // RFC 6455 4.1, 4.2.2
    {State::connecting, Cause::eof,              State::closed},    // RFC 6455 7.1.4: not cleanly
    {State::connecting, Cause::expired,          State::closed},
    {State::open,       Cause::close_sent,       State::closing},   // RFC 6455 7.1.3
    {State::open,       Cause::close_received,   State::draining},  // RFC 6455 5.5.1: reply, then stop reading
    {State::open,       Cause::rule_broken,      State::draining},  // RFC 6455 7.1.7
    {State::open,       Cause::eof,              State::closed},    // RFC 6455 7.1.5: 1006
    {State::closing,    Cause::close_received,   State::draining},  // RFC 6455 7.1.2
    {State::closing,    Cause::rule_broken,      State::draining},  // RFC 6455 7.1.7
    {State::closing,    Cause::eof,              State::closed},    // RFC 6455 7.1.5: 1006
    {State::closing,    Cause::expired,          State::closed},    // RFC 6455 7.1.1: after a reasonable time
    {State::draining,   Cause::eof,              State::closed},    // RFC 6455 7.1.4
    {State::draining,   Cause::expired,          State::closed},    // RFC 6455 7.1.1: after a reasonable time
};
// clang-format on

// The row for a cause in a state; null when that pair cannot happen.
[[nodiscard]] constexpr const Transition* find_transition(State from, Cause cause) noexcept {
  const auto* it =
      std::ranges::find_if(kTransitions, [=](const Transition& t) { return t.from == from && t.cause == cause; });
  return it == std::end(kTransitions) ? nullptr : it;
}

[[nodiscard]] constexpr bool can_move(State from, Cause cause) noexcept {
  return find_transition(from, cause) != nullptr;
}

static_assert(find_transition(State::open, Cause::close_received)->to == State::draining);
static_assert(!can_move(State::open, Cause::expired));  // an open connection has no deadline here
static_assert(std::ranges::all_of(kTransitions, [](const Transition& t) { return t.from < t.to; }));
static_assert(std::ranges::all_of(kTransitions, [](const Transition& a) {
  return std::ranges::count_if(kTransitions,
                               [&](const Transition& b) { return a.from == b.from && a.cause == b.cause; }) == 1;
}));
// TCP may end in every state but the last.
static_assert(can_move(State::connecting, Cause::eof) && can_move(State::open, Cause::eof) &&
              can_move(State::closing, Cause::eof) && can_move(State::draining, Cause::eof) &&
              !can_move(State::closed, Cause::eof));

}  // namespace ws

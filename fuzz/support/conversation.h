// conversation.h - one connection from its first octet to its end, as an input of the connection targets describes it.
//
// The input: four octets of choices, then what the peer sends.
//   octet 0  bits: 0 already open, 1 report frames, 2 small limits, 3 the end is expire() and not TCP's,
//            4 permessage-deflate offered or agreed on, 5 a client offers no window of its own,
//            6 octet by octet: messages are taken in pieces, 7 and the memory for output is lent
//   octet 1  bits: 0 and 1 no context takeover of the server and the client, 2-4 and 5-7 their windows, less 8
//   octet 2  which commands the application gives (kScripts in conversation.cc)
//   octet 3  when: after so many octets of the peer
#pragma once
#include "fuzz/support/frames.h"

#include <ws/core/http/extensions.h>
#include <ws/core/state.h>
#include <ws/core/violation.h>

namespace fuzz {

struct Conversation {
  ws::Role role = ws::Role::server;
  bool opened = false, report_frames = false, small_limits = false, expires = false;
  bool deflate = false, window_offer = true;
  bool takes_pieces = false, lends_memory = false;
  ws::DeflateParams params{};
  std::uint8_t script = 0;
  std::size_t moment = 0;
  ws::ByteView octets{};  // the peer's
};

constexpr std::size_t kChoices = 4;

[[nodiscard]] Conversation read_conversation(ws::Role role, ws::ByteView input);

// What there was to see; events and data messages as digests, so that two plays are compared without keeping them.
struct Seen {
  std::uint64_t events = 0, said = 0, read = 0;
  std::size_t event_count = 0;
  ws::Bytes sent;
  unsigned failed = 0, close = 0, closed = 0;
  ws::Violation violation{};  // of the last failure
  bool after_closed = false, refusal_changed_something = false, ready_to_end = false, sent_after_the_end = false;
  bool operator==(const Seen&) const = default;
};

// Plays it, with the peer's octets in pieces of `piece` (0: as few as the commands allow).
[[nodiscard]] Seen play(const Conversation& conversation, std::size_t piece);

// Plays it whole and octet by octet; aborts when a promise of the connection targets is broken, and says how the two
// differ.
void check_conversation(const Conversation& conversation);

// A custom mutator for these inputs: choices, opening handshake and frames each in their own way.
[[nodiscard]] std::size_t mutate_conversation(ws::Role role, std::span<std::uint8_t> buffer, std::size_t size,
                                              unsigned seed, const MutateOctets& mutate_octets);

}  // namespace fuzz

// compare.h - what the strict core does with the octets, what a library does, and how the two differ.
#pragma once
#include "fuzz/differential/library.h"

#include <ws/core/http/extensions.h>
#include <ws/core/violation.h>

#include <optional>
#include <string>
#include <vector>

namespace differential {

struct Message {
  bool text = false;
  std::string octets;
  bool operator==(const Message&) const = default;
};

// What one endpoint was seen to do.
struct Outcome {
  std::vector<Message> messages;
  std::vector<std::string> pongs;
  std::optional<std::uint16_t> close;  // the code of its Close; 1005: an empty one
  bool gave_up = false;                // it stopped without a Close
  std::string fault;                   // what it wrote breaks a rule, or it threw
  // The strict core's alone.
  std::optional<ws::Violation> violation;
  bool peer_closed = false;
};

// What the client's octets are, beside what the core makes of them.
struct Stimulus {
  std::optional<unsigned> close_code;  // of the first Close frame in them
  bool cut_off = false;                // the last frame is not whole
  bool in_message = false;             // the last message is not
};
[[nodiscard]] Stimulus stimulus(ws::ByteView frames);

[[nodiscard]] Outcome strict(ws::ByteView frames, bool deflate);
[[nodiscard]] Outcome outcome(const Library& library, ws::ByteView frames, bool deflate, std::size_t piece);

// One way in which they differ. Inputs with equal differences are one cluster.
struct Difference {
  std::string library;
  std::string rule;      // that the peer broke: "reserved-bit"; "close" or "none" when it broke none
  std::string expected;  // what the strict core did, in a few words
  std::string seen;      // what the library did
  auto operator<=>(const Difference&) const = default;
};

[[nodiscard]] std::vector<Difference> differences(const Library& library, ws::ByteView frames, bool deflate);

}  // namespace differential

// head_script.h - how a case departs from the ordinary opening handshake: what the tester's head says, and how its
// octets are sent. The tester's head is a request when a server is under test, an answer when a client is.
#pragma once
#include "runner/catalogue/payload.h"

#include <ws/core/http/http1.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace touchstone {

// In a start line and in values that are text these words stand for what the connection makes of them:
// @host @target (of the URL, or of the client's request), @key, @accept (for that key), @subprotocol (the client's
// first one; empty without), @miscased (@accept with small letters as capitals and the other way round), @swapped (the
// same with small letters as capitals and the other way round; a name that was not offered without).
struct FieldEdit {
  enum class Kind : std::uint8_t {
    set,     // the first field of that name gets this spelling and value; after the last field if there is none
    add,     // one more field after the last
    remove,  // all fields of that name
    line,    // `value` and CRLF after the last field, whatever it is
  };
  Kind kind = Kind::set;
  std::string name{};
  Payload value{};
  std::uint32_t times = 1;  // add: so many fields
};

struct HeadScript {
  std::string start{};              // the start line without CRLF; empty: the ordinary one
  std::vector<FieldEdit> fields{};  // edits of the ordinary fields, in this order
  std::optional<Payload> raw{};     // in place of the whole head
  Payload before{}, behind{};       // octets in front of the head; octets after it that are no frames
  std::uint64_t wire = 0;           // octets a TCP write; 0: one write for all of them
  bool glue = false;                // the steps up to the first wait go in the same write
  struct Stop {
    std::uint64_t after = 0;  // octets
    bool reset = false;       // RST; otherwise FIN
  };
  std::optional<Stop> stop{};  // nothing more is sent
  // Requests before this one on the same connection, each an edit of the ordinary head. The answer to each is read
  // before the next goes out, or all go out in one write with this one.
  std::vector<HeadScript> earlier{};
  bool pipelined = false;
};

// What must, should or may come of the opening handshake.
struct ExpectOpening {
  enum class Level : std::uint8_t { must, should, may };
  enum class Outcome : std::uint8_t {
    open,
    refuse,  // a server answers with another status than 101; a client fails the connection
    judge,   // a client under test: open or refuse, as the strict stack does with this answer to this client's request
  };
  Level level = Level::must;
  Outcome outcome = Outcome::open;
  std::vector<std::uint16_t> statuses{};  // of a refusal: the fitting ones, the usual one first
  std::vector<ws::Field> with{};          // a refusal has these list elements in these fields
};

}  // namespace touchstone

// http2_script.h - how a case over HTTP/2 (RFC 8441) departs from the ordinary: the field section of its request, the
// form of its frames, and frames that only HTTP/2 has.
#pragma once
#include "runner/catalogue/payload.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace touchstone {

struct SectionEdit {
  enum class Kind : std::uint8_t { set, remove, first, add };  // first: before all others
  Kind kind = Kind::set;
  std::string name, value{};
  bool operator==(const SectionEdit&) const = default;
};

// A frame by hand (RFC 9113 4.1).
struct Http2Frame {
  // idle: a stream that was never opened; even: one with a number that is the server's to open; older: one that was
  // passed over, with a lower number than the tunnel's (RFC 9113 5.1.1).
  enum class On : std::uint8_t { tunnel, connection, idle, even, older };
  // open: the tunnel is, and no step was played; within: after the first DATA frame of the steps; end: after the steps;
  // stalled: when the endpoint has used up a window that is held (Http2Script::held).
  enum class When : std::uint8_t { open, within, end, stalled };
  std::uint8_t type = 0, flags = 0;
  On on = On::tunnel;
  Payload payload{};
  When when = When::open;
};

// Another stream of the connection.
struct Http2Beside {
  // get: an ordinary request, which is answered. refused: an extended CONNECT for an unknown protocol. tunnel: another
  // WebSocket; half of a message goes out before the steps, and the rest after them, and it comes back. faulty: one
  // that breaks RFC 6455 before the steps. reset: one that the tester resets inside a message. stalled: one whose
  // answers the tester does not read, up to its window. ended: one with a message and, in a frame of its own after it,
  // END_STREAM; whether the answer comes is remembered, and nothing is wrong when it does not.
  enum class What : std::uint8_t { get, refused, tunnel, faulty, reset, stalled, ended };
  What what = What::get;
  bool first = false;  // before the tunnel of the case is asked for, and not when it is open
};

struct Http2Script {
  // What the endpoint has to do. `works`: everything as on an ordinary tunnel; `keeps_connection`: the tunnel is over,
  // by the tester's doing, and nothing else is. `either`: the RFCs do not say; what it did is reported.
  enum class Outcome : std::uint8_t { works, refuses, ends_stream, ends_connection, keeps_connection, either };
  Outcome outcome = Outcome::works;
  std::vector<std::pair<std::uint16_t, std::uint32_t>> settings{};  // of the tester, beside its own
  std::vector<SectionEdit> fields{};                                // of the request
  bool end_stream = false;                                          // on the request
  std::optional<std::uint8_t> head_padding{}, data_padding{};       // octets in each HEADERS, in each DATA
  std::uint32_t head_pieces = 1;                                    // HEADERS and CONTINUATION frames
  bool head_priority = false;                                       // the priority fields of RFC 7540
  std::uint32_t data_size = 0;                                      // the most octets in a DATA frame; 0: as it comes
  bool data_empty = false;                                          // an empty DATA frame before each
  bool held = false;            // nothing is given back of the windows before the endpoint has used one up
  bool last_data_ends = false;  // END_STREAM stands on the last DATA of the steps, in place of a frame of its own
  std::vector<Http2Frame> frames{};
  std::vector<Http2Beside> beside{};
};

}  // namespace touchstone

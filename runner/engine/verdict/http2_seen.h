// http2_seen.h - what an endpoint's frames of HTTP/2 said, beside the octets that they carried. RFC 9113, RFC 8441.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace touchstone {

struct Http2Fault {
  std::string requirement;     // of cases/requirements.json
  std::string expected, seen;  // for people
};

struct Http2Seen {
  std::vector<Http2Fault> faults;       // rules that its frames broke, in order; the first few
  std::optional<std::uint32_t> goaway;  // error code of its last GOAWAY
  std::optional<std::uint32_t> reset;   // of its RST_STREAM on the tunnel
  bool ended = false;                   // END_STREAM on the tunnel
  bool reset_after_ours = false;        // its RST_STREAM on the tunnel came after the tester's had gone out

  std::uint32_t frame_size = 16'384;                // its SETTINGS_MAX_FRAME_SIZE
  std::map<std::uint16_t, std::uint32_t> settings;  // those of its SETTINGS that have a name, as they came last

  // Of a case about HTTP/2: what became of the connection after the tunnel.
  bool connection_lives = false;  // a PING was answered
  std::string last_words;         // the GOAWAY, or the rule of HTTP/2 that the endpoint broke; may be empty
  bool left_in_order = false;     // its last word on it was a GOAWAY with NO_ERROR
  bool gave_up = false;  // the tester's library reset the tunnel for what SETTINGS allow that were not acknowledged
  bool answers_after_end = false;   // on another tunnel, a message with END_STREAM in a frame after it was answered
  std::vector<std::string> beside;  // what went wrong on other streams of the connection, for people
  std::vector<std::string> beside_pongs{};  // the same, of a Ping that could not be sent, or its Pong
  // Kinds of findings that the same steps bring on a tunnel that departs from the ordinary in nothing.
  std::vector<std::string> ordinary{};
};

}  // namespace touchstone

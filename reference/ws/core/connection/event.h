// event.h - what a connection reports of its peer. The room of the connection has it, because the opening handshake's
// events carry heads and parameters of core/http.
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/close.h>
#include <ws/core/frame.h>
#include <ws/core/http/extensions.h>
#include <ws/core/http/handshake.h>
#include <ws/core/http/http1.h>
#include <ws/core/violation.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace ws {

// What the peer did. Payloads are owned: an event outlives the call that made it.
namespace event {
// clang-format off: a table, one event a line
struct Requested { RequestHead request; RequestFacts facts; };                   // server: answer with Accept or Reject
struct Opened { ResponseHead response; std::string subprotocol; std::optional<DeflateParams> deflate; };  // server: response empty
struct Rejected { ResponseHead response; };                                      // client: a well-formed "no"
struct Frame { FrameHeader header; };                                            // only with Options::report_frames
struct Text { std::string data; };
struct Binary { Bytes data; };
struct Ping { Bytes payload; };                                                  // the Pong is already in output()
struct Pong { Bytes payload; };
struct Close { std::optional<CloseReason> reason; };                             // the reply is already in output()
struct Failed { Violation violation; std::uint64_t offset; };                    // at most once; see below
struct Closed { std::uint16_t code; bool clean; };                               // the last event, exactly once
// clang-format on
// Failed::offset counts received octets from the first one on. It is the octet that broke the rule; inside a
// compressed message or a Close frame the first octet of the frame's payload, in the opening handshake the
// first octet of the head.
}  // namespace event
using Event = std::variant<event::Requested, event::Opened, event::Rejected, event::Frame, event::Text, event::Binary,
                           event::Ping, event::Pong, event::Close, event::Failed, event::Closed>;

// What of a message was read while the rest of it is still to come.
struct Piece {
  bool is_text = false;
  Bytes data{};  // of a text: ends between code points
};

// A whole message where it stands in the buffer of who received it.
struct MessageView {
  bool is_text = false;
  ByteView data{};
};

}  // namespace ws

// case.h - one case of the catalogue, expanded: what the tester sends, and what may come back.
//
// The language is described in cases/LANGUAGE.md; the loader turns each group and sweep of cases/*.json
// into flat values of these types.
#pragma once
#include "runner/catalogue/head_script.h"
#include "runner/catalogue/http2_script.h"

#include <ws/core/frame.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace touchstone {

// Which side of the connection is under test. An intermediary is between the two, and the tester is both.
enum class Side : std::uint8_t { server, client, intermediary };

struct TwoSided;  // two_sided.h

// How octets are cut into TCP writes; this must never change the outcome.
struct Wire {
  enum class Cut : std::uint8_t {
    whole,    // all steps up to the next wait in one write
    frame,    // one write a frame
    headers,  // every octet of a frame's header in a write of its own
    after,    // each frame is cut once, after its first `octets`
    octets,   // so many `octets` a write
  };
  Cut cut = Cut::whole;
  std::uint64_t octets = 0;
};

struct Step;

namespace step {

// How a frame is put into octets when not in the ordinary way (RFC 6455 5.2, 5.3).
struct FrameForm {
  bool wrong_mask = false;  // a client's frame bare, a server's masked
  // Only the MASK bit is wrong: a client's frame has a masking key and is masked, a server's has none and is not. Who
  // does not look at the bit stays in step with the frames.
  bool wrong_mask_bit = false;
  std::optional<ws::MaskKey> key{};          // this masking key, where the tester masks
  unsigned length_bits = 0;                  // 16 or 64: this form of the payload length; 0: the shortest
  std::optional<std::uint64_t> announces{};  // the payload length that the header tells
  std::optional<std::uint64_t> cut{};        // only so many octets of the whole frame are ever sent
  // The endpoint gets one whole frame whose header tells the truth.
  [[nodiscard]] bool whole() const noexcept { return !announces && !cut; }
  [[nodiscard]] bool ordinary() const noexcept {
    return whole() && !wrong_mask && !wrong_mask_bit && !key && length_bits == 0;
  }
};

// One frame, written as it is told, legal or not.
struct Frame {
  ws::Opcode opcode = ws::Opcode::text;
  bool fin = true;
  std::uint8_t rsv = 0;  // 0..7: RSV1 is 4, RSV2 is 2, RSV3 is 1
  Payload payload;
  FrameForm form = {};
  // A write may be cut inside the frame's payload at these offsets, each cut a pause with its mark.
  std::vector<std::uint64_t> pause_at = {};
  std::vector<std::string> marks = {};
};

// One whole message, cut into fragments and compressed as told.
struct Message {
  ws::Opcode opcode = ws::Opcode::text;  // text or binary
  Payload payload;
  std::vector<Payload> parts;  // explicit fragments; then payload is empty
  std::uint64_t fragment = 0;  // payload octets a frame (after compression); 0: one frame
  bool deflate = false;        // compress when permessage-deflate was agreed on
};

struct Close {
  std::optional<std::uint16_t> code;
  Payload reason;  // octets; need not be UTF-8
};

// Waits until the endpoint has dealt with all that was sent: a Ping with a payload of its own goes out
// (legal even between fragments) and its Pong, a Close or the end of the stream is awaited.
struct Sentinel {
  std::string mark;
};

// Waits until every whole message sent so far has come back.
struct AwaitEcho {};

// Octets as they are, no frame around them.
struct Octets {
  Payload octets;
};

// The tester ends TCP: its half of it (FIN), or all of it at once (RST).
struct Tcp {
  enum class How : std::uint8_t { fin, reset };
  How how = How::fin;
};

// The tester stops to read, or reads on. It also reads on when its own writes get stuck, and before every wait.
struct Reading {
  bool on = true;
};

// Beside this connection a fresh one opens, gets a Ping answered and closes, all within this time. With the
// endpoint's process id known, the process has grown and worked since the case began by no more than this.
struct Alive {
  std::chrono::seconds within{5};
  std::uint64_t memory_mib = 128;
  std::chrono::seconds cpu{5};
  // More than one: so many, one after the other, and what they leave behind in the endpoint's processes is measured.
  std::uint32_t connections = 1;
  enum class How : std::uint8_t { polite, fin, reset };
  How how = How::polite;  // each of them ends

  [[nodiscard]] bool is_crowd() const noexcept { return connections > 1; }
};

// Opens one more connection beside those that are there: Case::connections says how.
struct Open {
  std::string name;
};

// Nothing is sent for so long, on no connection. The endpoint's Pings are answered meanwhile, or not.
struct Idle {
  std::chrono::milliseconds length{0};
  bool pongs = true;
};

// Reads nothing from here on, whatever becomes of the endpoint's writes and the tester's own, until it is let go.
// The connection has a small receive buffer from its first octet on. A repeat ends once the endpoint's writes are
// stuck.
struct Hold {
  bool on = true;
};

// Of a connection that is held: waits until the endpoint's writes are stuck, then for so long. With the endpoint's
// process id known, the process has grown by no more than this since the case began.
struct Stuck {
  std::chrono::milliseconds length{0};
  std::optional<std::uint64_t> memory_mib{};
};

struct Repeat {
  std::uint32_t count = 1;
  std::vector<Step> steps;
};

// For one overload that does the same with several kinds. Each is named, so that a new kind does not compile until
// every std::visit says what becomes of it: `const auto&` would let it pass in silence.
template <class Kind, class... Named>
concept OneOf = (std::same_as<Kind, Named> || ...);

// The kinds whose octets, if any go out at all, are not the case's to choose.
template <class Kind>
concept WithoutPayload = OneOf<Kind, Sentinel, AwaitEcho, Tcp, Reading, Alive, Open, Idle, Hold, Stuck>;

// What only happens: neither octets nor a mark come of it.
template <class Kind>
concept Staging = OneOf<Kind, Open, Idle, Hold, Stuck>;

}  // namespace step

// What std::visit() of a step calls: one lambda for each kind.
template <class... Lambdas>
struct Overloaded : Lambdas... {
  using Lambdas::operator()...;
};

struct Step {
  std::variant<step::Frame, step::Message, step::Close, step::Sentinel, step::AwaitEcho, step::Octets, step::Tcp,
               step::Reading, step::Alive, step::Open, step::Idle, step::Hold, step::Stuck, step::Repeat>
      action;
  std::string on = {};  // the connection of this name; empty: the first one
};

// Calls `visit` with each step; in place of a repeat with its steps, once.
template <class Visit>
void each_step(const std::vector<Step>& steps, const Visit& visit) {
  for (const Step& step : steps) {
    if (const auto* repeat = std::get_if<step::Repeat>(&step.action)) {
      each_step(repeat->steps, visit);
    } else {
      visit(step);
    }
  }
}

// Octets of the whole message, before compression.
[[nodiscard]] std::uint64_t length(const step::Message& message);
// Octets of payload that the steps send, repeats included and Close frames left out.
[[nodiscard]] std::uint64_t traffic(const Step& step);
[[nodiscard]] std::uint64_t traffic(const std::vector<Step>& steps);

// What may come back. Read by the judge with the freedoms of RFC 6455 built in (see runner/engine/verdict/judge.h):
// messages come in order, Pongs come in order and may be merged to the latest, Pongs and messages
// interleave freely, and before a failing end or a Close any tail of `replies` may be missing.
struct Reply {
  enum class Kind : std::uint8_t { text, binary, pong, mark };
  Kind kind = Kind::text;
  bool sent = false;  // "@sent": whatever the case sent; then payload is empty
  Payload payload;
  std::string mark;  // Kind::mark: the sentinel or pause that is passed
};

namespace end {
// The tester closes with 1000 once all replies are in; the endpoint answers with a Close and TCP ends.
struct Polite {};
// The case sent a Close itself: the endpoint answers it. `codes` are the usual answers; any other legal
// code or an empty body is conformant as well (C-22).
struct Replies {
  std::vector<std::uint16_t> codes;
};
// The endpoint must fail the connection. `codes` are the fitting status codes; an empty body and, less
// strictly, a bare end of TCP are conformant as well (C-13, C-14, C-30).
struct Fails {
  std::vector<std::uint16_t> codes;
};
// Either: the RFC leaves it open (status codes of 5000 and more).
struct Open {
  std::vector<std::uint16_t> codes;
};
// The RFC leaves open whether the endpoint goes on, with all the replies and a polite end, or fails the connection
// with one of the codes, an empty Close or none (C-15, C-16).
struct MayFail {
  std::vector<std::uint16_t> codes;
};
// The tester ends TCP without a closing handshake; so does the endpoint then. A Close before that is its own affair.
struct Abandoned {};
}  // namespace end
using End = std::variant<end::Polite, end::Replies, end::Fails, end::Open, end::MayFail, end::Abandoned>;

struct Expect {
  std::vector<Reply> replies;
  // Every whole message sent comes back in order ("echoes": true); for cases with many messages.
  bool echoes = false;
  End end;
  // Nothing: the handshake is not what the case is about; it has to come about, or the case cannot run.
  std::optional<ExpectOpening> opening = {};
  // Not for an endpoint that does not echo: what it says is then its own affair (runner/engine/endpoint_profile.h).
  bool compares_messages = true;
};

// A connection beside the first one. What is left out is as with the first one; without an expectation the oracle
// decides.
struct Beside {
  std::string name;
  std::optional<HeadScript> request = {};
  std::optional<std::vector<std::string>> offer = {};
  std::optional<Expect> expect = {};
};

enum class Profile : std::uint8_t { core, standard, full };

struct Case {
  std::string id;                    // "close/code-valid/1000"
  std::vector<std::string> aliases;  // Autobahn's ids: "7.7.1"
  std::string title;
  std::vector<std::string> requirements;  // ids of cases/requirements.json
  std::vector<Side> sides;                // which endpoints it can test
  std::vector<std::string> tags;
  std::vector<std::string> made_of;  // ids of the cases whose opening handshakes this one joins
  std::vector<std::string> bugs;     // ids of cases/bugs.json: known bugs that this case shows
  std::string note;                  // why, for people
  std::string informational;         // reason why nothing here is a fault; empty: a verdict counts
  bool bulk = false;                 // not in the core profile; scaled in the standard one
  bool needs_deflate = false;        // NOT-APPLICABLE or UNIMPLEMENTED without permessage-deflate
  std::vector<std::string> offer;    // elements of Sec-WebSocket-Extensions, in order
  // What the tester answers as a server when the endpoint is a client: the first element that the
  // client's own offer allows. Empty: plain permessage-deflate when `needs_deflate`, else nothing.
  std::vector<std::string> accept;
  std::optional<HeadScript> request = {};  // of the tester as a client
  std::optional<HeadScript> answer = {};   // of the tester as a server
  std::optional<Http2Script> http2 = {};   // asked over HTTP/2 alone
  std::chrono::seconds deadline{60};       // upper bound on the whole case, full profile
  Wire wire;
  std::vector<Step> steps;
  std::vector<Beside> connections = {};  // beside the first one, in the order of opening
  std::optional<Expect> expect;          // nothing: the oracle's own (runner/engine/verdict/strict_expectation.h)
  // Of a case for an intermediary, in place of request, answer, steps and expect: what the tester does at both ends.
  std::shared_ptr<const TwoSided> two_sided = {};
  std::string source;  // file and JSON pointer of its group: "cases/close.json#/groups/3"
};

// What one connection of `c` is by itself: its steps, request, offer and expectation; the first one for an empty name.
// Of a case with one connection, that case.
[[nodiscard]] Case on_connection(const Case& c, std::string_view name);
// The first connection, then the others in the order of opening, each by itself.
[[nodiscard]] std::vector<Case> each_connection(const Case& c);

// How long the case waits, by its own will.
[[nodiscard]] std::chrono::milliseconds waits(const Case& c);
// A slow case waits longer than anybody should for it in the core profile.
inline constexpr std::chrono::milliseconds kLongestWaitInCore{200}, kLongestWaitInStandard{10'000};
[[nodiscard]] bool belongs_to(const Case& c, Profile profile);
// Its connections are more than one, or wait, or are held, or an ordinary request goes before them.
[[nodiscard]] bool is_scenario(const Case& c);
// It has to be connected with a small receive buffer.
[[nodiscard]] bool is_held(const std::vector<Step>& steps);

}  // namespace touchstone

// connection.h - one WebSocket connection as a sans-I/O state machine (RFC 6455, RFC 7692).
//
// It owns no socket, clock, thread or random source; equal inputs give equal outputs, however the
// input is cut. The caller's loop is always the same:
//
//   conn.receive(octets);                 // or receive_eof(), or expire()
//   while (auto event = conn.next_event()) handle(*event);
//   conn.wrote(write(conn.output()));
//   arm(conn.timer()); if (conn.wants_shutdown()) shutdown_send();
//
// Where the RFCs leave a choice, this endpoint takes these (ids: cases/choices.json):
//   C-09  a key decodes to 16 octets; its pad bits may be anything
//   C-10  quoted strings and empty list elements pass, any other grammar error is refused
//   C-14  each header octet is judged as soon as it is there; 1002
//   C-15  limits are judged on the announced length, for compressed messages on what was inflated; 1009
//   C-16  lengths that are not minimal fail the connection
//   C-18  Pings are answered at once, also while our own Close waits for its answer
//   C-19  a Close is answered at once; the tail of a half-sent message is not sent
//   C-22  the reply to a Close has the same code and no reason; a server answers 1010 with 1000
//   C-23  what comes behind the peer's Close is dropped; the first octet of it is reported (frame_after_close)
//   C-26  every Ping is answered, but only the latest one while more than 256 KiB of output wait
//   C-29  1012-1014 pass, other unassigned codes below 3000 do not; 1002
//   C-30  bad DEFLATE data and bad UTF-8, also in a Close, are 1007
//   C-31  UTF-8 fails at the first impossible octet, also as it comes out of the inflater
//   C-32  repeated Host, Key, Version, Accept and (in an answer) Protocol fields are refused
//   C-33  a server declines server_max_window_bits=8; a client that is told to keep to 8 sends uncompressed
//   C-37  a compressed message without any octet is corrupt; an empty one is a single 00
//   C-39  bare LF is refused, leading empty lines pass, a request with a body is refused, 100 goes before 101
//   C-40  the end of TCP without a Close is 1006, and nothing more is sent
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/close.h>
#include <ws/core/frame.h>
#include <ws/core/http/extensions.h>
#include <ws/core/http/handshake.h>
#include <ws/core/http/http1.h>
#include <ws/core/state.h>
#include <ws/core/violation.h>

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ws {

struct Limits {
  HeadLimits head{};
  std::uint64_t frame = 64 * 1024 * 1024;    // payload octets of one frame
  std::uint64_t message = 64 * 1024 * 1024;  // after inflating
  std::uint32_t fragments = 1 << 20;         // empty fragments count too
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds close{5'000};  // from our Close to the end of TCP
};

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

// Whether a message is compressed, when permessage-deflate was agreed on. Each message may differ (RFC 7692 6).
enum class Compress : std::uint8_t {
  by_threshold,  // if it has Options::deflate_threshold octets or more, or is fragmented
  always,
  never,
};

class PreparedMessage;

// What the application wants. Views are read during submit() and not kept.
namespace command {
struct Connect {
  std::string_view host;    // Host field, with the port unless it is the scheme's default
  std::string_view target;  // origin-form
  std::span<const std::string> subprotocols{};
  std::span<const Field> extra_fields{};  // Origin, Cookie, Authorization ...
};
// clang-format off: a table, one command a line
struct Accept { std::string_view subprotocol{}; std::span<const Field> extra_fields{}; };
struct Reject { int status = 403; std::span<const Field> extra_fields{}; std::string_view body{}; };
struct Text { std::string_view data; bool fin = true; Compress compress = Compress::by_threshold; };  // or its first fragment
struct Binary { ByteView data; bool fin = true; Compress compress = Compress::by_threshold; };
struct Continue { ByteView data; bool fin = true; };
struct Prepared { const PreparedMessage* message; };         // prepared.h; not null
struct Ping { ByteView payload{}; };
struct Pong { ByteView payload{}; };
struct Close { std::optional<CloseReason> reason{}; };
// clang-format on
}  // namespace command
using Command = std::variant<command::Connect, command::Accept, command::Reject, command::Text, command::Binary,
                             command::Continue, command::Prepared, command::Ping, command::Pong, command::Close>;

// Why a command was refused. The connection is unchanged after a refusal.
enum class Misuse : std::uint8_t {
  wrong_state,
  wrong_role,
  message_in_progress,
  no_message_in_progress,
  control_too_long,
  text_not_utf8,
  close_code_invalid,
  close_reason_too_long,
  field_malformed,
  subprotocol_not_offered,
};
[[nodiscard]] std::string_view describe(Misuse misuse) noexcept;

struct Options {
  Role role = Role::client;
  Limits limits{};
  bool report_frames = false;
  // Client: what to offer, nothing for no offer.
  std::optional<DeflateOffer> deflate_offer = DeflateOffer{};
  // Server: what to prefer among acceptable answers, nothing to decline every offer.
  std::optional<DeflateParams> deflate_preference = DeflateParams{};
  int deflate_level = 1;              // zlib's
  std::size_t deflate_threshold = 0;  // messages shorter than this are sent uncompressed
  // Client only, which throws without; injected: strong in production, fixed in tests. RFC 6455 5.3
  std::function<MaskKey()> mask_key{};
  std::function<std::string()> nonce{};  // Sec-WebSocket-Key, client only. RFC 6455 4.1
};

class Connection {
 public:
  explicit Connection(Options options);
  // A connection that is already open: the caller made the opening handshake elsewhere.
  static Connection opened(Options options, std::optional<DeflateParams> deflate);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // Input. Never fails: what the peer does wrong becomes event::Failed.
  void receive(ByteView octets);
  void receive_eof();
  void expire();  // the deadline named by timer() passed

  // The short way, without a copy, for the usual case: where `in` begins with all of an uncompressed message of one
  // frame that breaks no rule, and nothing else is under way, unmasks it where it stands, takes it from the front of
  // `in` and gives it in place of its event. Otherwise gives nothing and leaves `in` to receive().
  [[nodiscard]] std::optional<MessageView> read_in_place(std::span<std::byte>& in);

  [[nodiscard]] std::expected<void, Misuse> submit(const Command& command);

  // Results.
  [[nodiscard]] std::optional<Event> next_event();
  // For readers of messages that are too long to wait for: what came of the one being read and was not taken yet, if
  // anything. Its event then has only the rest. Limits::message counts all of it.
  [[nodiscard]] std::optional<Piece> take_piece();
  [[nodiscard]] ByteView output() const noexcept;  // valid until the next non-const call
  void wrote(std::size_t octets);

  // For who serves thousands of connections in turns. Swaps the memory behind output(), when nothing waits in it, with
  // `memory`, whose content is lost: all can share one piece, which stays in the processor's cache.
  void swap_output_memory(Bytes& memory) noexcept;
  // Asks the processor to fetch what the next message will touch, while something else is being done.
  void prefetch() const noexcept;

  [[nodiscard]] bool wants_shutdown() const noexcept;  // output() is drained and the send side is done
  [[nodiscard]] std::optional<std::chrono::milliseconds> timer() const noexcept;  // how long the present state may last
  [[nodiscard]] State state() const noexcept;

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws

// connection_impl.h - what stands behind Connection: the two readers, the sender and the state.
//
// connection.cc has the public calls and the moves between states, connection_receive.cc the frames,
// connection_handshake.cc the opening handshake, fast_way.cc what a server of thousands does in another way.
#pragma once
#include "ws/core/connection/connection.h"
#include "ws/core/connection/header_reader.h"
#include "ws/core/connection/message_reader.h"
#include "ws/core/connection/sender.h"
#include "ws/core/connection/transitions.h"

#include <optional>
#include <utility>
#include <vector>

namespace ws {

// The events that were not taken yet. (A std::deque takes half a KiB for a connection that has none.)
class EventQueue {
 public:
  void push_back(Event event) { events_.push_back(std::move(event)); }
  [[nodiscard]] bool empty() const noexcept { return taken_ == events_.size(); }
  [[nodiscard]] std::optional<Event> take() {
    if (taken_ == events_.size()) return std::nullopt;
    std::optional<Event> event(std::move(events_[taken_++]));
    if (taken_ == events_.size()) {
      std::vector<Event>().swap(events_);  // an idle connection is small
      taken_ = 0;
    }
    return event;
  }

 private:
  std::vector<Event> events_;
  std::size_t taken_ = 0;
};

// What the usual message touches, a whole one that is answered. It stands together, for with thousands of connections
// none of it is in the cache when the message comes: FastWay::prefetch() asks for all of it.
struct OftenTouched {
  explicit OftenTouched(Options given)
      : options(std::move(given)), sender(is_client() ? options.mask_key : std::function<MaskKey()>{}) {}

  bool is_client() const noexcept { return options.role == Role::client; }

  Options options;
  State state = State::connecting;
  bool failed = false;                           // a Failed event was given
  std::optional<std::uint16_t> peer_close_code;  // the peer's Close came: its code or 1005
  std::uint64_t offset = 0;                      // received octets that were taken from the input
  EventQueue events;
  Sender sender;
  std::optional<FrameHeader> frame;  // the frame that is being read
  HeaderReader header_reader;
};

struct Connection::Impl : OftenTouched {
  explicit Impl(Options given);

  // The state, and what it implies. connection.cc
  void move(Cause cause);
  void open(const std::optional<DeflateParams>& agreed);
  void fail(Violation violation, std::uint64_t offset);
  void become_closed(Cause cause);

  // Input. connection_receive.cc
  void receive(ByteView in);
  void read_frames(ByteView in);
  void begin_frame(const FrameHeader& header);
  bool take_payload(ByteView& in);
  void end_frame();
  void end_control_frame();
  void receive_close();

  // The opening handshake. connection_handshake.cc
  void read_handshake(ByteView in);
  void read_request(ByteView head);
  bool read_response(ByteView head);
  void answer_broken_request(Violation violation);

  // Commands. connection.cc, and connection_handshake.cc for the first three.
  std::expected<void, Misuse> submit(const command::Connect& connect);
  std::expected<void, Misuse> submit(const command::Accept& accept);
  std::expected<void, Misuse> submit(const command::Reject& reject);
  std::expected<void, Misuse> submit(const command::Text& text);
  std::expected<void, Misuse> submit(const command::Binary& binary);
  std::expected<void, Misuse> submit(const command::Continue& more);
  std::expected<void, Misuse> submit(const command::Prepared& prepared);
  std::expected<void, Misuse> submit(const command::Ping& ping);
  std::expected<void, Misuse> submit(const command::Pong& pong);
  std::expected<void, Misuse> submit(const command::Close& close);
  std::expected<void, Misuse> submit_control(Opcode opcode, ByteView payload);

  // Frames.
  MessageReader message_reader;      // of which the usual message touches the beginning
  std::uint64_t frame_position = 0;  // payload octets of the frame that came
  std::uint64_t frame_start = 0;     // offset of its payload
  Bytes control_payload;

  // The opening handshake.
  Bytes head;  // received octets that are not read as frames yet
  HeadScan scan;
  std::optional<RequestPromise> promise;  // client: the request is out
  std::optional<RequestFacts> facts;      // server: waits for Accept or Reject
  bool expects_continue = false;          // server: RFC 9110 10.1.1
};

}  // namespace ws

// stimulus.h - what was sent to an endpoint, and how the strict stack in its place reacts.
//
// Where the RFC leaves the endpoint a choice, the strict stack takes one; what may be otherwise is told beside it:
//   C-16  a length that is not minimal may be taken as well as refused
//   C-29  so may a status code that RFC 6455 7.4 reserves
//   C-37  and a compressed message without any octet, or one that ends within a block (RFC 7692 7.2.2)
//   C-14, C-31  a fault is noticed at its first octet, at the end of its frame, or at that of its message
#pragma once
#include <ws/core/connection/connection.h>
#include <ws/rules/frame_walker.h>
#include <ws/testing/oracle/describe.h>

namespace ws::testing {

class Stimulus {
 public:
  Stimulus(Role endpoint, std::optional<DeflateParams> deflate);

  void take(ByteView octets);

  struct Fault {
    Violation violation;
    bool may_pass = false;  // the RFC does not ask anybody to refuse it; what the endpoint does from here on is open
    bool others = false;    // frames came after it before it was settled: another fault may be noticed first
    bool settled = false;   // the last octet is there at which it may still be noticed
  };

  // So far, and up to the fault or Close.
  std::vector<Event> reaction;    // of the strict stack
  std::vector<Message> messages;  // whole ones
  std::vector<std::string> pings, pongs;
  bool in_message = false;  // a fragmented message is not finished
  std::optional<std::optional<CloseReason>> close;
  std::optional<std::uint16_t> close_code;  // of the first Close, also of one with a fault
  std::optional<Fault> fault;
  std::vector<std::string> pings_behind;  // the fault
  // Octets that the endpoint may refuse with 1002, but for which it need not.
  [[nodiscard]] bool may_be_refused() const noexcept { return odd_length_ || header_.size() > 1; }
  std::uint64_t longest_frame = 0;  // octets of payload: an endpoint may have any limit (C-15)

 private:
  void mend(ByteView octets);
  void header_octet(std::byte octet);
  void decide_length(ByteView padded);
  void feed(ByteView octets);
  void handle(Event event);
  void follow_frame();

  Role endpoint_;
  Connection strict_;
  rules::ControlWalker walker_;
  bool ended_ = false;
  Bytes header_;            // that comes in, up to its length; what follows the first octet waits for the whole length
  std::uint64_t pass_ = 0;  // octets that go through as they are
  bool odd_length_ = false;
};

}  // namespace ws::testing

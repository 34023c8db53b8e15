// own_frames.h - what an endpoint's own frames break that the connection which receives them does not notice: after a
// Close it reads nothing more, and some things are weak without being a fault. RFC 6455 5.5.1, RFC 7692 7.2.2.
#pragma once
#include <ws/core/frame.h>

#include <span>
#include <string>
#include <vector>

namespace ws::rules {

// Goes through the headers of all frames that one endpoint sends, in order.
class OwnFrames {
 public:
  explicit OwnFrames(bool deflate) : deflate_(deflate) {}  // is permessage-deflate in use?

  struct Broken {
    bool second_close = false;      // MUST NOT
    bool data_after_close = false;  // MUST NOT
    bool empty_compressed = false;  // the frame ends a compressed message without any octet: weak (C-37)
  };
  Broken take(const FrameHeader& header);

  // Of the control frame whose header was taken last, once its payload is there. RFC 6455 7.1.7: who has failed the
  // connection processes nothing more. A Pong after the endpoint's Close shows that it did where the Ping that it
  // answers was sent after the fault. Pings, and Pongs that answer nothing, are not data of the peer's that was
  // processed, and 5.5.1 forbids data frames only.
  [[nodiscard]] bool answers_after_failing(ByteView payload, std::span<const std::string> pings_after_fault) const;

  // The keys of the frames so far, in order; a bounded number. See mask_keys.h.
  [[nodiscard]] const std::vector<std::uint32_t>& mask_keys() const noexcept { return keys_; }

 private:
  [[nodiscard]] bool ends_empty_compressed(const FrameHeader& header);

  bool deflate_;
  bool closed_ = false;
  bool is_late_pong_ = false;            // the last frame is a Pong after its own Close
  bool compressed_ = false;              // the message that is under way has RSV1 set
  std::uint64_t compressed_octets_ = 0;  // of it, so far
  std::vector<std::uint32_t> keys_;
};

// What the frame that ends an empty compressed message should have been, for a receiver that shall go on: with the
// single octet 00 of RFC 7692 7.2.3.6.
[[nodiscard]] Bytes proper_empty_compressed(const FrameHeader& header);

// C-29: the answer to a Close whose code has no meaning may repeat that code (RFC 6455 5.5.1), for it is the sender's
// doing; but never 1005, 1006 or 1015 (7.4.1). `ours`: of the Close that the endpoint got, if it got one.
[[nodiscard]] bool may_repeat(std::uint16_t code, std::optional<std::uint16_t> ours) noexcept;

}  // namespace ws::rules

// deviant.h - an echo endpoint with a planted fault, as a sans-I/O state machine: what a conformance test must catch.
//
// Inside is the strict Connection, seen through a distorting lens: what the peer sends is mended before the strict
// endpoint sees it (so a fault is overlooked) or spoilt (so that something legal is refused), and what it answers is
// spoilt on its way out. The strict stack knows nothing of faults. Without one (Fault::none) the endpoint conforms.
#pragma once
#include <ws/core/connection/connection.h>
#include <ws/core/deflate/deflate.h>
#include <ws/core/utf8.h>
#include <ws/rules/frame_walker.h>
#include <ws/testing/faults/faults.h>

#include <deque>

namespace ws::testing {

struct DeviantOptions {
  Role role = Role::server;
  FaultSet faults{};
  // Client only.
  std::string host{}, target = "/";
  std::function<MaskKey()> mask_key{};
  std::function<std::string()> nonce{};
};

// What the faults that look at a beginning only look at, in octets.
inline constexpr std::size_t kChecked = 1024;
inline constexpr std::size_t kCheckedLater = 65536;
// Octets that are inflated at a time, in the eyes of who looks at each piece alone.
inline constexpr std::size_t kInflatedPiece = 4096;

class Deviant {
 public:
  explicit Deviant(DeviantOptions options);  // a client's request is in output() at once

  void receive(ByteView octets);

  [[nodiscard]] ByteView output() const noexcept { return out_; }
  void wrote(std::size_t octets) { out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(octets)); }
  [[nodiscard]] bool is_open() const noexcept { return phase_ == Phase::open; }
  [[nodiscard]] bool is_failing() const noexcept { return failing_; }
  [[nodiscard]] bool wants_shutdown() const noexcept;  // all is written, and TCP is to end
  // Its fault is to hold on to TCP, whatever the peer does.
  // Its fault is how it ends TCP, or does not end TLS, once wants_shutdown() holds.
  [[nodiscard]] bool resets_tcp() const noexcept { return is(Fault::resets_after_failing) && failing_; }
  [[nodiscard]] bool forgets_tls() const noexcept { return is(Fault::ends_without_close_notify); }
  [[nodiscard]] bool keeps_tcp() const noexcept { return is(Fault::keeps_tcp) && peer_closed_; }

 private:
  enum class Phase : std::uint8_t { opening, open, over };
  [[nodiscard]] bool is(Fault fault) const noexcept { return options_.faults.has(fault); }

  // The opening handshake (deviant_opening.cc).
  void ask();
  void take_head(ByteView octets);
  void answer(ByteView head);
  void judge_answer(ByteView head);
  void mend_request(RequestHead& head) const;
  [[nodiscard]] bool dislikes(const RequestHead& head) const;
  [[nodiscard]] std::optional<DeflateAgreement> agree(std::vector<Extension> offers) const;
  void spoil_answer(ResponseHead& head, const std::string& key) const;
  void mend_answer(ResponseHead& head) const;
  void refuse(int status);
  void open(const std::optional<DeflateParams>& deflate);

  // Frames of the peer on their way in (deviant_inbound.cc).
  void take_frames(ByteView octets);
  void misread_cut_header();
  std::size_t take_header(ByteView octets);
  void begin_frame();
  void follow_message(const FrameHeader& header);
  [[nodiscard]] bool takes_for_continuation(const FrameHeader& header) const;
  [[nodiscard]] bool breaks_code_point(const FrameHeader& header, ByteView payload);
  void mend_header(FrameHeader& header);
  [[nodiscard]] bool dislikes(const FrameHeader& header) const;
  [[nodiscard]] bool drops(const FrameHeader& header);
  [[nodiscard]] bool wants_whole(const FrameHeader& header) const;
  void take_payload(ByteView octets);
  void end_frame();
  void change_whole(FrameHeader header, Bytes payload);
  void change_control(FrameHeader& header, Bytes& payload);
  void gather(FrameHeader header, Bytes payload);
  void take_compressed(const FrameHeader& wire, ByteView payload);
  void hand_over(FrameHeader header, ByteView payload);
  void hand_over(ByteView octets);
  void listen();

  // Messages, and what the strict endpoint says, on their way out (deviant_outbound.cc).
  [[nodiscard]] bool checks_text_itself() const;
  [[nodiscard]] bool text_is_fine(ByteView text, bool was_compressed) const;
  void handle(const Event& event);
  void take_message(Opcode opcode, ByteView data);
  void flush_strict();
  void change_pong(Bytes& payload) const;
  void send_pong(FrameHeader header, Bytes payload);
  void send_close(FrameHeader header, Bytes payload);
  void send_data(FrameHeader header, Bytes payload);
  void send(FrameHeader header, ByteView payload);
  void fail(std::uint16_t code);

  [[nodiscard]] MaskKey next_key();
  [[nodiscard]] static std::string next_nonce();

  DeviantOptions options_;
  Phase phase_ = Phase::opening;
  Bytes head_;  // of HTTP
  RequestPromise promise_{};
  std::optional<Connection> strict_;
  std::optional<DeflateParams> deflate_;
  bool own_deflate_ = false;  // the lens inflates and compresses; the strict endpoint sees plain messages
  std::optional<Inflater> inflater_;
  [[nodiscard]] Inflater& inflater();
  std::optional<Deflater> deflater_;

  // The frame that comes in.
  rules::HeaderCollector wire_;        // as the peer wrote its header
  std::optional<FrameHeader> header_;  // mended
  std::optional<MaskKey> wire_key_;    // what the peer masked it with
  bool drop_ = false, whole_ = false;
  std::uint64_t left_ = 0, taken_ = 0;
  std::size_t phase_in_key_ = 0;
  Bytes payload_;
  Bytes set_aside_;  // for the payload, before it comes
  // The message that comes in.
  bool in_message_ = false, message_compressed_ = false, as_binary_ = false;
  bool forgotten_ = false;                              // it is not answered
  bool final_block_ = false;                            // its first block of DEFLATE data is a final one
  bool after_control_ = false;                          // the last frame was a control frame
  unsigned messages_begun_ = 0, compressed_begun_ = 0;  // on this connection
  unsigned controls_inside_ = 0;                        // since the last frame of the message
  std::uint64_t message_octets_ = 0;                    // of payload so far
  std::uint64_t inflated_octets_ = 0;                   // what they are inflated to
  Utf8Validator running_text_;
  std::optional<std::pair<FrameHeader, Bytes>> held_fragment_;
  // Of the messages that the strict endpoint has not told of yet: was it text, was it compressed?
  std::deque<bool> texts_, compressed_;

  // On the way out.
  std::deque<bool> as_text_;  // of the echoes that the strict endpoint was given: do they go out as text?
  bool failing_ = false, peer_closed_ = false;
  Bytes held_pongs_;  // that wait for the peer's next frame
  std::uint32_t keys_ = 0;
  std::optional<std::uint64_t> generator_;  // its state, of masking keys
  Bytes out_;
};

}  // namespace ws::testing

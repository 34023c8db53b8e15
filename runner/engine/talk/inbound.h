// inbound.h - what comes from the endpoint: octets become entries of the transcript and things seen.
//
// The strict stack's own Connection is the receiver, so every rule that it knows is checked on every octet
// that an endpoint under test sends, in every case. What is kept is taken from the budget of the case.
#pragma once
#include "runner/engine/talk/recorder.h"
#include "runner/engine/verdict/observation.h"

#include <ws/core/connection/connection.h>
#include <ws/rules/own_frames.h>

namespace touchstone {

class Inbound {
 public:
  // `let_go`: forget the octets of sent messages once they came back.
  // `history`: of the client's masking keys; may be missing. `own_words`: so many messages that are no echoes are the
  // endpoint's own, and left out.
  Inbound(Observation& observation, Recorder& recorder, bool let_go, std::shared_ptr<MaskKeyHistory> history = {},
          std::size_t own_words = 0)
      : o_(observation), recorder_(recorder), let_go_(let_go), history_(std::move(history)), own_words_(own_words) {}

  // The connection is open; `role` is the tester's.
  void open(ws::Role role, const std::optional<ws::DeflateParams>& deflate);
  void take(ws::ByteView octets);

  // What the tester sends is told here, so that echoes and Pongs can be recognised.
  // One frame; `rsv1` where it was set on ready-made octets.
  void sent(ws::Opcode opcode, bool fin, ws::ByteView payload, bool rsv1 = false);
  void sent_message(ws::Opcode opcode, ws::Bytes payload);  // one whole message

  [[nodiscard]] bool failed() const noexcept { return o_.violation.has_value(); }
  // Did the Pong of sent_pings[i], or of a later one (RFC 6455 5.5.3), come?
  [[nodiscard]] bool answered(std::size_t i) const noexcept { return answered_ > i; }
  [[nodiscard]] bool all_answered() const noexcept { return answered_ >= o_.sent_pings.size(); }

  std::vector<ws::Bytes> pings_to_answer;

 private:
  void begin_frame();
  void end_frame();
  void hand_on(ws::ByteView octets);
  void on_event(ws::Event event);
  [[nodiscard]] bool repeats_our_code();
  void on_piece(ws::Opcode opcode, ws::ByteView octets);
  void on_message(ws::Opcode opcode, ws::ByteView rest);
  [[nodiscard]] SentMessage* like_this() noexcept;  // the message of ours that this one may repeat
  [[nodiscard]] bool has_room_for_a_frame();
  [[nodiscard]] bool keep(std::size_t octets);
  void on_pong(ws::ByteView payload);
  void on_pong_after_close(const std::string& payload);
  void see(Seen::Kind kind, std::string payload = {}, std::size_t message = 0);

  Observation& o_;
  Recorder& recorder_;
  bool let_go_;
  std::shared_ptr<MaskKeyHistory> history_;
  std::size_t own_words_;  // that may still come
  std::optional<ws::Connection> receiver_;
  bool compressed_ = false;  // permessage-deflate is in force
  std::optional<ws::rules::OwnFrames> own_frames_;
  // The message that is coming in: as long as it repeats ours its octets are not kept.
  struct Incoming {
    std::uint64_t length = 0;
    bool differs = false;
    ws::Bytes octets{};  // all, once it differs
  };
  Incoming incoming_;
  std::size_t answered_ = 0;  // pings up to here are answered
  // Octets that may still come. The budget knows what is kept; one frame without an end, of which nothing is kept,
  // would be read until the case's time is over.
  std::uint64_t welcome_ = std::uint64_t{64} * 1024 * 1024;
  // And frames, most of which may be empty: each takes time. An echo may come in frames of one octet.
  std::uint64_t frames_ = std::uint64_t{160} * 1024;
  // The message that the tester is in the middle of.
  std::optional<ws::Opcode> partial_opcode_;
  bool partial_as_data_ = false;
  ws::Bytes partial_;
};

}  // namespace touchstone

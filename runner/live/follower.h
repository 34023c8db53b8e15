// follower.h - what one side of an open connection says, frame by frame and message by message, whatever it breaks.
#pragma once
#include <ws/core/deflate/deflate.h>
#include <ws/core/frame.h>
#include <ws/core/http/extensions.h>
#include <ws/core/state.h>
#include <ws/rules/frame_walker.h>

#include <functional>

namespace touchstone {

// A frame that came whole.
struct SaidFrame {
  ws::FrameHeader header;
  ws::Bytes payload;  // unmasked, of a control frame: at most kMostControl octets of it
};

// A message that came whole, inflated.
struct SaidMessage {
  ws::Opcode opcode = ws::Opcode::text;  // of its first frame
  ws::Bytes data;
  std::uint64_t length = 0;  // octets; more than `data` has when it is longer than what is kept
  bool garbled = false;      // it does not inflate; then `data` is what came
};

class Follower {
 public:
  static constexpr std::size_t kMostKept = 16 * 1024 * 1024;  // octets of one message
  static constexpr std::size_t kMostControl = 64 * 1024;

  std::function<void(const SaidFrame&)> on_frame;
  std::function<void(SaidMessage)> on_message;

  Follower(ws::Role who, const std::optional<ws::DeflateParams>& deflate);
  // Octets of frames, cut anywhere. The hooks are called from here.
  void take(ws::ByteView octets);

 private:
  void take_payload(const ws::rules::FrameWalker::Step& step);
  void end_frame();
  void end_message();

  std::optional<ws::Inflater> inflater_;
  ws::rules::FrameWalker walker_;
  ws::Bytes control_;
  ws::Bytes message_;  // as it came, unmasked
  std::uint64_t octets_ = 0;
  std::optional<ws::Opcode> opcode_;  // of the message that is under way
  bool compressed_ = false;
};

}  // namespace touchstone

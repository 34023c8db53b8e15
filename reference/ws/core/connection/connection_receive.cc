// connection_receive.cc - octets in, events out: RFC 6455 5 and 6.2.
#include <ws/core/mask.h>
#include <ws/core/utf8.h>

#include <algorithm>
#include <utility>

#include "ws/core/connection/connection_impl.h"

namespace ws {

void Connection::Impl::receive(ByteView in) {
  switch (state) {
    case State::connecting:
      return read_handshake(in);
    case State::open:
    case State::closing:
      return read_frames(in);
    case State::draining:
      // RFC 6455 1.4: what comes after the peer's Close is discarded. It is also a broken rule (5.5.1),
      // which is reported once and changes nothing else. After a failure nothing is judged any more (7.1.7).
      if (peer_close_code && !failed && !in.empty()) {
        failed = true;
        events.push_back(event::Failed{Violation::frame_after_close, offset});
      }
      offset += in.size();
      return;
    case State::closed:
      return;
  }
}

void Connection::Impl::read_frames(ByteView in) {
  while (!in.empty()) {
    if (state != State::open && state != State::closing) return receive(in);
    if (!frame) {
      HeaderContext context{.masked = !is_client()};
      message_reader.describe(context);
      const std::size_t before = in.size();
      const auto header = header_reader.take(in, context, options.limits);
      offset += before - in.size();
      if (!header) {
        fail(header.error(), offset);
        offset += in.size();
        return;
      }
      if (!*header) return;
      begin_frame(**header);
    } else if (!take_payload(in)) {
      return;
    }
    if (frame && frame_position == frame->length) end_frame();
  }
}

void Connection::Impl::begin_frame(const FrameHeader& header) {
  frame = header;
  frame_position = 0;
  frame_start = offset;
  if (options.report_frames) events.push_back(event::Frame{header});
  if (is_control(header.opcode))
    control_payload.clear();
  else
    message_reader.begin_frame(header);
}

// Takes what belongs to the frame from the front of `in`; false when that broke a rule.
bool Connection::Impl::take_payload(ByteView& in) {
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), frame->length - frame_position));
  const ByteView piece = in.first(n);
  if (is_control(frame->opcode)) {
    append(control_payload, piece);
  } else if (const auto fault = message_reader.payload(piece, frame_position)) {
    fail(fault->violation, fault->at_frame_start ? frame_start : offset + fault->octets);
    offset += in.size();
    return false;
  }
  in = in.subspan(n);
  frame_position += n;
  offset += n;
  return true;
}

void Connection::Impl::end_frame() {
  if (is_control(frame->opcode)) {
    end_control_frame();
  } else {
    auto message = message_reader.end_frame();
    if (!message)
      fail(message.error().violation, message.error().at_frame_start ? frame_start : offset);
    else if (*message)
      events.push_back(std::move(**message));
  }
  frame.reset();
}

void Connection::Impl::end_control_frame() {
  if (frame->mask) apply_mask(control_payload, *frame->mask);
  switch (frame->opcode) {
    case Opcode::ping:
      sender.pong(control_payload);  // RFC 6455 5.5.2: also while our own Close waits for its answer
      events.push_back(event::Ping{std::exchange(control_payload, {})});
      return;
    case Opcode::pong:
      events.push_back(event::Pong{std::exchange(control_payload, {})});
      return;
    default:
      return receive_close();
  }
}

void Connection::Impl::receive_close() {
  auto reason = decode_close(control_payload);
  // The fault lies in the payload as a whole: its first octet is named.
  if (!reason) return fail(reason.error(), frame_start);
  // RFC 6455 7.1.5: without a code it counts as 1005.
  peer_close_code = *reason ? (*reason)->code : close_code::kNoStatus;
  if (state == State::open) {
    // RFC 6455 5.5.1: the reply has the same code. It has no text: ours could only repeat the peer's. A server
    // never sends 1010 (7.4.1), so it answers that with 1000.
    std::optional<CloseReason> reply;
    if (*reason) reply = CloseReason{(*reason)->code, {}};
    if (reply && !is_client() && reply->code == close_code::kMandatoryExtension) reply->code = close_code::kNormal;
    sender.flush_pong();
    sender.control(Opcode::close, encode_close(reply));
  }
  move(Cause::close_received);
  events.push_back(event::Close{std::move(*reason)});
}

}  // namespace ws

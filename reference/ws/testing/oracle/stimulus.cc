#include <ws/testing/oracle/stimulus.h>
#include <ws/testing/oracle/unlimited.h>

#include <algorithm>
#include <utility>

namespace ws::testing {
namespace {

// Whether the RFC asks every endpoint to refuse it. That a compressed message ends within a block, or has no octet at
// all, is seen at its end, where the strict stack cannot tell it from worse.
bool left_open(Violation violation) {
  return violation == Violation::length_high_bit || violation == Violation::close_code_invalid ||
         violation == Violation::deflate_corrupt;
}

bool noticed_with_the_message(Violation violation) {
  return violation == Violation::text_not_utf8 || violation == Violation::deflate_corrupt;
}

}  // namespace

Stimulus::Stimulus(Role endpoint, std::optional<DeflateParams> deflate)
    : endpoint_(endpoint), strict_(unlimited(endpoint, deflate)) {}

void Stimulus::take(ByteView octets) {
  while (!octets.empty()) {
    const std::size_t n = walker_.take(octets);
    if (!ended_) mend(octets.first(n));
    follow_frame();
    octets = octets.subspan(n);
  }
}

// Hands the frame on, with a length that is not minimal written anew, so that the strict stack goes on behind it.
void Stimulus::mend(ByteView octets) {
  while (!octets.empty() && !ended_) {
    if (pass_ > 0) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(pass_, octets.size()));
      feed(octets.first(n));
      pass_ -= n;
      octets = octets.subspan(n);
    } else {
      header_octet(octets.front());
      octets = octets.subspan(1);
    }
  }
}

void Stimulus::header_octet(std::byte octet) {
  if (header_seen_ == 0) {
    opcode_ = static_cast<Opcode>(std::to_integer<unsigned>(octet) & 0x0F);
    header_seen_ = 1;
    return feed({&octet, 1});
  }
  held_.push_back(octet);
  const unsigned second = std::to_integer<unsigned>(held_.front()), length = second & 0x7F;
  const bool masked = (second & 0x80) != 0;
  // Octets that break another rule are not mended.
  const bool whole = length < 126 || masked != (endpoint_ == Role::server);
  if (whole || held_.size() == (length == 126 ? 3U : 9U)) decide_length();
}

void Stimulus::decide_length() {
  const Bytes form = std::exchange(held_, {});
  header_seen_ = 0;
  const unsigned second = std::to_integer<unsigned>(form.front());
  std::uint64_t length = second & 0x7F;
  if (form.size() > 1) {
    length = 0;
    for (const std::byte octet : ByteView(form).subspan(1))
      length = length << 8 | std::to_integer<std::uint64_t>(octet);
  }
  longest_frame = std::max(longest_frame, length);
  pass_ = length + ((second & 0x80) != 0 ? 4 : 0);
  const std::uint64_t least = form.size() == 1 ? 0 : form.size() == 3 ? 126 : 65536;
  const bool too_long = is_control(opcode_) && length > kMaxControlPayload;
  if (length >= least || too_long) return feed(form);
  odd_length_ = true;
  FrameHeader header;
  header.length = length;
  Bytes mended;
  encode_header(header, mended);  // its length form is what is needed here
  mended[1] |= std::byte{static_cast<unsigned char>(second & 0x80)};
  feed(ByteView(mended).subspan(1));
}

void Stimulus::feed(ByteView octets) {
  strict_.receive(octets);
  while (auto event = strict_.next_event()) handle(std::move(*event));
  strict_.wrote(strict_.output().size());
}

void Stimulus::handle(Event event) {
  if (ended_) return;  // a Close, and then what is dropped
  reaction.push_back(event);
  if (const auto* text = std::get_if<event::Text>(&event)) messages.push_back({Opcode::text, to_bytes(text->data)});
  if (const auto* binary = std::get_if<event::Binary>(&event)) messages.push_back({Opcode::binary, binary->data});
  if (const auto* ping = std::get_if<event::Ping>(&event)) pings.push_back(to_string(ping->payload));
  if (const auto* pong = std::get_if<event::Pong>(&event)) pongs.push_back(to_string(pong->payload));
  if (const auto* closing = std::get_if<event::Close>(&event)) {
    close = closing->reason;
    ended_ = true;
  }
  if (const auto* failed = std::get_if<event::Failed>(&event)) {
    fault = Fault{failed->violation, left_open(failed->violation)};
    ended_ = true;
  }
}

// Where messages end, and what comes behind the fault, whatever the strict stack thinks of it.
void Stimulus::follow_frame() {
  if (!walker_.complete()) return;
  const FrameHeader& header = *walker_.header();
  if (fault && fault->settled && header.opcode == Opcode::ping) pings_behind.push_back(to_string(walker_.payload()));
  const bool ends_message = !is_control(header.opcode) && header.fin;
  if (!is_control(header.opcode)) in_message = !header.fin;
  if (!fault || fault->settled) return;
  fault->settled = ends_message || !noticed_with_the_message(fault->violation);
  fault->others = fault->others || !fault->settled;
}

}  // namespace ws::testing

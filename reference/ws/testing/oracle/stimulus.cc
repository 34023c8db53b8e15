#include <ws/rules/codes.h>
#include <ws/testing/oracle/stimulus.h>
#include <ws/testing/oracle/unlimited.h>

#include <algorithm>
#include <utility>

namespace ws::testing {
namespace {

// Whether the RFC leaves it to every endpoint to refuse it. That a compressed message ends within a block, or has no
// octet at all, is seen at its end, where the strict stack cannot tell it from worse (C-37).
bool left_open(Violation violation) {
  return rules::may_be_taken(violation) || violation == Violation::deflate_corrupt;
}

}  // namespace

Stimulus::Stimulus(Role endpoint, std::optional<DeflateParams> deflate)
    : endpoint_(endpoint), strict_(unlimited(endpoint, deflate)) {}

void Stimulus::take(ByteView octets) {
  while (!octets.empty()) {
    const std::size_t n = walker_.take(octets).taken;
    if (!ended_) mend(octets.first(n));
    follow_frame();
    octets = octets.subspan(n);
  }
}

// Hands the frame on, with a length that is not minimal written anew, so that the strict stack goes on after it.
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

// The masking key is not waited for: a length may be refused before it is there.
void Stimulus::header_octet(std::byte octet) {
  header_.push_back(octet);
  if (header_.size() == 1) return feed({&octet, 1});
  Bytes padded = header_;  // with zeros for what is missing
  padded.resize(header_size(std::span<const std::byte, 2>(header_.data(), 2)));
  const bool masked = decode_header_lenient(padded).mask.has_value();
  // Octets that break another rule are not mended.
  const bool wrong_mask = masked != (endpoint_ == Role::server);
  if (wrong_mask || header_.size() == padded.size() - (masked ? sizeof(MaskKey) : 0)) decide_length(padded);
}

void Stimulus::decide_length(ByteView padded) {
  const Bytes form = std::exchange(header_, {});
  const FrameHeader header = decode_header_lenient(padded);
  longest_frame = std::max(longest_frame, header.length);
  pass_ = header.length + (header.mask ? sizeof(MaskKey) : 0);
  const auto strictly = decode_header(padded);
  const bool too_long = is_control(header.opcode) && header.length > kMaxControlPayload;
  if (strictly || strictly.error() != Violation::length_not_minimal || too_long) return feed(ByteView(form).subspan(1));
  odd_length_ = true;
  Bytes mended;
  encode_header(header, mended);
  feed(ByteView(mended).first(mended.size() - (header.mask ? sizeof(MaskKey) : 0)).subspan(1));
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

// Where messages end, and what comes after the fault, whatever the strict stack thinks of it.
void Stimulus::follow_frame() {
  if (!walker_.complete()) return;
  const FrameHeader& header = *walker_.header();
  if (fault && fault->settled && header.opcode == Opcode::ping) pings_behind.push_back(to_string(walker_.payload()));
  if (header.opcode == Opcode::close && !close_code) close_code = close_code_of(walker_.payload());
  const bool ends_message = !is_control(header.opcode) && header.fin;
  if (!is_control(header.opcode)) in_message = !header.fin;
  if (!fault || fault->settled) return;
  fault->settled = ends_message || !rules::shows_with_the_message(fault->violation);
  fault->others = fault->others || !fault->settled;
}

}  // namespace ws::testing

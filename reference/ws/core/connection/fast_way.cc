// fast_way.cc - the three tricks of fast_way.h, each with what it relies on.
#include "ws/core/connection/fast_way.h"

#include <ws/core/mask.h>
#include <ws/core/utf8.h>

#include <type_traits>
#include <utility>

#include "ws/core/connection/connection_impl.h"

namespace ws {
namespace {

constexpr std::size_t kCacheLine = 64;

static_assert(sizeof(OftenTouched) <= 8 * kCacheLine,
              "prefetch() asks for every line of OftenTouched: what few messages touch belongs into Connection::Impl");
static_assert(!std::is_polymorphic_v<OftenTouched>, "prefetch() takes OftenTouched for one piece of memory");
static_assert(noexcept(std::declval<Bytes&>().swap(std::declval<Bytes&>())), "swap_output_memory() never throws");

}  // namespace

// What read_frames() does, for a frame that needs none of what is kept between frames.
std::optional<MessageView> FastWay::read_in_place(Connection& connection, std::span<std::byte>& in) {
  Connection::Impl& self = *connection.impl_;
  if (self.state != State::open || self.frame || self.message_reader.in_message() || !self.events.empty() ||
      self.options.report_frames)
    return std::nullopt;
  ByteView behind = in;  // the header
  const auto header = self.header_reader.take_whole(behind, {.masked = !self.is_client()}, self.options.limits);
  if (!header || is_control(header->opcode) || !header->fin || header->length > behind.size()) return std::nullopt;
  const std::size_t start = in.size() - behind.size();
  const auto payload = in.subspan(start, static_cast<std::size_t>(header->length));
  if (header->mask) apply_mask(payload, *header->mask);
  const bool is_text = header->opcode == Opcode::text;
  if (is_text && !is_utf8(payload)) {
    if (header->mask) apply_mask(payload, *header->mask);  // as it came: receive() finds the octet
    return std::nullopt;
  }
  self.offset += start + payload.size();
  in = in.subspan(start + payload.size());
  return MessageView{is_text, payload};
}

void FastWay::swap_output_memory(Connection& connection, Bytes& memory) noexcept {
  connection.impl_->sender.swap_memory(memory);
}

bool FastWay::is_moved_from(const Connection& connection) noexcept { return connection.impl_ == nullptr; }

void FastWay::prefetch(const Connection& connection) noexcept {
  const Connection::Impl& self = *connection.impl_;
  const auto* const begin = reinterpret_cast<const char*>(static_cast<const OftenTouched*>(&self));
  for (std::size_t at = 0; at < sizeof(OftenTouched); at += kCacheLine) __builtin_prefetch(begin + at);
  __builtin_prefetch(&self.message_reader);
}

}  // namespace ws

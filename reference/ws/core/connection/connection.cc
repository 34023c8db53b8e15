// connection.cc - the public calls of Connection, its commands and its moves between states. RFC 6455 7.
#include <ws/core/connection/connection.h>
#include <ws/core/utf8.h>

#include <cstdlib>
#include <stdexcept>

#include "ws/core/connection/connection_impl.h"

namespace ws {

std::string_view describe(Misuse misuse) noexcept {
  switch (misuse) {
    case Misuse::wrong_state:
      return "the connection is not in a state that allows this";
    case Misuse::wrong_role:
      return "this belongs to the other role";
    case Misuse::message_in_progress:
      return "a fragmented message is not finished";
    case Misuse::no_message_in_progress:
      return "there is no fragmented message to continue";
    case Misuse::control_too_long:
      return "the payload of a control frame is longer than 125 octets";
    case Misuse::text_not_utf8:
      return "the text is not valid UTF-8";
    case Misuse::close_code_invalid:
      return "this endpoint may not send that status code";
    case Misuse::close_reason_too_long:
      return "the reason of a Close frame is longer than 123 octets";
    case Misuse::field_malformed:
      return "a part of the opening handshake is malformed or belongs to the core";
    case Misuse::subprotocol_not_offered:
      return "the client did not offer that subprotocol";
  }
  return "unknown misuse";
}

Connection::Impl::Impl(Options given) : OftenTouched(std::move(given)), message_reader(options.limits) {
  // RFC 6455 5.1: there is no client without masking, and no good default for a key.
  if (is_client() && !options.mask_key) throw std::invalid_argument("ws::Options::mask_key is needed by a client");
}

void Connection::Impl::move(Cause cause) {
  const Transition* transition = find_transition(state, cause);
  if (transition == nullptr) std::abort();  // a fault of this file: every caller asks for a listed move
  state = transition->to;
}

void Connection::Impl::open(const std::optional<DeflateParams>& agreed) {
  move(Cause::handshake_done);
  if (!agreed) return;
  const int server_bits = agreed->server_max_window_bits;
  int client_bits = agreed->client_max_window_bits;
  message_reader.use_inflater(is_client() ? Inflater(server_bits, agreed->server_no_context_takeover)
                                          : Inflater(client_bits, agreed->client_no_context_takeover));
  // RFC 7692 7.1.2.2: the client keeps to the window that it hinted, whatever the server answered.
  if (is_client() && options.deflate_offer)
    client_bits = std::min(client_bits, options.deflate_offer->client_max_window_bits_hint.value_or(15));
  const int bits = is_client() ? client_bits : server_bits;
  const bool forget = is_client() ? agreed->client_no_context_takeover : agreed->server_no_context_takeover;
  // zlib cannot keep to a window of 256 octets. Compressing is a free choice for each message (RFC 7692
  // 6.1), so this endpoint then sends everything uncompressed.
  if (bits > 8) sender.use_deflater(Deflater(bits, forget, options.deflate_level), options.deflate_threshold);
}

// RFC 6455 7.1.7: a Close frame with the code of the rule when the connection is established and has not
// sent one; after that nothing from the peer is read.
void Connection::Impl::fail(Violation violation, std::uint64_t at) {
  failed = true;
  events.push_back(event::Failed{violation, at});
  const bool handshake = state == State::connecting;
  if (handshake && !is_client()) answer_broken_request(violation);
  if (state == State::open) {
    const Rule& broken = rule(violation);
    sender.flush_pong();
    sender.control(Opcode::close, encode_close(CloseReason{broken.close_code, std::string(broken.name)}));
  }
  move(handshake ? Cause::handshake_failed : Cause::rule_broken);
}

void Connection::Impl::become_closed(Cause cause) {
  move(cause);
  // RFC 6455 7.1.4, 7.1.5: the code is the one in the peer's Close; 1006 when none came.
  events.push_back(event::Closed{peer_close_code.value_or(close_code::kAbnormal), peer_close_code.has_value()});
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Text& text) {
  if (state != State::open) return std::unexpected(Misuse::wrong_state);  // RFC 6455 6.1
  return sender.begin(Opcode::text, as_octets(text.data), text.fin, text.compress);
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Binary& binary) {
  if (state != State::open) return std::unexpected(Misuse::wrong_state);
  return sender.begin(Opcode::binary, binary.data, binary.fin, binary.compress);
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Continue& more) {
  if (state != State::open) return std::unexpected(Misuse::wrong_state);
  return sender.proceed(more.data, more.fin);
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Prepared& prepared) {
  if (state != State::open) return std::unexpected(Misuse::wrong_state);
  return sender.prepared(*prepared.message);
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Ping& ping) {
  return submit_control(Opcode::ping, ping.payload);
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Pong& pong) {
  return submit_control(Opcode::pong, pong.payload);
}

std::expected<void, Misuse> Connection::Impl::submit_control(Opcode opcode, ByteView payload) {
  if (state != State::open) return std::unexpected(Misuse::wrong_state);
  if (payload.size() > kMaxControlPayload) return std::unexpected(Misuse::control_too_long);  // RFC 6455 5.5
  sender.control(opcode, payload);
  return {};
}

std::expected<void, Misuse> Connection::Impl::submit(const command::Close& close) {
  if (state != State::open) return std::unexpected(Misuse::wrong_state);
  if (close.reason) {
    const auto& [code, text] = *close.reason;
    // RFC 6455 7.4.1: 1010 is the client's alone.
    if (!close_code_on_wire(code) || (!is_client() && code == close_code::kMandatoryExtension))
      return std::unexpected(Misuse::close_code_invalid);
    if (text.size() > kMaxControlPayload - 2) return std::unexpected(Misuse::close_reason_too_long);
    if (!is_utf8(as_octets(text))) return std::unexpected(Misuse::text_not_utf8);
  }
  sender.flush_pong();
  sender.control(Opcode::close, encode_close(close.reason));
  move(Cause::close_sent);
  return {};
}

Connection::Connection(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Connection Connection::opened(Options options, std::optional<DeflateParams> deflate) {
  auto impl = std::make_unique<Impl>(std::move(options));
  impl->open(deflate);
  return Connection(std::move(impl));
}

void Connection::receive(ByteView octets) { impl_->receive(octets); }

void Connection::receive_eof() {
  if (impl_->state != State::closed) impl_->become_closed(Cause::eof);
}

void Connection::expire() {
  if (!timer()) return;
  impl_->sender.drop_output();  // the time to write it is over
  impl_->become_closed(Cause::expired);
}

std::expected<void, Misuse> Connection::submit(const Command& command) {
  return std::visit([this](const auto& one) { return impl_->submit(one); }, command);
}

std::optional<Event> Connection::next_event() { return impl_->events.take(); }

std::optional<Piece> Connection::take_piece() {
  // RFC 6455 7.1.7: nothing of a message that was cut short by a failure or a Close counts any more.
  if (impl_->state != State::open && impl_->state != State::closing) return std::nullopt;
  return impl_->message_reader.take_piece();
}

ByteView Connection::output() const noexcept { return impl_->sender.output(); }

std::size_t Connection::kept() const noexcept {
  return impl_->message_reader.kept() + impl_->head.capacity() + impl_->control_payload.capacity() +
         impl_->sender.output().size();
}

void Connection::wrote(std::size_t octets) { impl_->sender.wrote(octets); }

bool Connection::wants_shutdown() const noexcept {
  if (!output().empty()) return false;
  if (impl_->state == State::closed) return true;
  if (impl_->state != State::draining) return false;
  // RFC 6455 7.1.1: after a closing handshake the server ends TCP at once, and the client waits for
  // that. A failed connection is ended by whoever failed it.
  return !impl_->is_client() || !impl_->peer_close_code;
}

std::optional<std::chrono::milliseconds> Connection::timer() const noexcept {
  switch (impl_->state) {
    case State::connecting:
      return impl_->options.limits.handshake;
    case State::closing:
    case State::draining:
      return impl_->options.limits.close;
    case State::open:
    case State::closed:
      break;
  }
  return std::nullopt;
}

State Connection::state() const noexcept { return impl_->state; }

}  // namespace ws

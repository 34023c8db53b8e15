// client.cc - one connection: the opening handshake, then messages and their echoes.
#include "runner/bench/client.h"

#include <fmt/format.h>
#include <ws/io/net/random.h>

#include <algorithm>
#include <utility>

namespace touchstone::bench {
namespace {

ws::Connection ask(const LoadOptions& options) {
  ws::Options given;
  given.mask_key = ws::io::random_mask_key;
  given.nonce = ws::io::random_nonce;
  if (!options.deflate) given.deflate_offer.reset();
  ws::Connection connection(std::move(given));
  const std::string host = options.host.empty() ? ws::host_field(options.url) : options.host;
  const ws::Command request = ws::command::Connect{host, options.url.target, options.subprotocols, options.fields};
  if (const auto asked = connection.submit(request); !asked)
    throw std::runtime_error("the request was not sent: " + std::string(ws::describe(asked.error())));
  return connection;
}

std::string words(const ws::Rule& rule) {
  return fmt::format("the server broke a rule: {} ({})", rule.text, rule.requirement);
}

}  // namespace

Client::Client(Shared& shared, Channel channel)
    : shared_(shared), channel_(std::move(channel)), begun_(shared.now), due_(shared.options.in_flight) {}

void Client::end(std::string reason) {
  if (state_ == State::ended) return;
  state_ = State::ended;
  reason_ = std::move(reason);
}

Client::Told Client::ready(const OnEcho& on_echo) {
  Told told;
  if (state_ == State::connecting) connect(told);
  if (state_ != State::connecting && state_ != State::ended) {
    told.wants_write = flush() || told.wants_write;
    read(told, on_echo);
    told.wants_write = told.wants_write || !waiting_output_.empty();
  }
  return told;
}

void Client::connect(Told& told) {
  switch (channel_.establish()) {
    case Channel::State::done:
      break;
    case Channel::State::wants_write:
      told.wants_write = true;
      return;
    case Channel::State::wants_read:
      return;
    default:
      return end("connect to " + shared_.address + ": " + channel_.error());
  }
  if (shared_.options.raw) return open(told);
  state_ = State::opening;
  handshake_ = std::make_unique<ws::Connection>(ask(shared_.options));
  ws::append(waiting_output_, handshake_->output());
}

void Client::read(Told& told, const OnEcho& on_echo) {
  while (state_ != State::ended) {
    const auto moved = channel_.read(shared_.input);
    shared_.now = Clock::now();  // a turn of the loop is long: this echo came now
    take(ws::ByteView(shared_.input).first(moved.octets), told, on_echo);
    if (state_ == State::ended) return;
    if (moved.state == Channel::State::ended)
      return end(state_ == State::closing   ? std::string()
                 : state_ == State::opening ? "opening handshake: the connection ended before it was complete"
                                            : "the server ended TCP without a Close frame");
    if (moved.state == Channel::State::failed) return end(channel_.error());
    if (moved.state == Channel::State::wants_write) told.wants_write = true;
    // A socket that still has octets is reported again; OpenSSL's own buffer is not.
    if (moved.state != Channel::State::done || !shared_.options.url.secure) return;
  }
}

void Client::take(ws::ByteView in, Told& told, const OnEcho& on_echo) {
  while (!in.empty() && state_ != State::ended) {
    if (state_ == State::opening) {
      in = take_handshake(in, told);
    } else if (!frame_) {
      ws::HeaderContext context{.masked = false,
                                .deflate = inflater_.has_value(),
                                .in_message = in_message_,
                                .message_compressed = compressed_,
                                .fragments = fragments_};
      const auto header = header_reader_.take(in, context, shared_.limits);
      if (!header) return end(words(ws::rule(header.error())));
      if (!*header) return;
      if (!begin_frame(**header)) return;
      if (frame_left_ == 0 && !end_frame(told, on_echo)) return;
    } else {
      const auto piece = in.first(static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), frame_left_)));
      in = in.subspan(piece.size());
      frame_left_ -= piece.size();
      if (!take_payload(piece)) return;
      if (frame_left_ == 0 && !end_frame(told, on_echo)) return;
    }
  }
}

// Line by line, so that what comes after the head is still there when the connection opens.
ws::ByteView Client::take_handshake(ws::ByteView in, Told& told) {
  ws::io::FrameCutter cutter;
  const std::size_t count = cutter.next(in, ws::State::connecting);
  handshake_->receive(in.first(count));
  while (auto event = handshake_->next_event()) {
    decide(*event, told);
    if (state_ == State::opening) continue;
    handshake_.reset();  // here alone: end() is called in the middle of its events
    break;
  }
  return in.subspan(count);
}

void Client::decide(const ws::Event& event, Told& told) {
  if (const auto* const yes = std::get_if<ws::event::Opened>(&event)) {
    if (yes->deflate) agree(*yes->deflate);
    open(told);
  } else if (const auto* const no = std::get_if<ws::event::Rejected>(&event)) {
    std::string words = fmt::format("opening handshake: the server refused with status {}", no->response.status);
    if (!no->response.reason.empty()) words += " " + ws::one_line(no->response.reason);
    end(std::move(words));
  } else if (const auto* const broken = std::get_if<ws::event::Failed>(&event)) {
    end(fmt::format("opening handshake: {} ({})", ws::rule(broken->violation).text,
                    ws::rule(broken->violation).requirement));
  }
}

void Client::open(Told& told) {
  state_ = State::open;
  was_open_ = told.opened = true;
}

void Client::agree(const ws::DeflateParams& agreed) {
  inflater_.emplace(agreed.server_max_window_bits, agreed.server_no_context_takeover);
  // zlib has no window of 256 octets; RFC 7692 6.1 lets every message go uncompressed.
  if (agreed.client_max_window_bits > 8)
    deflater_.emplace(agreed.client_max_window_bits, agreed.client_no_context_takeover);
}

bool Client::begin_frame(const ws::FrameHeader& header) {
  frame_ = header;
  frame_left_ = header.length;
  if (ws::is_control(header.opcode)) {
    control_.clear();
    return true;
  }
  if (waiting() == 0) {
    end("a message came that nothing was sent for: the server does not merely echo");
    return false;
  }
  if (header.opcode != ws::Opcode::cont) {
    position_ = 0;
    fragments_ = 0;
    compressed_ = header.rsv1;
    in_message_ = true;
    if ((header.opcode == ws::Opcode::text) != shared_.message.is_text()) {
      end(fmt::format("message {} came back as {}", echoed_, ws::name(header.opcode)));
      return false;
    }
  }
  ++fragments_;
  return true;
}

bool Client::take_payload(ws::ByteView piece) {
  if (ws::is_control(frame_->opcode)) {
    ws::append(control_, piece);
    return true;
  }
  if (!compressed_) return compare(piece);
  shared_.scratch.clear();
  // One octet more than the message: then it is another one.
  if (const auto done = inflater_->inflate(piece, shared_.message.size() + 1, shared_.scratch); !done) {
    end(words(ws::rule(done.error())));
    return false;
  }
  return compare(shared_.scratch);
}

bool Client::compare(ws::ByteView piece) {
  const std::size_t same = shared_.message.matching(echoed_, position_, piece);
  position_ += same;
  if (same == piece.size()) return true;
  end(fmt::format("the echo of a message differs from octet {} of {} on", position_, shared_.message.size()));
  return false;
}

bool Client::end_frame(Told& told, const OnEcho& on_echo) {
  const ws::FrameHeader header = *std::exchange(frame_, std::nullopt);
  if (ws::is_control(header.opcode)) return end_control(header.opcode);
  if (!header.fin) return true;
  if (compressed_) {
    shared_.scratch.clear();
    if (const auto done = inflater_->finish(shared_.message.size() + 1, shared_.scratch); !done) {
      end(words(ws::rule(done.error())));
      return false;
    }
    if (!compare(shared_.scratch)) return false;
  }
  in_message_ = false;
  if (position_ != shared_.message.size()) {
    end(fmt::format("the echo of a message has {} bytes instead of {}", position_, shared_.message.size()));
    return false;
  }
  on_echo(due_[static_cast<std::size_t>(echoed_ % due_.size())]);
  ++echoed_;
  ++told.echoes;
  return true;
}

bool Client::end_control(ws::Opcode opcode) {
  if (opcode == ws::Opcode::ping) put_frame(ws::Opcode::pong, control_, false);  // RFC 6455 5.5.2
  if (opcode != ws::Opcode::close) return true;
  const auto reason = ws::decode_close(control_);
  if (state_ == State::closing) {
    end({});
  } else if (!reason) {
    end(words(ws::rule(reason.error())));
  } else {
    // RFC 6455 5.5.1: answered at once. What the kernel does not take now is lost with the connection.
    put_frame(ws::Opcode::close, ws::ByteView(control_).first(std::min<std::size_t>(control_.size(), 2)), false);
    (void)flush();
    end(*reason ? fmt::format("the server closed with {} {}", (*reason)->code, ws::one_line((*reason)->text))
                : "the server closed without a code");
  }
  return false;
}

void Client::put_frame(ws::Opcode opcode, ws::ByteView payload, bool compressed) {
  ws::FrameHeader header{.rsv1 = compressed, .opcode = opcode};
  if (!shared_.options.raw) header.mask = ws::io::random_mask_key();
  if (!waiting_output_.empty()) return ws::encode_frame(header, payload, waiting_output_);
  // The usual case: out at once, and nothing is kept for the connection.
  shared_.frame.clear();
  ws::encode_frame(header, payload, shared_.frame);
  const auto moved = channel_.write(shared_.frame);
  if (moved.state == Channel::State::failed) return end(channel_.error());
  ws::append(waiting_output_, ws::ByteView(shared_.frame).subspan(moved.octets));
}

bool Client::send(Clock::time_point due) {
  due_[static_cast<std::size_t>(sent_ % due_.size())] = due;
  const ws::ByteView message = shared_.message.numbered(sent_++);
  const auto opcode = shared_.message.is_text() ? ws::Opcode::text : ws::Opcode::binary;
  if (deflater_) {
    shared_.scratch.clear();
    deflater_->compress(message, true, shared_.scratch);
    put_frame(opcode, shared_.scratch, true);
  } else {
    put_frame(opcode, message, false);
  }
  return !waiting_output_.empty();
}

bool Client::close() {
  if (state_ != State::open || shared_.options.raw) {
    end({});
    return false;
  }
  put_frame(ws::Opcode::close, ws::encode_close(ws::CloseReason{ws::close_code::kNormal, {}}), false);
  if (state_ == State::open) state_ = State::closing;
  return !waiting_output_.empty();
}

// True while octets wait.
bool Client::flush() {
  if (waiting_output_.empty()) return false;
  const auto moved = channel_.write(ws::ByteView(waiting_output_).subspan(written_));
  written_ += moved.octets;
  if (moved.state == Channel::State::failed) {
    end(channel_.error());
  } else if (written_ == waiting_output_.size()) {
    ws::Bytes().swap(waiting_output_);
    written_ = 0;
  }
  return !waiting_output_.empty();
}

}  // namespace touchstone::bench

#include "fuzz/support/conversation.h"

#include "fuzz/support/check.h"

#include <ws/core/connection/connection.h>
#include <ws/core/connection/fast_way.h>
#include <ws/core/connection/prepared.h>
#include <ws/core/http/handshake.h>
#include <ws/core/utf8.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fuzz {
namespace {

using ws::ByteView;
using ws::Connection;
using ws::Role;

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 1.3

// A digest of 64 bits that is cheap for short pieces.
class Digest {
 public:
  void add(std::uint64_t value) noexcept {
    state_ = (state_ ^ value) * 0x9E3779B97F4A7C15ULL;
    state_ ^= state_ >> 29;
  }
  void add(ByteView octets) noexcept {
    add(octets.size());
    while (octets.size() >= sizeof(std::uint64_t)) {
      std::uint64_t word;
      std::memcpy(&word, octets.data(), sizeof word);
      add(word);
      octets = octets.subspan(sizeof word);
    }
    for (const std::byte octet : octets) add(std::to_integer<std::uint64_t>(octet));
  }
  void add(std::string_view text) noexcept { add(ws::as_octets(text)); }
  [[nodiscard]] std::uint64_t value() const noexcept { return state_; }

 private:
  std::uint64_t state_ = 1;
};

// Data messages that are said or read, in parts or whole: the finished ones.
class Messages {
 public:
  void add(ws::Opcode opcode, ByteView part, bool fin) {
    if (opcode != ws::Opcode::cont) opcode_ = opcode;
    ws::append(message_, part);
    if (!fin) return;
    digest_.add(static_cast<std::uint64_t>(opcode_)), digest_.add(message_);
    message_.clear();
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return digest_.value(); }

 private:
  ws::Opcode opcode_{};
  ws::Bytes message_;
  Digest digest_;
};

struct AddTo {
  Digest& digest;
  Messages& read;
  Seen& seen;
  void fields(const std::vector<ws::Field>& all) const {
    for (const ws::Field& field : all) digest.add(field.name), digest.add(field.value);
  }
  void operator()(const ws::event::Requested& e) const {
    digest.add(e.request.target), fields(e.request.fields), digest.add(e.facts.key);
  }
  void operator()(const ws::event::Opened& e) const {
    digest.add(e.subprotocol), digest.add(e.deflate.has_value()), fields(e.response.fields);
  }
  void operator()(const ws::event::Rejected& e) const {
    digest.add(static_cast<std::uint64_t>(e.response.status)), fields(e.response.fields);
  }
  void operator()(const ws::event::Frame& e) const {
    digest.add(e.header.length), digest.add(static_cast<std::uint64_t>(e.header.opcode)), digest.add(e.header.fin);
  }
  void operator()(const ws::event::Text& e) const { read.add(ws::Opcode::text, ws::as_octets(e.data), true); }
  void operator()(const ws::event::Binary& e) const { read.add(ws::Opcode::binary, e.data, true); }
  void operator()(const ws::event::Ping& e) const { digest.add(e.payload); }
  void operator()(const ws::event::Pong& e) const { digest.add(e.payload); }
  void operator()(const ws::event::Close& e) const {
    ++seen.close;
    digest.add(e.reason ? e.reason->code : 0), digest.add(e.reason ? std::string_view(e.reason->text) : "");
  }
  void operator()(const ws::event::Failed& e) const {
    ++seen.failed;
    seen.violation = e.violation;
    digest.add(static_cast<std::uint64_t>(e.violation)), digest.add(e.offset);
  }
  void operator()(const ws::event::Closed& e) const {
    ++seen.closed;
    digest.add(e.code), digest.add(e.clean);
  }
};

// Who gives commands, well-formed and not; a refusal must change nothing.
class Application {
 public:
  Application(Connection& connection, Seen& seen) : connection_(connection), seen_(seen) {}

  void give(const ws::Command& command) {
    const auto state = connection_.state();
    const std::size_t before = connection_.output().size();
    if (const auto done = connection_.submit(command); !done)
      seen_.refusal_changed_something |= before != connection_.output().size() || state != connection_.state() ||
                                         ws::describe(done.error()).starts_with("unknown");
    else
      std::visit([this](const auto& given) { note(given); }, command);
  }
  [[nodiscard]] std::uint64_t said() const noexcept { return said_.value(); }

 private:
  void note(const ws::command::Text& text) { said_.add(ws::Opcode::text, ws::as_octets(text.data), text.fin); }
  void note(const ws::command::Binary& binary) { said_.add(ws::Opcode::binary, binary.data, binary.fin); }
  void note(const ws::command::Continue& more) { said_.add(ws::Opcode::cont, more.data, more.fin); }
  void note(const ws::command::Prepared& p) { said_.add(p.message->opcode(), p.message->payload(), true); }
  void note(const auto&) {}

  Connection& connection_;
  Seen& seen_;
  Messages said_;
};

using Script = void (*)(Application&);

void say(Application& app) {
  app.give(ws::command::Text{"H\xc3\xa4llo"});
  app.give(ws::command::Binary{ws::as_octets(kKey)});
  app.give(ws::command::Ping{ws::as_octets("?")});
  app.give(ws::command::Pong{});
}

void say_in_fragments(Application& app) {
  app.give(ws::command::Text{"H\xc3", false});
  app.give(ws::command::Binary{});  // refused: a message is in progress
  app.give(ws::command::Ping{});
  app.give(ws::command::Continue{ws::as_octets("\xff")});  // refused: no code point goes on like this
  app.give(ws::command::Continue{ws::as_octets("\xa4"), false});
  app.give(ws::command::Continue{});
  app.give(ws::command::Continue{});  // refused: no message is in progress
}

// Between others, which must not refer to what the deflater did not compress itself.
void say_prepared(Application& app) {
  static const std::string kFarRepeated = [] {  // its end refers further back than the smallest window reaches
    Random random(1);
    std::string text;
    while (text.size() <= 512) text += static_cast<char>('a' + below(random, 16));
    return text + text.substr(0, 40);
  }();
  static const auto kLong = ws::PreparedMessage::text(kFarRepeated);
  static const auto kShort = ws::PreparedMessage::binary(ws::as_octets("prepared, prepared, prepared"));
  app.give(ws::command::Text{"Hello, Hello"});
  app.give(ws::command::Prepared{&*kLong});
  app.give(ws::command::Text{"Hello, Hello", false});
  app.give(ws::command::Prepared{&kShort});  // refused: a message is in progress
  app.give(ws::command::Continue{});
  app.give(ws::command::Prepared{&kShort});
  app.give(ws::command::Text{"Hello, Hello"});
}

void half_a_message(Application& app) { app.give(ws::command::Text{"half", false}); }

void close(Application& app) { app.give(ws::command::Close{ws::CloseReason{1000, "bye"}}); }

void close_empty(Application& app) {
  app.give(ws::command::Binary{ws::as_octets("half"), false});
  app.give(ws::command::Close{});
}

void misuse(Application& app) {
  static const std::string kLong(126, 'x');
  static const std::string kSpaced = "a b";
  static const std::vector<ws::Field> kForbidden = {{"Content-Length", "1"}};
  app.give(ws::command::Text{"\xff"});
  app.give(ws::command::Text{"\xc3"});
  app.give(ws::command::Ping{ws::as_octets(kLong)});
  app.give(ws::command::Close{ws::CloseReason{1005, ""}});
  app.give(ws::command::Close{ws::CloseReason{1000, kLong}});
  app.give(ws::command::Close{ws::CloseReason{1000, "\xff"}});
  app.give(ws::command::Accept{.subprotocol = kSpaced});
  app.give(ws::command::Accept{.extra_fields = kForbidden});
  app.give(ws::command::Reject{.status = 204});
  app.give(ws::command::Connect{"server.example.com", "no-path"});
  app.give(ws::command::Connect{"server.example.com", "/"});
}

constexpr Script kScripts[] = {nullptr,        say_prepared, say,         say_in_fragments,
                               half_a_message, close,        close_empty, misuse};

// The answer to a request that was good: mostly Accept. High values of the script octet choose the others.
void answer(Application& app, const Conversation& conversation, const ws::event::Requested& request) {
  if (conversation.script >= 224)
    return app.give(ws::command::Reject{.status = 400 + conversation.script - 224, .body = "no"});
  if (conversation.script >= 192) {
    constexpr std::array kStatus = {101, 200, 301, 302, 303, 304, 307, 308, 500, 501, 502, 503, 504, 505, 600, 429};
    return app.give(ws::command::Reject{.status = kStatus[conversation.script % kStatus.size()]});
  }
  const auto& offered = request.facts.subprotocols;
  app.give(ws::command::Accept{.subprotocol = "not-offered"});
  const std::string subprotocol = offered.empty() || conversation.script >= 128 ? std::string() : offered.back();
  static const std::vector<ws::Field> kFields = {{"Server", "fuzzed"}};
  app.give(ws::command::Accept{.subprotocol = subprotocol, .extra_fields = kFields});
}

ws::Options options(const Conversation& conversation) {
  ws::Options out;
  out.role = conversation.role;
  out.report_frames = conversation.report_frames;
  if (conversation.small_limits) {
    out.limits.frame = 300;
    out.limits.message = 400;
    out.limits.fragments = 5;
    out.limits.head = {.octets = 400, .fields = 10};
  } else {
    out.limits.frame = 1 << 20;
    out.limits.message = 1 << 16;  // a bomb that is larger shows nothing more, and takes longer
  }
  out.mask_key = [] { return ws::MaskKey{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}}; };
  out.nonce = [] { return ws::encode_nonce(ws::as_octets("the sample nonce").first<16>()); };  // RFC 6455 1.3
  out.deflate_offer.reset();
  out.deflate_preference.reset();
  if (!conversation.deflate) return out;
  out.deflate_preference = conversation.params;
  const auto& p = conversation.params;
  out.deflate_offer = ws::DeflateOffer{.server_no_context_takeover = p.server_no_context_takeover,
                                       .client_no_context_takeover = p.client_no_context_takeover,
                                       .client_max_window_bits = conversation.window_offer};
  if (p.server_max_window_bits < 15) out.deflate_offer->server_max_window_bits = p.server_max_window_bits;
  if (p.client_max_window_bits < 15 && conversation.window_offer)
    out.deflate_offer->client_max_window_bits_hint = p.client_max_window_bits;
  return out;
}

class Player {
 public:
  Player(const Conversation& conversation, std::size_t piece)
      : conversation_(conversation),
        piece_(piece),
        connection_(conversation.opened
                        ? Connection::opened(options(conversation),
                                             conversation.deflate ? std::optional(conversation.params) : std::nullopt)
                        : Connection(options(conversation))),
        application_(connection_, seen_) {
    if (conversation.opened || conversation.role == Role::server) return;
    static const std::vector<std::string> kSubprotocols = {"chat", "superchat"};
    static const std::vector<ws::Field> kFields = {{"Origin", "http://example.com"}};
    application_.give(ws::command::Connect{"server.example.com", "no-path"});
    application_.give(ws::command::Connect{"server.example.com", "/chat", kSubprotocols, kFields});
    look();
  }

  Seen run() {
    const std::size_t moment = std::min(conversation_.moment, conversation_.octets.size());
    feed(conversation_.octets.first(moment));
    if (const Script script = kScripts[conversation_.script % std::size(kScripts)]) script(application_);
    if (in_pieces()) connection_ = Connection(std::move(connection_));  // goes on as before
    look();
    feed(conversation_.octets.subspan(moment));
    // RFC 6455 7.1.1: after the closing handshake it is the server that ends TCP.
    if (seen_.close != 0) check(ended_ == (conversation_.role == Role::server), "who ends TCP depends on the role");
    if (conversation_.expires) {
      connection_.expire();
      look();
    }
    connection_.receive_eof();
    look();
    seen_.ready_to_end = connection_.wants_shutdown();
    connection_.receive(conversation_.octets);  // nobody is there any more
    look();
    seen_.events = events_.value();
    seen_.said = application_.said();
    seen_.read = read_.value();
    return std::move(seen_);
  }

 private:
  [[nodiscard]] bool in_pieces() const noexcept { return piece_ != 0; }

  void feed(ByteView octets) {
    while (!octets.empty()) {
      const std::size_t n = in_pieces() ? std::min(piece_, octets.size()) : octets.size();
      connection_.receive(octets.first(n));
      look();
      octets = octets.subspan(n);
    }
  }

  void look() {
    while (const auto event = connection_.next_event()) {
      seen_.after_closed |= seen_.closed != 0;
      ++seen_.event_count;
      events_.add(event->index());
      std::visit(AddTo{events_, read_, seen_}, *event);
      if (const auto* request = std::get_if<ws::event::Requested>(&*event))
        answer(application_, conversation_, *request);
    }
    if (in_pieces() && conversation_.takes_pieces) take_pieces();
    write();
  }

  void take_pieces() {
    while (const auto piece = connection_.take_piece()) {
      check(!piece->data.empty(), "a piece has octets");
      check(!piece->is_text || ws::is_utf8(piece->data), "a piece of a text ends between code points");
      read_.add(piece->is_text ? ws::Opcode::text : ws::Opcode::binary, piece->data, false);
    }
  }

  // All of the output: at once, or half of what there is each time.
  void write() {
    if (in_pieces() && conversation_.lends_memory)
      ws::FastWay::swap_output_memory(connection_, memory_);  // of an empty output only
    for (ByteView out = connection_.output(); !out.empty(); out = connection_.output()) {
      if (in_pieces()) out = out.first((out.size() + 1) / 2);
      seen_.sent_after_the_end |= ended_;
      ws::append(seen_.sent, out);
      connection_.wrote(out.size());
    }
    ended_ = connection_.wants_shutdown();
  }

  const Conversation& conversation_;
  std::size_t piece_;
  Seen seen_;
  Digest events_;
  Messages read_;
  ws::Bytes memory_;
  bool ended_ = false;
  Connection connection_;
  Application application_;
};

// RFC 6455 5: a strict peer reads what was said and finds no fault. Behind our own Close stand at most Pongs (5.5.1).
bool peer_reads(const Conversation& conversation, ByteView sent, std::uint64_t said) {
  const Seen peer = play({.role = conversation.role == Role::server ? Role::client : Role::server,
                          .opened = true,
                          .deflate = conversation.deflate,
                          .params = conversation.params,
                          .octets = sent},
                         0);
  if (peer.read != said || (peer.failed != 0 && peer.violation != ws::Violation::frame_after_close)) return false;
  const WireFrames all = read_frames(sent);
  const auto last =
      std::ranges::find(all.frames, ws::Opcode::close, [](const WireFrame& f) { return f.header.opcode; });
  return all.rest.empty() && (last == all.frames.end() ||
                              std::all_of(last + 1, all.frames.end(),
                                          [](const WireFrame& f) { return f.header.opcode == ws::Opcode::pong; }));
}

}  // namespace

Conversation read_conversation(Role role, ByteView input) {
  Choices choices(input);
  const unsigned how = choices.octet(), deflate = choices.octet();
  Conversation conversation{.role = role};
  conversation.opened = (how & 1) != 0;
  conversation.report_frames = (how & 2) != 0;
  conversation.small_limits = (how & 4) != 0;
  conversation.expires = (how & 8) != 0;
  conversation.deflate = (how & 16) != 0;
  conversation.window_offer = (how & 32) == 0;
  conversation.takes_pieces = (how & 64) != 0;
  conversation.lends_memory = (how & 128) != 0;
  conversation.params = {.server_no_context_takeover = (deflate & 1) != 0,
                         .client_no_context_takeover = (deflate & 2) != 0,
                         .server_max_window_bits = static_cast<int>(8 + (deflate >> 2 & 7)),
                         .client_max_window_bits = static_cast<int>(8 + (deflate >> 5 & 7))};
  conversation.script = choices.octet();
  conversation.moment = choices.octet();
  conversation.octets = choices.rest();
  return conversation;
}

Seen play(const Conversation& conversation, std::size_t piece) { return Player(conversation, piece).run(); }

void check_conversation(const Conversation& conversation) {
  const Seen whole = play(conversation, 0), pieces = play(conversation, 1);
  check(whole.closed == 1 && !whole.after_closed, "the connection is closed once, and nothing comes after that");
  check(whole.ready_to_end, "when all is over, TCP can be ended");
  check(whole.failed <= 1 && whole.close <= 1, "a connection fails and receives a Close at most once");
  check(!whole.refusal_changed_something, "a refused command changes nothing");
  check(!whole.sent_after_the_end && !pieces.sent_after_the_end, "when TCP can be ended, all is said");
  check(whole.event_count == pieces.event_count && whole.events == pieces.events,
        "whole and octet by octet, the peer's octets give equal events");
  check(whole.sent == pieces.sent, "whole and octet by octet, the peer's octets give equal output");
  check(whole.read == pieces.read, "messages are the same however they are read");
  if (conversation.opened && !whole.sent.empty())
    check(peer_reads(conversation, whole.sent, whole.said), "what is sent breaks no rule, and is what was said");
}

std::size_t mutate_conversation(Role role, std::span<std::uint8_t> buffer, std::size_t size, unsigned seed,
                                const MutateOctets& mutate_octets) {
  Random random(seed);
  ws::Bytes input = ws::to_bytes(std::as_bytes(buffer.first(size)));
  if (input.size() < kChoices) input.resize(kChoices);
  const std::size_t which = below(random, 16);
  if (which == 0) {  // one choice
    input[below(random, kChoices)] ^= static_cast<std::byte>(1U << below(random, 8));
  } else if (which == 1) {  // anything
    mutate_octets(input, buffer.size());
  } else {
    const bool opened = (std::to_integer<unsigned>(input[0]) & 1) != 0;
    std::size_t frames_at = kChoices;
    if (!opened) {
      const auto end = ws::as_text(input).find("\r\n\r\n", kChoices);
      frames_at = end == std::string_view::npos ? input.size() : end + 4;
      if (which < 8) {
        ws::Bytes head(input.begin() + kChoices, input.begin() + static_cast<std::ptrdiff_t>(frames_at));
        mutate_octets(head, buffer.size());
        input.erase(input.begin() + kChoices, input.begin() + static_cast<std::ptrdiff_t>(frames_at));
        input.insert(input.begin() + kChoices, head.begin(), head.end());
        frames_at = kChoices + head.size();
      }
    }
    if (opened || which >= 8) {
      WireFrames frames = read_frames(ByteView(input).subspan(frames_at));
      mutate_frames(frames, role == Role::server, random, mutate_octets);
      input.resize(frames_at);
      ws::append(input, write_frames(frames));
    }
  }
  const std::size_t n = std::min(input.size(), buffer.size());
  std::memcpy(buffer.data(), input.data(), n);
  return n;
}

}  // namespace fuzz

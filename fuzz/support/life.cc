#include "fuzz/support/life.h"

#include "fuzz/support/promise.h"

#include <ws/core/handshake.h>

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

struct AddTo {
  Digest& digest;
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
  void operator()(const ws::event::Text& e) const { digest.add(e.data); }
  void operator()(const ws::event::Binary& e) const { digest.add(e.data); }
  void operator()(const ws::event::Ping& e) const { digest.add(e.payload); }
  void operator()(const ws::event::Pong& e) const { digest.add(e.payload); }
  void operator()(const ws::event::Close& e) const {
    ++seen.close;
    digest.add(e.reason ? e.reason->code : 0), digest.add(e.reason ? std::string_view(e.reason->text) : "");
  }
  void operator()(const ws::event::Failed& e) const {
    ++seen.failed;
    digest.add(static_cast<std::uint64_t>(e.violation)), digest.add(e.offset);
  }
  void operator()(const ws::event::Closed& e) const {
    ++seen.closed;
    digest.add(e.code), digest.add(e.clean);
  }
};

// Commands that an application may give, well-formed and not; a refusal must change nothing.
using Script = void (*)(Connection&, Seen&);

void give(Connection& connection, Seen& seen, const ws::Command& command) {
  const auto state = connection.state();
  const std::size_t before = connection.output().size();
  const auto done = connection.submit(command);
  if (done) return;
  seen.refusal_changed_something |= before != connection.output().size() || state != connection.state() ||
                                    ws::describe(done.error()).starts_with("unknown");
}

void say(Connection& c, Seen& seen) {
  give(c, seen, ws::command::Text{"H\xc3\xa4llo"});
  give(c, seen, ws::command::Binary{ws::as_octets(kKey)});
  give(c, seen, ws::command::Ping{ws::as_octets("?")});
  give(c, seen, ws::command::Pong{});
}

void say_in_fragments(Connection& c, Seen& seen) {
  give(c, seen, ws::command::Text{"H\xc3", false});
  give(c, seen, ws::command::Binary{});  // refused: a message is in progress
  give(c, seen, ws::command::Ping{});
  give(c, seen, ws::command::Continue{ws::as_octets("\xff")});  // refused: no code point goes on like this
  give(c, seen, ws::command::Continue{ws::as_octets("\xa4"), false});
  give(c, seen, ws::command::Continue{});
  give(c, seen, ws::command::Continue{});  // refused: no message is in progress
}

void half_a_message(Connection& c, Seen& seen) { give(c, seen, ws::command::Text{"half", false}); }

void close(Connection& c, Seen& seen) { give(c, seen, ws::command::Close{ws::CloseReason{1000, "bye"}}); }

void close_empty(Connection& c, Seen& seen) {
  give(c, seen, ws::command::Binary{ws::as_octets("half"), false});
  give(c, seen, ws::command::Close{});
}

void misuse(Connection& c, Seen& seen) {
  static const std::string kLong(126, 'x');
  static const std::string kSpaced = "a b";
  static const std::vector<ws::Field> kForbidden = {{"Content-Length", "1"}};
  give(c, seen, ws::command::Text{"\xff"});
  give(c, seen, ws::command::Text{"\xc3"});
  give(c, seen, ws::command::Ping{ws::as_octets(kLong)});
  give(c, seen, ws::command::Close{ws::CloseReason{1005, ""}});
  give(c, seen, ws::command::Close{ws::CloseReason{1000, kLong}});
  give(c, seen, ws::command::Close{ws::CloseReason{1000, "\xff"}});
  give(c, seen, ws::command::Accept{.subprotocol = kSpaced});
  give(c, seen, ws::command::Accept{.extra_fields = kForbidden});
  give(c, seen, ws::command::Reject{.status = 204});
  give(c, seen, ws::command::Connect{"server.example.com", "no-path"});
  give(c, seen, ws::command::Connect{"server.example.com", "/"});
}

constexpr Script kScripts[] = {nullptr, nullptr, say, say_in_fragments, half_a_message, close, close_empty, misuse};

// The answer to a request that was good: mostly Accept. High values of the script octet choose the others.
void answer(Connection& connection, const Life& life, Seen& seen, const ws::event::Requested& request) {
  if (life.script >= 224)
    return give(connection, seen, ws::command::Reject{.status = 400 + life.script - 224, .body = "no"});
  if (life.script >= 192) {
    constexpr std::array kStatus = {101, 200, 301, 302, 303, 304, 307, 308, 500, 501, 502, 503, 504, 505, 600, 429};
    return give(connection, seen, ws::command::Reject{.status = kStatus[life.script % kStatus.size()]});
  }
  const auto& offered = request.facts.subprotocols;
  give(connection, seen, ws::command::Accept{.subprotocol = "not-offered"});
  const std::string subprotocol = offered.empty() || life.script >= 128 ? std::string() : offered.back();
  static const std::vector<ws::Field> kFields = {{"Server", "fuzzed"}};
  give(connection, seen, ws::command::Accept{.subprotocol = subprotocol, .extra_fields = kFields});
}

ws::Options options(const Life& life) {
  ws::Options out;
  out.role = life.role;
  out.report_frames = life.report_frames;
  if (life.small_limits) {
    out.limits.frame = 300;
    out.limits.message = 400;
    out.limits.fragments = 5;
    out.limits.head = {.octets = 400, .fields = 10};
  } else {
    out.limits.frame = out.limits.message = 1 << 20;
  }
  out.mask_key = [] { return ws::MaskKey{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}}; };
  out.nonce = [] { return std::string(kKey); };
  out.deflate_offer.reset();
  out.deflate_preference.reset();
  if (!life.deflate) return out;
  out.deflate_preference = life.params;
  const auto& p = life.params;
  out.deflate_offer = ws::DeflateOffer{.server_no_context_takeover = p.server_no_context_takeover,
                                       .client_no_context_takeover = p.client_no_context_takeover,
                                       .client_max_window_bits = life.window_offer};
  if (p.server_max_window_bits < 15) out.deflate_offer->server_max_window_bits = p.server_max_window_bits;
  if (p.client_max_window_bits < 15 && life.window_offer)
    out.deflate_offer->client_max_window_bits_hint = p.client_max_window_bits;
  return out;
}

class Living {
 public:
  Living(const Life& life, ws::Bytes* sent)
      : life_(life),
        sent_(sent),
        connection_(life.opened
                        ? Connection::opened(options(life), life.deflate ? std::optional(life.params) : std::nullopt)
                        : Connection(options(life))) {
    if (life.opened || life.role == Role::server) return;
    static const std::vector<std::string> kSubprotocols = {"chat", "superchat"};
    static const std::vector<ws::Field> kFields = {{"Origin", "http://example.com"}};
    give(connection_, seen_, ws::command::Connect{"server.example.com", "/chat", kSubprotocols, kFields});
    look();
  }

  Seen run(std::size_t piece) {
    const std::size_t moment = std::min(life_.moment, life_.octets.size());
    feed(life_.octets.first(moment), piece);
    if (const Script script = kScripts[life_.script % std::size(kScripts)]) script(connection_, seen_);
    look();
    feed(life_.octets.subspan(moment), piece);
    if (life_.expires) {
      connection_.expire();
      look();
    }
    connection_.receive_eof();
    look();
    seen_.ready_to_end = connection_.wants_shutdown();
    seen_.events = events_.value();
    seen_.output = output_.value();
    return seen_;
  }

 private:
  void feed(ByteView octets, std::size_t piece) {
    while (!octets.empty()) {
      const std::size_t n = piece == 0 ? octets.size() : std::min(piece, octets.size());
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
      std::visit(AddTo{events_, seen_}, *event);
      if (const auto* request = std::get_if<ws::event::Requested>(&*event)) answer(connection_, life_, seen_, *request);
    }
    const ByteView out = connection_.output();
    if (out.empty()) return;
    // Octet by octet, for the pieces in which the output comes are not the same in every life.
    for (const std::byte octet : out) output_.add(std::to_integer<std::uint64_t>(octet));
    seen_.output_size += out.size();
    if (sent_ != nullptr) ws::append(*sent_, out);
    connection_.wrote(out.size());
  }

  const Life& life_;
  ws::Bytes* sent_;
  Seen seen_;
  Digest events_, output_;
  Connection connection_;
};

// RFC 6455 5: a strict peer finds no fault in what was sent. Behind our own Close stand at most Pongs (5.5.1).
bool peer_reads(const Life& life, ByteView sent) {
  const Life reader{.role = life.role == Role::server ? Role::client : Role::server};
  Connection peer = Connection::opened(options(reader), life.deflate ? std::optional(life.params) : std::nullopt);
  peer.receive(sent);
  while (const auto event = peer.next_event())
    if (const auto* failed = std::get_if<ws::event::Failed>(&*event))
      if (failed->violation != ws::Violation::frame_after_close) return false;
  const WireFrames all = read_frames(sent);
  const auto last =
      std::ranges::find(all.frames, ws::Opcode::close, [](const WireFrame& f) { return f.header.opcode; });
  return all.rest.empty() && (last == all.frames.end() ||
                              std::all_of(last + 1, all.frames.end(),
                                          [](const WireFrame& f) { return f.header.opcode == ws::Opcode::pong; }));
}

}  // namespace

Life read_life(Role role, ByteView input) {
  Choices choices(input);
  const unsigned how = choices.octet(), deflate = choices.octet();
  Life life{.role = role};
  life.opened = (how & 1) != 0;
  life.report_frames = (how & 2) != 0;
  life.small_limits = (how & 4) != 0;
  life.expires = (how & 8) != 0;
  life.deflate = (how & 16) != 0;
  life.window_offer = (how & 32) == 0;
  life.params = {.server_no_context_takeover = (deflate & 1) != 0,
                 .client_no_context_takeover = (deflate & 2) != 0,
                 .server_max_window_bits = static_cast<int>(8 + (deflate >> 2 & 7)),
                 .client_max_window_bits = static_cast<int>(8 + (deflate >> 5 & 7))};
  life.script = choices.octet();
  life.moment = choices.octet();
  life.octets = choices.rest();
  return life;
}

Seen live(const Life& life, std::size_t piece, ws::Bytes* sent) { return Living(life, sent).run(piece); }

void check_life(const Life& life) {
  ws::Bytes sent;
  const Seen whole = live(life, 0, &sent), pieces = live(life, 1);
  promise(whole.closed == 1 && !whole.after_closed, "the connection is closed once, and nothing comes after that");
  promise(whole.ready_to_end, "when all is over, TCP can be ended");
  promise(whole.failed <= 1 && whole.close <= 1, "a connection fails and receives a Close at most once");
  promise(!whole.refusal_changed_something, "a refused command changes nothing");
  promise(whole.event_count == pieces.event_count && whole.events == pieces.events,
          "whole and octet by octet, the peer's octets give equal events");
  promise(whole.output_size == pieces.output_size && whole.output == pieces.output,
          "whole and octet by octet, the peer's octets give equal output");
  if (life.opened && !sent.empty()) promise(peer_reads(life, sent), "what is sent breaks no rule");
}

std::size_t mutate_life(Role role, std::span<std::uint8_t> buffer, std::size_t size, unsigned seed,
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

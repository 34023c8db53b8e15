#include "runner/engine/session.h"

#include "runner/engine/inbound.h"
#include "runner/engine/recorder.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>

namespace touchstone {
namespace {

using Clock = std::chrono::steady_clock;

// Payload octets that a transcript keeps of one frame. Bulk cases are made of look-alikes.
constexpr std::size_t kKeepBulk = Entry::kKeptOctets;
constexpr std::size_t kKeep = 64 * 1024;
constexpr std::size_t kFlushAt = 1024 * 1024;    // octets gathered for one write
constexpr std::size_t kWritePiece = 256 * 1024;  // octets that must get through within one time-out

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const Case& c, const Target& target, const SessionOptions& options, DeflateCache& cache,
          std::unique_ptr<ws::io::Stream> stream)
      : case_(c),
        target_(target),
        options_(options),
        cache_(cache),
        stream_(std::move(stream)),
        recorder_(c.bulk ? kKeepBulk : kKeep),
        inbound_(o_, recorder_, lets_go_of_echoes(c)),
        payloads_(options.seed),
        changed_(stream_->executor()),
        watchdog_(stream_->executor()),
        deadline_(Clock::now() + std::max<Clock::duration>(c.deadline, 2 * options.timeout)) {}

  asio::awaitable<Observation> run() {
    if (co_await open()) {
      reading_ = true;
      asio::co_spawn(stream_->executor(), [self = shared_from_this()] { return self->read(); }, asio::detached);
      co_await play(case_.steps);
      note_seen(Seen::Kind::steps_done);
      co_await finish();
    }
    watchdog_.cancel();
    stream_->close();
    while (reading_) co_await sleep_until_changed(Clock::time_point::max());
    recorder_.finish();
    o_.transcript = std::move(recorder_.transcript());
    co_return std::move(o_);
  }

 private:
  enum class Waited : std::uint8_t { done, ended, silent };

  static bool lets_go_of_echoes(const Case& c) { return c.bulk && c.expect && c.expect->echoes; }

  // --- The opening handshake -------------------------------------------------------------------------

  asio::awaitable<bool> open() {
    const OpeningRequest request = opening_request(target_, case_.offer, options_.seed);
    const std::string head = ws::serialize(request.head);
    recorder_.transcript().request = head;
    guard();
    const auto write_error = co_await stream_->write(ws::as_octets(head));
    ws::Bytes octets, buffer(16 * 1024);
    std::optional<std::size_t> end;
    while (!write_error && !end) {
      const auto n = co_await stream_->read_some(buffer);
      if (!n) {
        o_.handshake_failure = opening_failure(n.error(), octets.size());
        break;
      }
      ws::append(octets, std::span(buffer).first(*n));
      const auto found = ws::head_end(octets, {.octets = 64 * 1024, .fields = 1000});
      if (!found) {
        o_.handshake_violation = found.error();
        break;
      }
      end = *found;
    }
    watchdog_.cancel();
    if (write_error) o_.handshake_failure = opening_failure(write_error, 0);
    recorder_.transcript().response = ws::to_string(std::span(octets).first(end.value_or(octets.size())));
    if (!end) co_return false;
    co_return accept_answer(request, octets, *end);
  }

  bool accept_answer(const OpeningRequest& request, const ws::Bytes& octets, std::size_t end) {
    auto answer = ws::parse_response(std::span(octets).first(end), {.octets = 64 * 1024, .fields = 1000});
    if (!answer) {
      o_.handshake_violation = answer.error();
      return false;
    }
    o_.response = std::move(*answer);
    if (o_.response->status != 101) {
      o_.handshake_failure = fmt::format("the server answered {} {}", o_.response->status, o_.response->reason);
      return false;
    }
    const auto agreed = judge_answer(*o_.response, request);
    if (!agreed) {
      o_.handshake_violation = agreed.error();
      return false;
    }
    o_.deflate = *agreed;
    composer_.emplace(ws::Role::client, options_.seed, o_.deflate, cache_);
    inbound_.open(ws::Role::client, o_.deflate);
    take(std::span(octets).subspan(end));
    return true;
  }

  std::string opening_failure(const std::error_code& error, std::size_t got) const {
    if (timed_out_) return fmt::format("no answer to the opening handshake within {} ms", options_.timeout.count());
    if (error == asio::error::eof) {
      return fmt::format("the server closed TCP {} its answer to the opening handshake",
                         got == 0 ? "before" : "inside");
    }
    return fmt::format("the connection ended in the opening handshake: {}", error.message());
  }

  // --- Reading ---------------------------------------------------------------------------------------

  asio::awaitable<void> read() {
    ws::Bytes buffer(64 * 1024);
    while (true) {
      const auto n = co_await stream_->read_some(buffer);
      if (!n) {
        end_of_stream(n.error());
        break;
      }
      take(std::span(buffer).first(*n));
      changed_.cancel();
    }
    reading_ = false;
    changed_.cancel();
  }

  void take(ws::ByteView octets) {
    last_activity_ = Clock::now();
    inbound_.take(octets);
  }

  void end_of_stream(const std::error_code& error) {
    ended_ = true;
    if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) return;
    o_.eof = error == asio::error::eof;
    o_.reset = !o_.eof;
    note_seen(o_.eof ? Seen::Kind::eof : Seen::Kind::reset);
    recorder_.note(Entry::Direction::received, o_.eof ? Entry::Kind::eof : Entry::Kind::reset,
                   o_.eof ? std::string() : error.message());
  }

  // --- Waiting: by events; time is only the failing path -----------------------------------------------

  asio::awaitable<void> sleep_until_changed(Clock::time_point until) {
    changed_.expires_at(until);
    std::error_code ignored;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  // Waits for `done`, for the end of the stream, or for `silence` without an octet from the endpoint.
  asio::awaitable<Waited> wait_for(std::function<bool()> done, Clock::duration silence) {
    last_activity_ = Clock::now();
    while (true) {
      co_await answer_pings();
      if (done()) co_return Waited::done;
      if (ended_) co_return Waited::ended;
      const auto now = Clock::now();
      if (now >= deadline_ || o_.flooded) o_.out_of_time = true;
      if (o_.out_of_time || now - last_activity_ >= silence) co_return Waited::silent;
      co_await sleep_until_changed(std::min(deadline_, last_activity_ + silence));
    }
  }

  asio::awaitable<Waited> wait_for(std::function<bool()> done, std::string what) {
    const Waited waited = co_await wait_for(std::move(done), options_.timeout);
    if (waited == Waited::silent) {
      note_seen(Seen::Kind::silent, what);
      recorder_.note(Entry::Direction::local, Entry::Kind::timeout,
                     fmt::format("nothing more came; waited for {}", what));
    }
    co_return waited;
  }

  [[nodiscard]] bool closed_or_failed() const { return o_.close.has_value() || inbound_.failed(); }

  // --- Writing ---------------------------------------------------------------------------------------

  // Closes the connection when the next octets do not get through in time.
  void guard() {
    watchdog_.expires_after(options_.timeout);
    watchdog_.async_wait([self = weak_from_this()](const std::error_code& error) {
      const auto session = self.lock();
      if (error || !session) return;
      session->timed_out_ = true;
      session->stream_->close();
    });
  }

  asio::awaitable<void> put(ws::ByteView octets) {
    while (!octets.empty() && !ended_ && !write_failed_) {
      const auto piece = octets.first(std::min(octets.size(), kWritePiece));
      octets = octets.subspan(piece.size());
      guard();
      const auto error = co_await stream_->write(piece);
      watchdog_.cancel();
      if (error) write_failed_ = true;  // what the endpoint said before is still to be read
      recorder_.sent_octets(piece.size());
    }
  }

  // Puts all gathered octets on the wire, cut as the case says.
  asio::awaitable<void> flush() {
    const ws::Bytes octets = std::exchange(out_, {});
    if (case_.wire.cut != Wire::Cut::octets) {
      co_await put(octets);
      co_return;
    }
    const auto n = static_cast<std::size_t>(std::max<std::uint64_t>(case_.wire.octets, 1));
    for (std::size_t at = 0; at < octets.size() && !ended_ && !write_failed_; at += n) {
      co_await put(ws::ByteView(octets).subspan(at, std::min(n, octets.size() - at)));
    }
  }

  // Gathers one frame; true when it is time to flush.
  void gather(const WireFrame& frame) {
    recorder_.sent_frame(frame.header, frame.payload);
    if (out_.empty()) out_.reserve(frame.octets.size());
    ws::append(out_, frame.octets);
    cuts_.push_back(out_.size());
  }

  // After each step: one write a frame, or one write for all up to the next wait.
  asio::awaitable<void> after_step() {
    if (case_.wire.cut == Wire::Cut::frame) {
      const ws::Bytes octets = std::exchange(out_, {});
      std::size_t at = 0;
      for (const std::size_t cut : std::exchange(cuts_, {})) {
        co_await put(ws::ByteView(octets).subspan(at, cut - at));
        at = cut;
      }
    } else if (out_.size() >= kFlushAt) {
      cuts_.clear();
      co_await flush();
    }
  }

  Composer::Sink sink() {
    return [this](const WireFrame& frame) { gather(frame); };
  }

  // The endpoint's own Pings are answered (RFC 6455 5.5.2), between our frames.
  asio::awaitable<void> answer_pings() {
    if (inbound_.pings_to_answer.empty() || !out_.empty() || in_frame_) co_return;
    const auto pings = std::exchange(inbound_.pings_to_answer, {});
    if (closing_sent_ || write_failed_ || ended_) co_return;
    for (const auto& ping : pings) composer_->frame(ws::Opcode::pong, true, 0, ping, sink());
    cuts_.clear();
    co_await put(std::exchange(out_, {}));
  }

  // --- Steps -----------------------------------------------------------------------------------------

  [[nodiscard]] bool over() const {
    return ended_ || write_failed_ || gave_up_ || o_.out_of_time || (closed_or_failed() && !o_.sent_close_in_steps);
  }

  asio::awaitable<void> play(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (over()) break;
      if (const auto* frame = std::get_if<step::Frame>(&step.action)) co_await send(*frame);
      if (const auto* message = std::get_if<step::Message>(&step.action)) co_await send(*message);
      if (const auto* close = std::get_if<step::Close>(&step.action)) co_await send(*close);
      if (const auto* sentinel = std::get_if<step::Sentinel>(&step.action)) co_await pass(*sentinel);
      if (std::holds_alternative<step::AwaitEcho>(step.action)) co_await await_echo();
      if (const auto* repeat = std::get_if<step::Repeat>(&step.action)) {
        for (std::uint32_t i = 0; i < repeat->count && !over(); ++i) co_await play(repeat->steps);
      }
    }
  }

  asio::awaitable<void> send(const step::Frame& frame) {
    const ws::Bytes payload = payloads_.make(frame.payload);
    inbound_.sent(frame.opcode, frame.fin, payload);
    composer_->frame(frame.opcode, frame.fin, frame.rsv, payload, sink());
    if (frame.opcode == ws::Opcode::close) mark_close(payload);
    if (frame.pause_at.empty()) {
      co_await after_step();
    } else {
      co_await send_with_pauses(frame, payload.size());
    }
  }

  // Cuts the frame that was gathered last inside its payload. Nothing can be asked of the endpoint there, so
  // each pause is a moment, long for this connection, that ends early when the endpoint reacts.
  asio::awaitable<void> send_with_pauses(const step::Frame& frame, std::size_t payload_size) {
    const ws::Bytes octets = std::exchange(out_, {});
    cuts_.clear();
    const std::size_t head = octets.size() - payload_size;
    std::size_t at = 0;
    in_frame_ = true;
    for (std::size_t i = 0; i < frame.pause_at.size() && !over(); ++i) {
      const std::size_t cut = std::min(octets.size(), head + static_cast<std::size_t>(frame.pause_at[i]));
      co_await put(ws::ByteView(octets).subspan(at, cut - at));
      at = cut;
      const auto moment = std::clamp<Clock::duration>(10 * options_.round_trip, std::chrono::milliseconds(2),
                                                      std::chrono::milliseconds(100));
      const Waited waited = co_await wait_for([this] { return closed_or_failed(); }, moment);
      if (waited == Waited::silent && i < frame.marks.size()) passed(frame.marks[i]);
    }
    in_frame_ = false;
    if (!over()) co_await put(ws::ByteView(octets).subspan(at));
  }

  asio::awaitable<void> send(const step::Message& message) {
    if (!message.parts.empty()) {
      std::vector<ws::Bytes> parts;
      ws::Bytes whole;
      for (const Payload& part : message.parts) {
        parts.push_back(payloads_.make(part));
        ws::append(whole, parts.back());
      }
      inbound_.sent(message.opcode, true, whole);
      composer_->parts(message.opcode, parts, sink());
    } else {
      ws::Bytes payload = payloads_.make(message.payload);
      composer_->message(message.opcode, payload, message.fragment, message.deflate, sink());
      inbound_.sent_message(message.opcode, std::move(payload));
    }
    co_await after_step();
  }

  asio::awaitable<void> send(const step::Close& close) {
    const ws::Bytes payload = close_payload(close.code, payloads_.make(close.reason));
    composer_->frame(ws::Opcode::close, true, 0, payload, sink());
    mark_close(payload);
    co_await after_step();
  }

  void mark_close(ws::ByteView payload) {
    o_.sent_close_in_steps = closing_sent_ = true;
    if (payload.size() >= 2) {
      o_.local_close_code = static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8 |
                                                       std::to_integer<unsigned>(payload[1]));
    }
  }

  void gather_sentinel(std::string mark) {
    // A payload of its own, so that its Pong can be told from any other.
    const std::string payload = fmt::format("touchstone-{:016x}-{}", options_.seed, o_.sent_pings.size());
    o_.sent_pings.push_back({payload, true, std::move(mark)});
    composer_->frame(ws::Opcode::ping, true, 0, ws::as_octets(payload), sink());
  }

  asio::awaitable<void> pass(const step::Sentinel& sentinel) {
    gather_sentinel(sentinel.mark);
    cuts_.clear();
    co_await flush();
    const std::size_t ping = o_.sent_pings.size() - 1;
    const Waited waited = co_await wait_for([this, ping] { return inbound_.answered(ping) || closed_or_failed(); },
                                            fmt::format("the Pong of sentinel {}", sentinel.mark));
    if (waited == Waited::done && inbound_.answered(ping)) passed(sentinel.mark);
  }

  void passed(const std::string& mark) {
    note_seen(Seen::Kind::passed, mark);
    recorder_.note(Entry::Direction::local, Entry::Kind::mark, mark);
  }

  asio::awaitable<void> await_echo() {
    cuts_.clear();
    co_await flush();
    const Waited waited =
        co_await wait_for([this] { return o_.messages.size() >= o_.sent_messages.size() || closed_or_failed(); },
                          fmt::format("the echo of message {}", o_.sent_messages.size()));
    // What was not answered in time fails the case already: the messages behind it would each wait as long.
    if (waited == Waited::silent) gave_up_ = true;
  }

  // --- Ends ------------------------------------------------------------------------------------------

  asio::awaitable<void> finish() {
    const End end = case_.expect ? case_.expect->end : End{end::Polite{}};
    if (std::holds_alternative<end::Polite>(end)) {
      co_await end_politely();
    } else if (std::holds_alternative<end::Fails>(end)) {
      co_await end_in_failure();
    } else {
      cuts_.clear();
      co_await flush();
      co_await wait_for([this] { return closed_or_failed(); }, "a Close in answer to ours");
    }
    co_await end_tcp();
  }

  asio::awaitable<void> end_politely() {
    cuts_.clear();
    co_await flush();
    if (!gave_up_) {
      co_await wait_for([this] { return all_replies_in() || closed_or_failed(); }, "the rest of the replies");
    }
    if (closed_or_failed()) co_return;
    co_await send_close();
    note_seen(Seen::Kind::tester_close);
    co_await wait_for([this] { return closed_or_failed(); }, "a Close in answer to ours");
  }

  [[nodiscard]] bool all_replies_in() const {
    const auto expected =
        case_.expect->echoes
            ? o_.sent_messages.size()
            : static_cast<std::size_t>(std::ranges::count_if(case_.expect->replies, [](const Reply& reply) {
                return reply.kind == Reply::Kind::text || reply.kind == Reply::Kind::binary;
              }));
    return o_.messages.size() >= expected && inbound_.all_answered();
  }

  // A sentinel goes right behind what must fail the connection: its Pong proves that the endpoint went on.
  asio::awaitable<void> end_in_failure() {
    if (over()) co_return;
    const bool can_ask = !closing_sent_;
    const std::size_t ping = o_.sent_pings.size();
    gather_sentinel("after");
    cuts_.clear();
    co_await flush();
    co_await wait_for([this, ping] { return closed_or_failed() || inbound_.answered(ping); },
                      "the end of the connection");
    if (closed_or_failed() || !inbound_.answered(ping)) co_return;
    o_.survived = true;
    // It may yet notice: a Close of ours asks once more.
    if (can_ask) co_await send_close();
    co_await wait_for([this] { return closed_or_failed(); }, "a Close in answer to ours");
  }

  asio::awaitable<void> send_close() {
    if (closing_sent_ || ended_ || write_failed_) co_return;
    closing_sent_ = true;
    std::uint16_t code = ws::close_code::kNormal;
    if (o_.close && *o_.close && ws::close_code_on_wire((*o_.close)->code)) code = (*o_.close)->code;
    // RFC 6455 7.1.6 leaves the answer's body open; an empty Close gets an empty answer.
    if (inbound_.failed()) code = std::max(ws::close_code::kProtocolError, ws::rule(*o_.violation).close_code);
    const bool empty = o_.close && !*o_.close;
    if (!empty) o_.local_close_code = code;
    composer_->frame(ws::Opcode::close, true, 0, empty ? ws::Bytes{} : close_payload(code, {}), sink());
    cuts_.clear();
    co_await put(std::exchange(out_, {}));
  }

  // RFC 6455 7.1.1: the server closes TCP first. One that waits for us gets our FIN after the time-out.
  asio::awaitable<void> end_tcp() {
    if (inbound_.failed()) {
      // RFC 6455 7.1.7: it is the tester that fails the connection now, and there is nothing left to wait for.
      co_await send_close();
      co_return;
    }
    if (o_.close) co_await send_close();
    if (ended_) co_return;
    if (co_await wait_for([] { return false; }, "the end of TCP") == Waited::ended) co_return;
    guard();
    co_await stream_->shutdown_send();
    watchdog_.cancel();
    recorder_.note(Entry::Direction::sent, Entry::Kind::eof);
    if (co_await wait_for([] { return false; }, "the end of TCP after our FIN") == Waited::ended) {
      o_.ended_after_half_close = true;
    } else {
      o_.ended_by_tester = true;
    }
  }

  void note_seen(Seen::Kind kind, std::string payload = {}) {
    o_.seen.push_back({.kind = kind, .message = 0, .payload = std::move(payload)});
  }

  const Case& case_;
  const Target& target_;
  const SessionOptions options_;
  DeflateCache& cache_;
  std::unique_ptr<ws::io::Stream> stream_;
  Observation o_;
  Recorder recorder_;
  Inbound inbound_;
  PayloadGenerator payloads_;
  std::optional<Composer> composer_;
  asio::steady_timer changed_, watchdog_;
  Clock::time_point deadline_, last_activity_ = Clock::now();
  ws::Bytes out_;                  // gathered, not yet written
  std::vector<std::size_t> cuts_;  // ends of the frames in out_
  bool reading_ = false, ended_ = false, write_failed_ = false, timed_out_ = false;
  bool closing_sent_ = false, in_frame_ = false, gave_up_ = false;
};

}  // namespace

asio::awaitable<std::expected<Observation, ws::io::DialError>> observe(const Case& c, const Target& target,
                                                                       const SessionOptions& options,
                                                                       DeflateCache& cache) {
  ws::io::DialOptions dial;
  dial.host = target.url.host;
  dial.port = target.url.port;
  dial.family = target.family;
  if (target.url.secure) dial.tls = target.tls;
  dial.deadline = options.timeout;
  auto stream = co_await ws::io::dial(dial);
  if (!stream) co_return std::unexpected(stream.error());
  const auto session = std::make_shared<Session>(c, target, options, cache, std::move(*stream));
  co_return co_await session->run();
}

}  // namespace touchstone

#include "runner/engine/talk/dialogue.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>

namespace touchstone {
namespace {

constexpr std::size_t kFlushAt = 1024 * 1024;    // octets gathered for one write
constexpr std::size_t kWritePiece = 256 * 1024;  // octets that must get through within one time-out

bool lets_go_of_echoes(const Case& c) { return c.bulk && c.expect && c.expect->echoes; }

}  // namespace

Dialogue::Dialogue(const Case& c, const SessionOptions& options, DeflateCache& cache, ws::Role role, Opening opening)
    : case_(c),
      options_(options),
      role_(role),
      stream_(std::move(opening.stream)),
      o_(std::move(opening.observation)),
      recorder_(std::move(opening.recorder)),
      inbound_(o_, recorder_, lets_go_of_echoes(c)),
      payloads_(options.seed),
      composer_(role, options.seed, o_.deflate, cache),
      changed_(stream_->executor()),
      stuck_(stream_->executor()),
      watchdog_(*stream_),
      deadline_(Clock::now() + std::max<Clock::duration>(c.deadline, 2 * options.timeout)),
      early_(std::move(opening.early)),
      ahead_(opening.ahead) {}

asio::awaitable<Observation> Dialogue::run() {
  if (options_.process != 0) usage_before_ = usage_of(options_.process);
  inbound_.open(role_, o_.deflate);
  take(early_);
  reading_ = true;
  asio::co_spawn(stream_->executor(), [self = shared_from_this()] { return self->read(); }, asio::detached);
  co_await play(case_.steps);
  note_seen(Seen::Kind::steps_done);
  co_await finish();
  watchdog_.disarm();
  stream_->close();
  while (reading_) co_await sleep_until_changed(Clock::time_point::max());
  recorder_.finish();
  o_.transcript = std::move(recorder_.transcript());
  co_return std::move(o_);
}

// --- Reading ---------------------------------------------------------------------------------------

asio::awaitable<void> Dialogue::read() {
  ws::Bytes buffer(64 * 1024);
  while (true) {
    while (!wants_to_read_ && !ended_) co_await sleep_until_changed(Clock::time_point::max());
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

void Dialogue::take(ws::ByteView octets) {
  last_activity_ = Clock::now();
  inbound_.take(octets);
}

void Dialogue::end_of_stream(const std::error_code& error) {
  ended_ = true;
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) return;
  o_.eof = error == asio::error::eof;
  o_.reset = !o_.eof;
  note_seen(o_.eof ? Seen::Kind::eof : Seen::Kind::reset);
  recorder_.note(Entry::Direction::received, o_.eof ? Entry::Kind::eof : Entry::Kind::reset,
                 o_.eof ? std::string() : error.message());
}

// --- Waiting ---------------------------------------------------------------------------------------

asio::awaitable<void> Dialogue::sleep_until_changed(Clock::time_point until) {
  changed_.expires_at(until);
  std::error_code ignored;
  co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// Waits for `done`, for the end of the stream, or for `silence` without an octet from the endpoint.
asio::awaitable<Dialogue::Waited> Dialogue::wait_for(std::function<bool()> done, Clock::duration silence) {
  set_reading(true);
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

asio::awaitable<Dialogue::Waited> Dialogue::wait_for(std::function<bool()> done, std::string what) {
  const Waited waited = co_await wait_for(std::move(done), options_.timeout);
  if (waited == Waited::silent) {
    note_seen(Seen::Kind::silent, what);
    recorder_.note(Entry::Direction::local, Entry::Kind::timeout,
                   fmt::format("nothing more came; waited for {}", what));
  }
  co_return waited;
}

// --- Writing ---------------------------------------------------------------------------------------

asio::awaitable<void> Dialogue::put(ws::ByteView octets) {
  const std::size_t sent_already = std::min(ahead_, octets.size());
  ahead_ -= sent_already;
  octets = octets.subspan(sent_already);
  recorder_.sent_octets(sent_already);
  while (!octets.empty() && !ended_ && !write_failed_) {
    const auto piece = octets.first(std::min(octets.size(), kWritePiece));
    octets = octets.subspan(piece.size());
    watchdog_.arm(options_.timeout);
    if (!wants_to_read_) read_when_stuck();
    const auto error = co_await stream_->write(piece);
    stuck_.cancel();
    watchdog_.disarm();
    if (error) write_failed_ = true;  // what the endpoint said before is still to be read
    recorder_.sent_octets(piece.size());
  }
}

// An endpoint that gets rid of nothing may take nothing more (RFC 6455 names no buffer). A write of ours that does not
// get through shows that it has come to that, and the tester reads again.
void Dialogue::read_when_stuck() {
  stuck_.expires_after(moment());
  stuck_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    if (const auto self = weak.lock(); self && !error) self->set_reading(true);
  });
}

void Dialogue::set_reading(bool on) {
  if (wants_to_read_ == on) return;
  wants_to_read_ = on;
  recorder_.note(Entry::Direction::local, Entry::Kind::mark, on ? "reading again" : "reading nothing");
  changed_.cancel();
}

// Long for this connection; where nothing can be asked of the endpoint.
Dialogue::Clock::duration Dialogue::moment() const {
  return std::clamp<Clock::duration>(10 * options_.round_trip, std::chrono::milliseconds(2),
                                     std::chrono::milliseconds(100));
}

// Puts all gathered octets on the wire, cut as the case says.
asio::awaitable<void> Dialogue::flush() {
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

// After each step: one write a frame, or one write for all up to the next wait.
asio::awaitable<void> Dialogue::after_step() {
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

// Gathers the frames that a step is made of.
Composer::Sink Dialogue::sink() {
  return [this](const WireFrame& frame) {
    if (frame.whole) {
      recorder_.sent_frame(frame.header, frame.payload);
    } else {
      recorder_.sent_garbage(frame.octets);
    }
    if (out_.empty()) out_.reserve(frame.octets.size());
    ws::append(out_, frame.octets);
    cuts_.push_back(out_.size());
  };
}

// The endpoint's own Pings are answered (RFC 6455 5.5.2), between our frames.
asio::awaitable<void> Dialogue::answer_pings() {
  if (inbound_.pings_to_answer.empty() || !out_.empty() || in_frame_) co_return;
  const auto pings = std::exchange(inbound_.pings_to_answer, {});
  if (closing_sent_ || write_failed_ || ended_) co_return;
  for (const auto& ping : pings) composer_.frame(ws::Opcode::pong, true, 0, ping, sink());
  cuts_.clear();
  co_await put(std::exchange(out_, {}));
}

// --- Steps -----------------------------------------------------------------------------------------

bool Dialogue::over() const {
  return ended_ || write_failed_ || gave_up_ || o_.out_of_time || (closed_or_failed() && !o_.sent_close_in_steps);
}

asio::awaitable<void> Dialogue::play(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (const auto* alive = std::get_if<step::Alive>(&step.action)) co_await look_for_harm(*alive);
    if (over()) continue;
    if (const auto* frame = std::get_if<step::Frame>(&step.action)) co_await send(*frame);
    if (const auto* message = std::get_if<step::Message>(&step.action)) co_await send(*message);
    if (const auto* close = std::get_if<step::Close>(&step.action)) co_await send(*close);
    if (const auto* sentinel = std::get_if<step::Sentinel>(&step.action)) co_await pass(*sentinel);
    if (std::holds_alternative<step::AwaitEcho>(step.action)) co_await await_echo();
    if (const auto* raw = std::get_if<step::Octets>(&step.action)) co_await send(*raw);
    if (const auto* tcp = std::get_if<step::Tcp>(&step.action)) co_await end(*tcp);
    if (const auto* reading = std::get_if<step::Reading>(&step.action)) {
      co_await flush();
      set_reading(reading->on);
    }
    if (const auto* repeat = std::get_if<step::Repeat>(&step.action)) {
      for (std::uint32_t i = 0; i < repeat->count && !over(); ++i) co_await play(repeat->steps);
    }
  }
}

asio::awaitable<void> Dialogue::send(const step::Frame& frame) {
  const ws::Bytes payload = payloads_.make(frame.payload);
  composer_.frame(frame, payload, sink());
  if (frame.form.whole()) {
    inbound_.sent(frame.opcode, frame.fin, payload);
    if (frame.opcode == ws::Opcode::close) mark_close(payload);
  }
  if (frame.pause_at.empty()) {
    co_await after_step();
  } else {
    co_await send_with_pauses(frame, payload.size());
  }
}

// Cuts the frame that was gathered last inside its payload. Nothing can be asked of the endpoint there, so
// each pause is a moment, long for this connection, that ends early when the endpoint reacts.
asio::awaitable<void> Dialogue::send_with_pauses(const step::Frame& frame, std::size_t payload_size) {
  const ws::Bytes octets = std::exchange(out_, {});
  cuts_.clear();
  const std::size_t head = octets.size() - payload_size;
  std::size_t at = 0;
  in_frame_ = true;
  for (std::size_t i = 0; i < frame.pause_at.size() && !over(); ++i) {
    const std::size_t cut = std::min(octets.size(), head + static_cast<std::size_t>(frame.pause_at[i]));
    co_await put(ws::ByteView(octets).subspan(at, cut - at));
    at = cut;
    const Waited waited = co_await wait_for([this] { return closed_or_failed(); }, moment());
    if (waited == Waited::silent && i < frame.marks.size()) passed(frame.marks[i]);
  }
  in_frame_ = false;
  if (!over()) co_await put(ws::ByteView(octets).subspan(at));
}

asio::awaitable<void> Dialogue::send(const step::Message& message) {
  if (!message.parts.empty()) {
    std::vector<ws::Bytes> parts;
    ws::Bytes whole;
    for (const Payload& part : message.parts) {
      parts.push_back(payloads_.make(part));
      ws::append(whole, parts.back());
    }
    inbound_.sent(message.opcode, true, whole);
    composer_.parts(message.opcode, parts, sink());
  } else {
    ws::Bytes payload = payloads_.make(message.payload);
    composer_.message(message.opcode, payload, message.fragment, message.deflate, sink());
    inbound_.sent_message(message.opcode, std::move(payload));
  }
  co_await after_step();
}

asio::awaitable<void> Dialogue::send(const step::Close& close) {
  const ws::Bytes payload = close_payload(close.code, payloads_.make(close.reason));
  composer_.frame(ws::Opcode::close, true, 0, payload, sink());
  mark_close(payload);
  co_await after_step();
}

void Dialogue::mark_close(ws::ByteView payload) {
  o_.sent_close_in_steps = closing_sent_ = true;
  if (const auto code = ws::close_code_of(payload)) o_.local_close_code = code;
}

void Dialogue::gather_sentinel(std::string mark) {
  // A payload of its own, so that its Pong can be told from any other.
  const std::string payload = fmt::format("touchstone-{:016x}-{}", options_.seed, o_.sent_pings.size());
  o_.sent_pings.push_back({payload, true, std::move(mark)});
  composer_.frame(ws::Opcode::ping, true, 0, ws::as_octets(payload), sink());
}

asio::awaitable<void> Dialogue::pass(const step::Sentinel& sentinel) {
  gather_sentinel(sentinel.mark);
  cuts_.clear();
  co_await flush();
  const std::size_t ping = o_.sent_pings.size() - 1;
  const Waited waited = co_await wait_for([this, ping] { return inbound_.answered(ping) || closed_or_failed(); },
                                          fmt::format("the Pong of sentinel {}", sentinel.mark));
  if (waited == Waited::done && inbound_.answered(ping)) passed(sentinel.mark);
}

void Dialogue::passed(const std::string& mark) {
  note_seen(Seen::Kind::passed, mark);
  recorder_.note(Entry::Direction::local, Entry::Kind::mark, mark);
}

asio::awaitable<void> Dialogue::await_echo() {
  cuts_.clear();
  co_await flush();
  const Waited waited =
      co_await wait_for([this] { return o_.messages.size() >= o_.sent_messages.size() || closed_or_failed(); },
                        fmt::format("the echo of message {}", o_.sent_messages.size()));
  // What was not answered in time fails the case already: the messages behind it would each wait as long.
  if (waited == Waited::silent) gave_up_ = true;
}

asio::awaitable<void> Dialogue::send(const step::Octets& raw) {
  const ws::Bytes octets = payloads_.make(raw.octets);
  recorder_.sent_garbage(octets);
  ws::append(out_, octets);
  cuts_.push_back(out_.size());
  co_await after_step();
}

asio::awaitable<void> Dialogue::end(const step::Tcp& tcp) {
  cuts_.clear();
  co_await flush();
  if (ended_ || write_failed_) co_return;
  o_.ended_tcp_in_steps = true;
  if (tcp.how == step::Tcp::How::reset) {
    recorder_.note(Entry::Direction::sent, Entry::Kind::reset);
    ended_ = true;  // nothing that comes now is heard
    stream_->reset();
    set_reading(true);
    co_return;
  }
  recorder_.note(Entry::Direction::sent, Entry::Kind::eof);
  watchdog_.arm(options_.timeout);
  co_await stream_->shutdown_send();
  watchdog_.disarm();
  write_failed_ = true;  // there is no way to send anything more
}

asio::awaitable<void> Dialogue::look_for_harm(const step::Alive& alive) {
  cuts_.clear();
  co_await flush();
  if (options_.knock) {
    const std::string fault = co_await options_.knock(alive.within);
    recorder_.note(Entry::Direction::local, Entry::Kind::mark,
                   fault.empty() ? "a fresh connection works" : "a fresh connection: " + fault);
    if (!fault.empty()) {
      o_.harm.push_back(
          {fmt::format("a fresh connection opens and answers a Ping within {} s", alive.within.count()), fault});
    }
  }
  if (options_.process != 0) compare_usage(alive);
  last_activity_ = Clock::now();
}

void Dialogue::compare_usage(const step::Alive& alive) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  const ProcessUsage now = usage_of(options_.process);
  if (now.resident_octets > usage_before_.resident_octets + alive.memory_mib * kMiB) {
    o_.harm.push_back(
        {fmt::format("the endpoint's memory grows by at most {} MiB", alive.memory_mib),
         fmt::format("it grew from {} to {} MiB", usage_before_.resident_octets / kMiB, now.resident_octets / kMiB)});
  }
  if (now.cpu > usage_before_.cpu + alive.cpu) {
    o_.harm.push_back({fmt::format("the case costs the endpoint at most {} s of CPU", alive.cpu.count()),
                       fmt::format("{} ms", (now.cpu - usage_before_.cpu).count())});
  }
}

void Dialogue::note_seen(Seen::Kind kind, std::string payload) {
  o_.seen.push_back({.kind = kind, .message = 0, .payload = std::move(payload)});
}

}  // namespace touchstone

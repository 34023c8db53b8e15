#include "runner/engine/talk/dialogue.h"

#include "runner/engine/verdict/judge_ending.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/ssl/error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>

namespace touchstone {
namespace {

bool lets_go_of_echoes(const Case& c) { return c.bulk && c.expect && c.expect->echoes; }

}  // namespace

Dialogue::Dialogue(const Case& c, const SessionOptions& options, DeflateCache& cache, ws::Role role, Opening opening)
    : case_(c),
      options_(options),
      role_(role),
      stream_(std::move(opening.stream)),
      o_(std::move(opening.observation)),
      recorder_(std::move(opening.recorder)),
      inbound_(o_, recorder_, lets_go_of_echoes(c), options.mask_keys, options.own_words),
      payloads_(options.seed),
      composer_(role, options.seed, o_.deflate, cache),
      outbound_(c, options_, *stream_, recorder_, opening.ahead, [this] { return over(); }),
      changed_(stream_->executor()),
      deadline_(Clock::now() + waits(c) + std::max<Clock::duration>(c.deadline, 2 * options.timeout)),
      early_(std::move(opening.early)) {}

asio::awaitable<Observation> Dialogue::run() {
  co_await begin();
  if (is_idle()) {
    co_await leave();
  } else {
    co_await play(case_.steps);
    co_await end();
  }
  co_return co_await conclude();
}

asio::awaitable<void> Dialogue::begin() {
  if (options_.process != 0) usage_before_ = usage_of(options_.process);
  inbound_.open(role_, o_.deflate);
  take(early_);
  reader_runs_ = true;
  asio::co_spawn(stream_->executor(), [self = shared_from_this()] { return self->read(); }, asio::detached);
  co_await measure_before();
}

asio::awaitable<void> Dialogue::end() {
  if (held_) co_await let_go();
  if (options_.after_steps) {
    co_await outbound_.flush();
    options_.after_steps(recorder_);
  }
  note_seen(Seen::Kind::steps_done);
  co_await finish();
}

asio::awaitable<Observation> Dialogue::conclude() {
  // It takes the peer's kernel up to 40 ms to say that octets came: only where the verdict asks for it.
  if (is_about_a_clean_end(case_) && o_.eof && o_.close && !outbound_.has_ended()) co_await look_for_reset();
  stream_->close();
  while (reader_runs_ || pump_runs_) co_await sleep_until_changed(Clock::time_point::max());
  if (thrown_) std::rethrow_exception(thrown_);
  recorder_.finish();
  o_.transcript = std::move(recorder_.transcript());
  co_return std::move(o_);
}

// --- Reading ---------------------------------------------------------------------------------------

// The end of it wakes who waits, whatever it is.
asio::awaitable<void> Dialogue::read() {
  try {
    co_await read_all();
  } catch (...) {
    thrown_ = std::current_exception();
    heard_all_ = true;
    outbound_.give_up();
    stream_->close();
  }
  reader_runs_ = false;
  changed_.cancel();
}

asio::awaitable<void> Dialogue::read_all() {
  ws::Bytes buffer(64 * 1024);
  while (true) {
    while (!wants_to_read_ && !heard_all_) co_await sleep_until_changed(Clock::time_point::max());
    const auto n = co_await stream_->read_some(buffer);
    if (!n) {
      end_of_stream(n.error());
      break;
    }
    take(std::span(buffer).first(*n));
    changed_.cancel();
    if (o_.flooded) break;
  }
}

void Dialogue::take(ws::ByteView octets) {
  const std::size_t before = o_.seen.size();
  inbound_.take(octets);
  // The endpoint's own Pings are no step towards anything: who sends them for ever is waited for no longer for that.
  const bool only_pings =
      o_.seen.size() > before && std::all_of(o_.seen.begin() + static_cast<std::ptrdiff_t>(before), o_.seen.end(),
                                             [](const Seen& seen) { return seen.kind == Seen::Kind::ping; });
  if (!only_pings) last_activity_ = Clock::now();
  if (o_.flooded && !heard_all_) stop_listening();
}

void Dialogue::stop_listening() {
  recorder_.note(Entry::Direction::local, Entry::Kind::mark, "more came than the tester keeps: it ends TCP here");
  heard_all_ = true;
  outbound_.give_up();
  stream_->reset();
}

void Dialogue::end_of_stream(const std::error_code& error) {
  heard_all_ = true;
  outbound_.give_up();
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) return;
  o_.tls_cut = error == asio::ssl::error::stream_truncated;
  o_.eof = error == asio::error::eof || o_.tls_cut;
  o_.reset = !o_.eof;
  note_seen(o_.eof ? Seen::Kind::eof : Seen::Kind::reset);
  recorder_.note(Entry::Direction::received, o_.eof ? Entry::Kind::eof : Entry::Kind::reset,
                 error == asio::error::eof ? std::string() : error.message());
}

// --- Waiting ---------------------------------------------------------------------------------------

asio::awaitable<void> Dialogue::sleep_until_changed(Clock::time_point until) {
  changed_.expires_at(until);
  std::error_code ignored;
  co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// Waits for `done`, for the end of the stream, or for `silence` without an octet from the endpoint but Pings.
asio::awaitable<Dialogue::Waited> Dialogue::wait_for(std::function<bool()> done, Clock::duration silence) {
  set_reading(true);
  last_activity_ = Clock::now();
  while (true) {
    co_await answer_pings();
    if (done()) co_return Waited::done;
    if (heard_all_) co_return Waited::ended;
    const auto now = Clock::now();
    if (now >= deadline_) o_.out_of_time = true;
    if (o_.out_of_time || now - last_activity_ >= silence) co_return Waited::silent;
    co_await sleep_until_changed(std::min(deadline_, last_activity_ + silence));
  }
}

asio::awaitable<Dialogue::Waited> Dialogue::wait_for(std::function<bool()> done, std::string what) {
  const Silences::Patience most = patience(what);
  const bool at_once = done();  // nothing has to come
  const auto start = Clock::now();
  const Waited waited = co_await wait_for(std::move(done), most.time);
  if (waited == Waited::silent && o_.out_of_time && Clock::now() - last_activity_ < most.time) {
    recorder_.note(Entry::Direction::local, Entry::Kind::timeout,
                   fmt::format("the time of the case was up while it waited for {}", what));
    gave_up_ = true;
  } else if (waited == Waited::silent) {
    fell_silent(what, most.is_proof);
  } else if (options_.silences && !at_once && has_come(what, waited) && !keeps_it_busy()) {
    options_.silences->came_after(what, Clock::now() - start);
  }
  co_return waited;
}

Silences::Patience Dialogue::patience(const std::string& what) const {
  if (!options_.silences) return {options_.timeout};
  // One proof is enough of an endpoint that never does this either, and none is needed of what nobody asks about.
  const bool is_known = is_silent_ || (at_its_end_ && !options_.proves_end);
  const bool is_proved = is_known && options_.silences->is_hopeless(what);
  return options_.silences->patience(what, options_.timeout, moment(options_), options_.must_prove && !is_proved,
                                     keeps_it_busy());
}

// What a case asks of an endpoint may take it longer than most cases do.
bool Dialogue::keeps_it_busy() const {
  constexpr std::uint64_t kMuch = 64 * 1024;
  if (at_its_end_ && !is_silent_) return false;  // all that was asked for is done
  if (case_.bulk || asks_beside_ || o_.out_of_time) return true;
  std::uint64_t octets = recorder_.octets_sent();
  for (const SentMessage& message : o_.sent_messages) octets += message.length;
  return octets > kMuch;
}

bool Dialogue::has_come(const std::string& what, Waited waited) const {
  if (what.starts_with("the end of")) return waited == Waited::ended || closed_or_failed();
  if (what.starts_with("a Close")) return o_.close.has_value();
  return waited == Waited::done && !closed_or_failed();
}

void Dialogue::fell_silent(const std::string& what, bool is_proof) {
  const bool unproved = !is_proof && !is_silent_;
  if (o_.lacks.empty() && !(unproved && at_its_end_)) o_.lacks = Silences::kind_of(what);
  o_.end_unproved = o_.end_unproved || (unproved && at_its_end_);
  o_.waited_briefly = o_.waited_briefly || (unproved && !at_its_end_);
  is_silent_ = is_silent_ || is_proof;
  gave_up_ = gave_up_ || options_.stops_at_silence;
  if (options_.silences && is_proof) options_.silences->add(what);
  note_seen(Seen::Kind::silent, what);
  recorder_.note(Entry::Direction::local, Entry::Kind::timeout,
                 fmt::format("nothing more came; waited {}for {}", is_proof ? "" : "briefly ", what));
}

// An endpoint that gets rid of nothing may take nothing more (RFC 6455 names no buffer). A write of ours that does not
// get through shows that it has come to that, and the tester reads again.
void Dialogue::set_reading(bool on) {
  if (wants_to_read_ == on) return;
  wants_to_read_ = on;
  outbound_.call_when_stuck(on ? std::function<void()>() : [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->set_reading(true);
  });
  recorder_.note(Entry::Direction::local, Entry::Kind::mark, on ? "reading again" : "reading nothing");
  changed_.cancel();
}

// The endpoint's own Pings are answered (RFC 6455 5.5.2), between our frames.
asio::awaitable<void> Dialogue::answer_pings() {
  if (inbound_.pings_to_answer.empty() || outbound_.holds_something() || in_frame_ || pump_runs_) co_return;
  const auto pings = std::exchange(inbound_.pings_to_answer, {});
  for (const auto& ping : pings) recorder_.budget().give_back(ping.size() + sizeof(ws::Bytes));
  if (close_sent_ || !outbound_.can_send()) co_return;
  for (const auto& ping : pings) composer_.frame(ws::Opcode::pong, true, 0, ping, outbound_.sink());
  co_await outbound_.put_gathered();
}

void Dialogue::note_seen(Seen::Kind kind, std::string payload) {
  o_.seen.push_back({.kind = kind, .message = 0, .payload = std::move(payload)});
}

}  // namespace touchstone

#include "runner/engine/attempt.h"

#include "runner/engine/make_result.h"
#include "runner/engine/over_http2.h"
#include "runner/engine/plan.h"
#include "runner/engine/shortage.h"
#include "runner/engine/talk/process_usage.h"
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/judge_http2.h"
#include "runner/engine/verdict/scene.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <fmt/format.h>
#include <asio/error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <new>

namespace touchstone {
namespace {

constexpr std::chrono::milliseconds kLeastTimeout{5000};
constexpr int kRoundTrips = 50;   // so many of them count as silence
constexpr int kBulkPatience = 4;  // bulk cases keep an endpoint busy, also for the cases beside them

// RFC 9110 10.2.3, in seconds; no longer than a run can afford.
std::chrono::milliseconds retry_after(const ws::ResponseHead& answer) {
  constexpr unsigned kMost = 5;
  const ws::Field* const field = ws::find_field(answer.fields, "Retry-After");
  unsigned seconds = 0;
  if (field != nullptr) (void)std::from_chars(field->value.data(), field->value.data() + field->value.size(), seconds);
  return std::chrono::seconds(std::min(seconds, kMost));
}

}  // namespace

void note_waits(const Observation& observed, Attempt& attempt) {
  const auto lacks_something = [](const Observation& o) { return !o.lacks.empty(); };
  const auto waited_briefly = [](const Observation& o) { return o.waited_briefly; };
  attempt.waited = lacks_something(observed) || std::ranges::any_of(observed.beside, lacks_something);
  attempt.brief = waited_briefly(observed) || std::ranges::any_of(observed.beside, waited_briefly);
  attempt.lacks = observed.lacks;
  for (const Observation& other : observed.beside)
    if (attempt.lacks.empty()) attempt.lacks = other.lacks;
}

std::chrono::milliseconds Attempts::timeout() const {
  if (options_.timeout.count() > 0) return options_.timeout;
  const auto measured = std::chrono::duration_cast<std::chrono::milliseconds>(kRoundTrips * greeting_.round_trip);
  return std::max(kLeastTimeout, measured);
}

SessionOptions Attempts::session_options(bool bulk, bool keep_whole) const {
  SessionOptions session;
  session.timeout = bulk && options_.timeout.count() == 0 ? kBulkPatience * timeout() : timeout();
  session.round_trip = greeting_.round_trip;
  session.nudges = greeting_.withholds_pongs;
  session.seed = options_.seed;
  session.keep_whole = keep_whole;
  session.silences = silences_;
  session.must_prove = keep_whole;
  session.process = options_.process;
  session.owner = options_.owner;
  session.cpu_at_rest = options_.cpu_at_rest;
  return session;
}

// Where a run that pauses does so: the step, or the opening handshake.
void Attempts::look_before(const Case& c, SessionOptions& session) const {
  const Derivation derived = derivation(c, Side::server, options_.seed);
  if (derived.broken) {
    session.pause_at = derived.broken_at;
    session.pause = [this, &c, step = derived.broken_at] { options_.pause(c, step); };
  } else if (c.expect && c.expect->opening && c.request) {
    options_.pause(c, std::nullopt);
  }
}

asio::awaitable<Attempt> Attempts::run(const Case& c, bool keep_whole, bool proves_end) {
  observer_.started(c);
  const auto wall = std::chrono::system_clock::now();
  const auto start = std::chrono::steady_clock::now();
  SessionOptions session = session_options(c.bulk, keep_whole);
  session.proves_end = proves_end;
  if (session.process == 0 && options_.owner && asks_for_memory(c)) session.process = options_.owner();
  if (options_.pause) look_before(c, session);
  if (session.process != 0 && asks_for_memory(c)) co_await until_memory_rests(session.process);
  co_await keep_pace();
  Attempt attempt;
  try {
    auto observed = co_await observe(c, target_, session, cache_);
    if (observed && observed->http2) co_await see_ordinary(c, session, *observed);
    attempt = observed ? with_connection(c, std::move(*observed)) : without_connection(c, observed.error());
  } catch (const std::bad_alloc&) {
    const std::error_code no_memory = std::make_error_code(std::errc::not_enough_memory);
    attempt = without_connection(c, {ws::io::DialStage::connect, no_memory, "no memory left"});
  }
  attempt.c = &c;
  attempt.result.replay = replay_command(c, target_, options_);
  attempt.result.started = wall;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  attempt.result.duration_ms = took.count();
  habits_.see(c, attempt.result);
  co_return attempt;
}

// What an endpoint does on an ordinary tunnel as well is no fault of what the case does to HTTP/2.
asio::awaitable<void> Attempts::see_ordinary(const Case& c, SessionOptions session, Observation& observed) {
  const std::optional<Case> plain = ordinary_tunnel(c, judge(c, observed, options_.seed));
  if (!plain) co_return;
  session.pause = {};
  const auto seen = co_await observe(*plain, target_, session, cache_);
  if (!seen || !seen->opened) co_return;
  for (const Finding& finding : judge(*plain, *seen, options_.seed).findings)
    if (finding.weight == Finding::Weight::violation) observed.http2->ordinary.push_back(finding.kind);
}

// It is about nothing in the opening handshake, and others like it were taken. An endpoint may limit connections at a
// time or in a time (RFC 6455 10.4), and says so with a status, or by ending TCP.
bool Attempts::turned_away(const Case& c, const Observation& observed) const {
  const bool ordinary = !c.request && !(c.expect && c.expect->opening) && taken_offers_.contains(c.offer);
  const bool unheard = !observed.response && (observed.eof || observed.reset);
  // Whatever a case asks for in its opening handshake: who says so of ordinary ones means it of this one too.
  const bool busy = says_it_is_busy(observed) && (ordinary || is_busy_now_and_then_);
  return !observed.opened && !observed.http2 && (busy || (ordinary && unheard));
}

asio::awaitable<void> Attempts::leave_alone() {
  constexpr std::chrono::milliseconds kFirst{100}, kMost{2000};
  const unsigned doublings = std::min(left_alone_++, 8U);
  asio::steady_timer pause(co_await asio::this_coro::executor);
  pause.expires_after(std::max(retry_after_, std::min(kMost, kFirst * (1U << doublings))));
  co_await pause.async_wait(asio::use_awaitable);
}

asio::awaitable<void> Attempts::keep_pace() {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  for (auto now = Pace::Clock::now(); pace_.next(now) > now; now = Pace::Clock::now()) {
    pause.expires_at(pace_.next(now));
    co_await pause.async_wait(asio::use_awaitable);
  }
  pace_.asked(Pace::Clock::now());
}

// What an earlier case left to do may still take memory: it is no doing of this one's.
asio::awaitable<void> Attempts::until_memory_rests(int process) const {
  constexpr std::chrono::milliseconds kWindow{40};
  constexpr std::uint64_t kLittle = 1024 * 1024;
  constexpr double kRests = 0.25;  // of one processor
  asio::steady_timer pause(co_await asio::this_coro::executor);
  const auto until = std::chrono::steady_clock::now() + timeout();
  for (bool rests = false; !rests && std::chrono::steady_clock::now() < until;) {
    const auto start = std::chrono::steady_clock::now();
    const ProcessUsage before = usage_of(process);
    pause.expires_after(kWindow);
    co_await pause.async_wait(asio::use_awaitable);
    const ProcessUsage after = usage_of(process);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    rests = after.resident_octets <= before.resident_octets + kLittle &&
            (after.runnable - before.runnable) / took < kRests && share_between(before, after, took) < kRests;
  }
}

// Nothing was seen, so nothing can be held against the endpoint: the case is ERRORED.
Attempt Attempts::without_connection(const Case& c, const ws::io::DialError& error) const {
  Attempt attempt;
  attempt.no_connection = true;
  attempt.own_shortage = is_own_shortage(error.code);
  attempt.turned_away = error.code == asio::error::connection_reset && !taken_offers_.empty();
  attempt.why = error.text;
  Observation nothing;
  nothing.handshake_failure = error.text;
  // A statement of its own: as arguments of one call, the observation could be gone before it is judged.
  const Verdict verdict = judge(c, nothing, options_.seed);
  attempt.result = make_result(c, target_.name, std::move(nothing), verdict);
  return attempt;
}

Attempt Attempts::with_connection(const Case& c, Observation observed) {
  Attempt attempt;
  const bool ended = observed.eof || observed.reset || !observed.handshake_failure.empty();
  const auto by_clock = [](const Harm& harm) { return harm.of == Harm::kTime; };
  // A machine that is busy keeps a fresh connection waiting, too: it is asked for again.
  const auto costs_nothing = [](const Harm& harm) {
    return harm.of == Harm::kTime || harm.of == Harm::kOthers || harm.of == "connection";
  };
  const bool slow = std::ranges::any_of(observed.harm, by_clock);
  attempt.costly = (options_.process != 0 || options_.owner) && !std::ranges::all_of(observed.harm, costs_nothing);
  attempt.abrupt = (ended && !observed.close) || !observed.harm.empty();
  note_waits(observed, attempt);
  attempt.waited = attempt.waited || slow || (!observed.response && !observed.handshake_failure.empty());
  attempt.hopeless = is_hopeless(attempt);
  attempt.turned_away = attempt.no_connection = turned_away(c, observed);
  const bool too_busy = attempt.turned_away && says_it_is_busy(observed);
  is_busy_now_and_then_ = is_busy_now_and_then_ || too_busy;
  if (too_busy) retry_after_ = retry_after(*observed.response);
  if (attempt.turned_away) attempt.why = observed.handshake_failure;
  // That an endpoint is busy is no answer to what the case is about: it is asked again.
  attempt.waited = attempt.waited || says_it_is_busy(observed);
  if (observed.opened) {
    taken_offers_.insert(c.offer);
    left_alone_ = 0;
    pace_.opened(Pace::Clock::now());
  }
  Verdict verdict = judge(c, observed, options_.seed);
  if (too_busy) {
    verdict = Verdict();
    verdict.behavior = Behavior::not_applicable;
    verdict.summary = fmt::format("Not asked: {}, as it does now and then whatever it is asked (RFC 9110 15.6.4).",
                                  observed.handshake_failure);
  }
  const bool over_http2 = observed.http2.has_value(), end_unproved = observed.end_unproved;
  kept_.keep(observed.transcript, observed.flooded);
  attempt.result = make_result(c, target_.name, std::move(observed), verdict);
  if (end_unproved)
    attempt.result.summary += " (How the connection ends was not waited for: it was in vain in other cases.)";
  if (over_http2) speak_of_streams(attempt.result);
  return attempt;
}

asio::awaitable<std::expected<void, NoAnswer>> Attempts::knock() {
  co_await keep_pace();
  Case empty;
  empty.expect = Expect{};
  SessionOptions session = session_options(/*bulk=*/false, /*keep_whole=*/true);
  session.brief_end = true;
  const auto observed = co_await observe(empty, target_, session, cache_);
  if (!observed) {
    const auto& [stage, code, text] = observed.error();
    co_return std::unexpected(NoAnswer{text, is_own_shortage(code), code == asio::error::connection_reset});
  }
  if (!observed->response) co_return std::unexpected(NoAnswer{observed->handshake_failure, false, true});
  if (observed->opened) pace_.opened(Pace::Clock::now());
  co_return std::expected<void, NoAnswer>{};
}

asio::awaitable<std::optional<Result>> Attempts::tried(const Case& c) {
  co_await keep_pace();
  SessionOptions session = session_options(/*bulk=*/false, /*keep_whole=*/false);
  session.brief_end = true;
  auto observed = co_await observe(c, target_, session, cache_);
  if (!observed || !observed->opened) co_return std::nullopt;
  const Verdict verdict = judge(c, *observed, options_.seed);
  co_return make_result(c, target_.name, std::move(*observed), verdict);
}

Result Attempts::not_applicable(const Case& c, const std::string& why) const {
  Verdict verdict;
  verdict.behavior = Behavior::not_applicable;
  verdict.summary = fmt::format("Not applicable: {}.", why);
  Result result = make_result(c, target_.name, {}, verdict);
  result.replay = replay_command(c, target_, options_);
  result.started = std::chrono::system_clock::now();
  return result;
}

Result Attempts::without_close(const Case& c, const std::string& why) const {
  Result result = not_applicable(c, why);
  const Observation nothing;
  result.behavior = Behavior::non_strict;
  result.summary =
      fmt::format("Not asked: {}. Beyond its limit it ends TCP without a Close, which is said here once.", why);
  result.findings.push_back(Scene{c, nothing}.finding(
      FindingKind::failed_without_close,
      {.codes = {ws::close_code::kMessageTooBig}, .instead = "it ended TCP without a Close"}));
  return result;
}

}  // namespace touchstone

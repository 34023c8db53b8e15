#include "runner/serve/case_runs.h"

#include "runner/engine/compose/http2_section.h"
#include "runner/engine/make_result.h"
#include "runner/engine/over_http2.h"
#include "runner/engine/talk/http2_framing.h"
#include "runner/engine/talk/session.h"
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <ws/rules/request.h>

#include <asio/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace touchstone::serve {
namespace {

// A client cannot be asked to run a case again, so the reader must know when a verdict rests on time.
void say_what_it_rests_on(Result& result) {
  const bool bad = result.behavior == Behavior::failed || result.behavior == Behavior::errored;
  const auto waited = std::ranges::find(result.transcript.entries, Entry::Kind::timeout, &Entry::kind);
  if (!bad || waited == result.transcript.entries.end()) return;
  result.summary += fmt::format(" (It rests on a silence: {}.)", waited->note);
}

// What it most likely means was answered; this is how the client put it.
void note_malformed(Observation& observation, std::string as_sent) {
  constexpr auto kFault = ws::Violation::head_malformed;
  observation.transcript.request = std::move(as_sent);
  observation.request_faults.push_back({kFault, ws::requirement_of_sender(kFault, ws::Role::client), {}});
}

// What the client sends when its tunnel is over: a PING that is answered comes after it.
asio::awaitable<Http2Seen> see_the_rest(Carrier& carrier, const Case& c, std::chrono::milliseconds timeout) {
  const auto until = ws::io::deadline_after(timeout);
  while (!carrier.watch->tunnel_is_over()) {
    if (const auto nothing = co_await carrier.connection->hears(until)) break;
  }
  Http2Seen seen;
  const auto error = co_await see_connection(*carrier.connection, timeout, *carrier.watch, seen);
  // Who is busy with a gigabyte answers late, and RFC 9113 6.7 has no time for it.
  if (error == asio::error::timed_out && !c.bulk) carrier.watch->silent();
  // It left, and had answered what came long after our SETTINGS.
  if (!seen.connection_lives && carrier.connection->is_over()) carrier.watch->settle();
  co_return seen;
}

// What a case about HTTP/2 has for a client: another field section of the answer, and frames by hand.
void add_script(ws::io::Stream& stream, const Carrier& carrier, const Case& c, SessionOptions& options) {
  auto* const tunnel = dynamic_cast<ws::io::http2::TunnelStream*>(&stream);
  if (tunnel == nullptr || !c.http2) return;
  tunnel->edit_head([fields = c.http2->fields, ends = c.http2->end_stream](ws::io::http2::Fields section) {
    return ws::io::http2::TunnelStream::Edited{http2::edited(std::move(section), fields), ends};
  });
  if (c.http2->frames.empty()) return;
  const auto framing = std::make_shared<Http2Framing>(*c.http2, options.seed, carrier.watch);
  framing->tunnel(static_cast<std::uint32_t>(tunnel->stream()->id()));
  options.after_steps = [framing, connection = carrier.connection](Recorder& recorder) {
    framing->send_frames(Http2Frame::When::open, *connection, &recorder);
    framing->send_frames(Http2Frame::When::end, *connection, &recorder);
  };
}

}  // namespace

// Scaled and with its expectation; made when it is first needed, because the oracle takes its time for bulk cases.
const Case& CaseRuns::prepared(const Case& c) {
  auto& slot = prepared_[&c];
  if (!slot) {
    slot = std::make_unique<const Case>(with_expectation(scaled(c, settings_.profile), settings_.seed, Side::client));
  }
  return *slot;
}

SessionOptions CaseRuns::session(const std::string& agent) {
  SessionOptions options;
  known_[agent].add_to(options);
  options.must_prove = settings_.proves && settings_.proves();
  options.timeout = settings_.timeout;
  options.seed = settings_.seed;
  return options;
}

const Case& CaseRuns::begin(const std::string& agent, const Case& listed) {
  const Case& c = prepared(listed);
  board_.started(agent, c);
  observer_.started(agent, c);
  happened_.notify_all();
  return c;
}

void CaseRuns::leave_out(const std::string& agent, const Case& begun, const std::string& why) {
  Verdict verdict;
  verdict.behavior = Behavior::not_applicable;
  verdict.summary = "Not run: " + why + ".";
  finish(make_result(begun, agent, Observation(), verdict));
}

asio::awaitable<Observation> CaseRuns::observe(std::unique_ptr<ws::io::Stream> stream, Request request, const Case& c,
                                               SessionOptions options, Carrier& carrier) {
  Observation observation;
  if (auto reading = ws::rules::read_request(request.head); !reading.facts) {
    const ws::Rule& rule = ws::rule(reading.facts.error());
    observation.handshake_violation = rule.id;
    observation.request_faults = std::move(reading.faults);
    observation.transcript.request = ws::serialize(request.head);
    observation.request = std::move(request.head);
    co_await respond(*stream, refusal(rule.http_status == 0 ? 400 : rule.http_status, std::string(rule.text)));
  } else {
    if (carrier.watch) add_script(*stream, carrier, c, options);
    observation = co_await observe_client(c, std::move(stream), std::move(request.head), std::move(request.early),
                                          options, cache_);
  }
  if (request.malformed) note_malformed(observation, std::move(*request.malformed));
  if (carrier.watch) {
    const Http2Seen of_connection = co_await see_the_rest(carrier, c, options.timeout);
    observation.http2 = carrier.watch->take_seen();
    observation.http2->connection_lives = of_connection.connection_lives;
    observation.http2->last_words = of_connection.last_words;
    observation.http2->left_in_order = observation.http2->goaway == 0u;
    auto& faults = observation.http2->faults;
    faults.insert(faults.begin(), carrier.faults.begin(), carrier.faults.end());
  }
  co_return observation;
}

asio::awaitable<void> CaseRuns::play(std::unique_ptr<ws::io::Stream> stream, Request request, std::string agent,
                                     const Case& begun, Carrier carrier) {
  const auto wall = std::chrono::system_clock::now();
  const auto start = std::chrono::steady_clock::now();
  SessionOptions options = session(agent);
  if (carrier.watch) options.nonces = nullptr;  // RFC 8441 5: there is no Sec-WebSocket-Key
  Observation observation = co_await observe(std::move(stream), std::move(request), begun, options, carrier);
  known_[agent].hear(begun, observation, options);
  const Verdict verdict = judge(begun, observation, settings_.seed);
  kept_.keep(observation.transcript, observation.flooded);
  Attempt attempt;
  attempt.c = &begun;
  note_waits(observation, attempt);
  attempt.result = make_result(begun, agent, std::move(observation), verdict);
  Result result = known_[agent].weighed(std::move(attempt));
  result.started = wall;
  result.duration_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  say_what_it_rests_on(result);
  if (carrier.watch) speak_of_streams(result);
  finish(result);
  judge_again(agent);
}

// Cases of the time when nobody knew that the client says something of its own.
void CaseRuns::judge_again(const std::string& agent) {
  KnownClient& client = known_[agent];
  for (KnownClient::Early& early : client.take_early()) {
    const Verdict verdict = judge(*early.c, early.observation, settings_.seed);
    Result result = make_result(*early.c, agent, std::move(early.observation), verdict);
    result.started = early.started;
    say_what_it_rests_on(result);
    board_.finished(result);
    observer_.judged_again(result);
  }
  if (const auto unclear = client.take_unclear(); !unclear.empty())
    observer_.heard_unclearly(agent, unclear, client.speaks_now_and_then());
}

void CaseRuns::finish(const Result& result) {
  board_.finished(result);
  observer_.finished(result);
  happened_.notify_all();
}

}  // namespace touchstone::serve

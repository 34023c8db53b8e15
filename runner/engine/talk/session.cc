#include "runner/engine/talk/session.h"

#include "runner/engine/compose/http2_frame.h"
#include "runner/engine/talk/dialogue.h"
#include "runner/engine/talk/http2_beside.h"
#include "runner/engine/talk/http2_framing.h"
#include "runner/engine/talk/http2_watch.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/scenario.h"
#include "runner/engine/talk/until_set.h"
#include "runner/engine/talk/way.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fmt/format.h>
#include <ws/io/http2/dial.h>
#include <ws/io/http2/tunnel_stream.h>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>

#include <algorithm>

namespace touchstone {
namespace {

// Payload octets that a transcript keeps of one frame. Bulk cases are made of look-alikes.
std::size_t kept_octets(const Case& c, const SessionOptions& options) {
  if (options.keep_whole) return Recorder::kWhole;
  return c.bulk ? Entry::kKeptOctets : 64 * 1024;
}

std::string in_lines(const ws::io::http2::Fields& section) {
  std::string text;
  for (const ws::Field& field : section) text += fmt::format("{}: {}\r\n", field.name, field.value);
  return text;
}

// The heads as they went over the wire, in place of those of HTTP/1.1 that they stand for.
void show_sections(const ws::io::http2::TunnelStream& tunnel, Opening& opening) {
  opening.recorder.transcript().request = in_lines(tunnel.request_section());
  opening.recorder.transcript().response = in_lines(tunnel.answer_section());
  if (tunnel.violation()) opening.observation.handshake_failure = ws::http2::rule(*tunnel.violation()).text;
}

// Many cases are under way at a time, so each has room for what it lets come back; what was sent adds to it.
Budget budget_of(const Case& c, const SessionOptions& options) {
  if (options.keep_whole) return Budget(std::max(options.keeps, Budget::kOfAWholeCase));
  if (!c.expect) return Budget(options.keeps);
  std::size_t wanted = Budget::kOfAStimulus;
  for (const Reply& reply : c.expect->replies)
    wanted += static_cast<std::size_t>(std::min<std::uint64_t>(length(reply.payload), options.keeps));
  return Budget(std::min(options.keeps, wanted));
}

// A small window, and small segments, so that the endpoint's kernel too makes a small buffer for it.
constexpr int kSmallBuffer = 4 * 1024, kSmallSegment = 536;

void make_small(int descriptor) {
  (void)::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kSmallBuffer, sizeof kSmallBuffer);
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_MAXSEG, &kSmallSegment, sizeof kSmallSegment);
}

ws::io::DialOptions dial_options(const Case& c, const Target& target, const SessionOptions& options) {
  ws::io::DialOptions dial = way_to(target, options.timeout);
  if (is_held(c.steps)) dial.prepare = make_small;
  return dial;
}

// One connection after its opening handshake, whatever came of that.
struct Connected {
  Opening opening;
  bool open = false;
};

asio::awaitable<std::expected<Connected, ws::io::DialError>> connect(const Case& c, const Target& target,
                                                                     const SessionOptions& options) {
  const auto dial = dial_options(c, target, options);
  auto stream = co_await ws::io::http2::dial(dial, target.http);
  if (!stream) co_return std::unexpected(stream.error());
  Connected made{Opening(std::move(*stream), kept_octets(c, options), budget_of(c, options))};
  Opening& opening = made.opening;
  opening.observation.began = opening.recorder.begun();
  const auto* const tunnel = dynamic_cast<ws::io::http2::TunnelStream*>(opening.stream.get());
  if (tunnel != nullptr) opening.observation.http2.emplace();
  made.open = co_await open_as_client(opening, c, target, options);
  if (tunnel != nullptr) show_sections(*tunnel, opening);
  co_return std::move(made);
}

Observation not_open(Opening opening) {
  opening.stream->close();
  opening.recorder.finish();
  opening.observation.transcript = std::move(opening.recorder.transcript());
  return std::move(opening.observation);
}

asio::awaitable<Observation> converse(const Case& c, const SessionOptions& options, DeflateCache& cache, ws::Role role,
                                      Opening opening, bool open) {
  if (!open) co_return not_open(std::move(opening));
  const auto dialogue = std::make_shared<Dialogue>(c, options, cache, role, std::move(opening));
  co_return co_await dialogue->run();
}

struct OverHttp2 {
  std::shared_ptr<Http2Watch> watch;
  std::shared_ptr<Http2Framing> framing;  // of a case about HTTP/2
  std::shared_ptr<ws::io::http2::Session> connection;
};

// RFC 8441: the same in a stream of HTTP/2, with what else the case does on the connection.
asio::awaitable<Observation> observe_tunnel(const Case& c, const Target& target, SessionOptions options,
                                            DeflateCache& cache, Opening opening, OverHttp2 over) {
  auto& tunnel = dynamic_cast<ws::io::http2::TunnelStream&>(*opening.stream);
  const auto framing = over.framing;
  if (!framing) {
    const bool opened = co_await open_as_client(opening, c, target, options);
    show_sections(tunnel, opening);
    over.watch->answered(tunnel.answer_section());
    Observation seen = co_await converse(c, options, cache, ws::Role::client, std::move(opening), opened);
    seen.http2 = over.watch->seen();
    co_return seen;
  }
  // RFC 9113 5.1.2: how many streams there may be at a time is the endpoint's own to say.
  const auto most = over.watch->setting(http2::max_concurrent_streams);
  const std::size_t wanted = 1 + c.http2->beside.size();
  if (most && *most < wanted) {
    opening.observation.unasked =
        fmt::format("the endpoint takes {} streams at a time, and the case wants {}", *most, wanted);
    co_return not_open(std::move(opening));
  }
  Http2Neighbours neighbours(c, *framing, over.connection, target, options);
  co_await neighbours.first();
  tunnel.edit_head([framing](ws::io::http2::Fields section) { return framing->request(std::move(section)); });
  const bool open = co_await open_as_client(opening, c, target, options);
  show_sections(tunnel, opening);
  over.watch->answered(tunnel.answer_section());
  // RFC 9113 6.8, 8.7: a server may leave in order, or have enough streams, at any time.
  const bool beside_others = std::ranges::any_of(c.http2->beside, &Http2Beside::first);
  if (!open && beside_others && opening.observation.handshake_failure.ends_with("REFUSED_STREAM"))
    opening.observation.unasked = "the endpoint takes no further stream on a connection that has some";
  if (open) {
    co_await neighbours.meanwhile();
    if (c.http2->last_data_ends) tunnel.stream()->keep_until_end();
    framing->on_stall([&framing = *framing, weak = std::weak_ptr(over.connection)] {
      if (const auto connection = weak.lock()) framing.send_frames(Http2Frame::When::stalled, *connection, nullptr);
    });
    framing->send_frames(Http2Frame::When::open, *over.connection, &opening.recorder);
    options.after_steps = [framing, connection = over.connection](Recorder& recorder) {
      framing->send_frames(Http2Frame::When::end, *connection, &recorder);
    };
  }
  Observation observed = co_await converse(c, options, cache, ws::Role::client, std::move(opening), open);
  const auto goaway = over.watch->seen().goaway;  // what comes later may answer how the tester leaves
  if (open) co_await neighbours.last();
  Http2Seen of_connection;
  const auto error = co_await see_connection(*over.connection, options.timeout, *over.watch, of_connection);
  if (error == asio::error::timed_out) over.watch->silent();
  observed.http2 = over.watch->seen();
  observed.http2->left_in_order = observed.http2->goaway == 0u;
  observed.http2->goaway = goaway;
  observed.http2->connection_lives = of_connection.connection_lives;
  observed.http2->last_words = of_connection.last_words;
  observed.http2->beside = neighbours.take_complaints();
  observed.http2->beside_pongs = neighbours.take_complaints_of_pongs();
  observed.http2->answers_after_end = neighbours.answers_after_end();
  co_return observed;
}

std::string what_went_wrong(const Observed& observed, bool answered) {
  if (!observed) return observed.error().text;
  if (observed->handshake_violation) return std::string(ws::rule(*observed->handshake_violation).text);
  if (!observed->handshake_failure.empty()) return observed->handshake_failure;
  return answered ? std::string() : "its Ping got no Pong";
}

// A fresh connection beside the one of a case: it opens, a Ping is answered, it closes. How it ends is not looked at,
// and is no part of the time that it takes.
asio::awaitable<Knocked> knock(const Target& target, SessionOptions options, std::chrono::milliseconds patience,
                               std::optional<step::Alive::How> how, bool must_prove) {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::microseconds;
  const auto start = std::chrono::steady_clock::now();
  Case greeting;
  greeting.id = "fresh";
  greeting.steps.push_back({step::Sentinel{"fresh"}});
  greeting.expect = Expect{};
  if (how && *how != step::Alive::How::polite) {
    greeting.steps.push_back({step::Tcp{*how == step::Alive::How::fin ? step::Tcp::How::fin : step::Tcp::How::reset}});
    greeting.expect->end = end::Abandoned{};
  }
  options.timeout = std::max(patience, options.timeout);
  options.must_prove = must_prove;
  options.process = 0;
  options.owner = {};
  options.brief_end = !how;
  DeflateCache cache;
  const Observed observed = co_await observe(greeting, target, options, cache);
  const auto took = duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
  if (!observed)
    co_return Knocked{what_went_wrong(observed, false), took, observed.error().code == asio::error::connection_reset};
  const auto& entries = observed->transcript.entries;
  const auto pong =
      std::ranges::find_if(entries, [](const Entry& e) { return e.kind == Entry::Kind::mark && e.note == "fresh"; });
  const bool answered = pong != entries.end();
  const auto ending = answered ? microseconds(entries.back().at_us - pong->at_us) : microseconds(0);
  const bool unheard = !observed->response && (observed->eof || observed->reset);
  const bool turned_away = !observed->opened && (unheard || says_it_is_busy(*observed));
  co_return Knocked{what_went_wrong(observed, answered), took - duration_cast<milliseconds>(ending), turned_away};
}

// A case with several connections. Without the first one there is nothing to see.
asio::awaitable<Observed> observe_several(const Case& c, const Target& target, const SessionOptions& options,
                                          DeflateCache& cache) {
  Scenario scenario(c);
  const Scenario::Open open = [&](const Case& one, Observation& failed) -> asio::awaitable<std::shared_ptr<Dialogue>> {
    auto connected = co_await connect(one, target, options);
    if (!connected) {
      failed.handshake_failure = connected.error().text;
      co_return nullptr;
    }
    if (connected->open)
      co_return std::make_shared<Dialogue>(one, options, cache, ws::Role::client, std::move(connected->opening));
    failed = not_open(std::move(connected->opening));
    co_return nullptr;
  };
  auto first = co_await connect(scenario.first(), target, options);
  if (!first) co_return std::unexpected(first.error());
  if (!first->open) co_return not_open(std::move(first->opening));
  auto dialogue =
      std::make_shared<Dialogue>(scenario.first(), options, cache, ws::Role::client, std::move(first->opening));
  co_return co_await scenario.run(std::move(dialogue), open);
}

// The endpoint offered tunnels, and ended the connection for the SETTINGS of the case, perhaps in one breath.
std::optional<Observation> ended_for_settings(const Case& c, const Http2Watch& watch, const ws::io::DialError& error) {
  const bool of_case = c.http2 && !c.http2->settings.empty() && error.stage == ws::io::DialStage::http2;
  if (!of_case || watch.setting(http2::enable_connect_protocol) != 1u) return std::nullopt;
  Observation ended;
  ended.http2 = watch.seen();
  ended.handshake_failure = error.text;
  return ended;
}

// A case with one connection, over the version of HTTP that the target has.
asio::awaitable<Observed> observe_one(const Case& c, const Target& target, const SessionOptions& options,
                                      DeflateCache& cache) {
  const auto watch = std::make_shared<Http2Watch>(ws::Role::server);
  ws::io::http2::SessionOptions session;
  session.sent = [watch](ws::ByteView octets) { watch->sent(octets); };
  session.received = [watch](ws::ByteView octets) { return watch->received(octets); };
  std::shared_ptr<Http2Framing> framing;
  if (c.http2) framing = std::make_shared<Http2Framing>(*c.http2, options.seed, watch);
  if (framing) framing->apply_to(session);
  const auto dial = dial_options(c, target, options);
  auto stream = co_await ws::io::http2::dial(dial, target.http, session);
  if (!stream) {
    if (auto ended = ended_for_settings(c, *watch, stream.error())) co_return std::move(*ended);
  }
  if (!stream) co_return std::unexpected(stream.error());
  Opening opening(std::move(*stream), kept_octets(c, options), budget_of(c, options));
  opening.observation.began = opening.recorder.begun();
  auto* const tunnel = dynamic_cast<ws::io::http2::TunnelStream*>(opening.stream.get());
  if (tunnel == nullptr) {
    const bool open = co_await open_as_client(opening, c, target, options);
    co_return co_await converse(c, options, cache, ws::Role::client, std::move(opening), open);
  }
  OverHttp2 over{watch, framing, tunnel->session()};
  co_return co_await observe_tunnel(c, target, options, cache, std::move(opening), std::move(over));
}

}  // namespace

bool says_it_is_busy(const Observation& observation) {
  constexpr int kTooManyRequests = 429, kUnavailable = 503;
  const auto& answer = observation.response;
  return answer && (answer->status == kTooManyRequests || answer->status == kUnavailable);
}

asio::awaitable<std::expected<Observation, ws::io::DialError>> observe(const Case& c, const Target& target,
                                                                       const SessionOptions& options,
                                                                       DeflateCache& cache) {
  SessionOptions here = options;
  here.through_proxy = target.proxy.has_value();
  here.knock = [&target, &options](std::chrono::milliseconds patience, std::optional<step::Alive::How> how,
                                   bool must_prove) { return knock(target, options, patience, how, must_prove); };
  if (!c.connections.empty()) co_return co_await observe_several(c, target, here, cache);
  co_return co_await observe_one(c, target, here, cache);
}

std::vector<Observed> observe_all(const std::vector<Case>& cases, const Target& target, const SessionOptions& options,
                                  const std::function<bool()>& over) {
  DeflateCache cache;
  std::vector<std::optional<Observed>> results(cases.size());
  std::size_t left = cases.size();
  asio::io_context context{1};  // last: what is under way uses all of the above
  // A coroutine keeps no captures, so all comes as parameters.
  const auto one = [](const Case& c, const Target& to, const SessionOptions& how, DeflateCache& shared,
                      std::optional<Observed>& out, std::size_t& under_way,
                      asio::io_context& loop) -> asio::awaitable<void> {
    out.emplace(co_await observe(c, to, how, shared));
    if (--under_way == 0) loop.stop();
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    asio::co_spawn(context, one(cases[i], target, options, cache, results[i], left, context), rethrown);
  }
  const auto watch = [](std::function<bool()> ends, asio::io_context& loop) -> asio::awaitable<void> {
    co_await until(std::move(ends));
    loop.stop();
  };
  if (over) asio::co_spawn(context, watch(over, context), rethrown);
  if (left > 0) context.run();
  std::vector<Observed> out;
  for (auto& result : results) {
    if (!result)
      result.emplace(std::unexpected(
          ws::io::DialError{ws::io::DialStage::connect, asio::error::operation_aborted, "interrupted"}));
    out.push_back(std::move(*result));
  }
  return out;
}

asio::awaitable<Observation> observe_client(const Case& c, std::unique_ptr<ws::io::Stream> stream,
                                            ws::RequestHead request, ws::Bytes early, const SessionOptions& options,
                                            DeflateCache& cache) {
  Opening opening(std::move(stream), kept_octets(c, options), budget_of(c, options));
  opening.early = std::move(early);
  const bool open = co_await open_as_server(opening, c, std::move(request), options);
  auto observed = co_await converse(c, options, cache, ws::Role::server, std::move(opening), open);
  if (options.mask_keys) observed.mask_keys_of_run = options.mask_keys->ended(observed.mask_keys);
  co_return observed;
}

}  // namespace touchstone

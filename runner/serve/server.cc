#include "runner/serve/server.h"

#include "reports/support/resources.h"
#include "runner/engine/attempt.h"
#include "runner/engine/kept_talk.h"
#include "runner/engine/make_result.h"
#include "runner/engine/over_http2.h"
#include "runner/engine/talk/http2_framing.h"
#include "runner/engine/talk/http2_watch.h"
#include "runner/engine/talk/session.h"
#include "runner/engine/talk/watchdog.h"
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/strict_expectation.h"
#include "runner/serve/http.h"
#include "runner/serve/http2_request.h"
#include "runner/serve/known_client.h"
#include "runner/serve/report_file.h"
#include "runner/serve/route.h"
#include "runner/serve/scoreboard.h"
#include "runner/serve/trust.h"

#include <ws/io/http2/serve.h>
#include <ws/io/net/wait.h>
#include <ws/io/websocket.h>

#include <fmt/format.h>
#include <ws/rules/request.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <list>
#include <new>

namespace touchstone::serve {
namespace {

constexpr std::size_t kMostListeners = 128;  // that wait for what happens, each as long as it likes
constexpr std::size_t kMostAgents = 256;
constexpr std::chrono::milliseconds kControlLimit{10'000};    // for one answer of a driver's question
constexpr std::chrono::milliseconds kStatusLimit{1'800'000};  // a driver waits for a case that still runs

using Stream = std::unique_ptr<ws::io::Stream>;

// A client cannot be asked to run a case again, so the reader must know when a verdict rests on time.
void say_what_it_rests_on(Result& result) {
  const bool bad = result.behavior == Behavior::failed || result.behavior == Behavior::errored;
  const auto waited = std::ranges::find(result.transcript.entries, Entry::Kind::timeout, &Entry::kind);
  if (!bad || waited == result.transcript.entries.end()) return;
  result.summary += fmt::format(" (It rests on a silence: {}.)", waited->note);
}

// A client that forgot Upgrade but sends a key means WebSocket too: its opening handshake is for the case to judge.
bool wants_websocket(const ws::RequestHead& head) {
  return ws::list_has_token(head.fields, "Upgrade", "websocket") ||
         ws::find_field(head.fields, "Sec-WebSocket-Key") != nullptr;
}

// What it most likely means was answered; this is how the client put it.
void note_malformed(Observation& observation, std::string as_sent) {
  constexpr auto kFault = ws::Violation::head_malformed;
  observation.transcript.request = std::move(as_sent);
  observation.request_faults.push_back({kFault, ws::requirement_of_sender(kFault, ws::Role::client), {}});
}

// Drivers that wait for Autobahn's server to be there open a WebSocket on "/", where it takes any.
bool is_knock(const Request& request, const Route& route) {
  const auto* page = std::get_if<route::PageFile>(&route);
  return page != nullptr && page->name == route::kFrontPage && wants_websocket(request.head);
}

// A case is not: what a client under test says of itself there is what is judged.
bool shows_or_changes(const Route& route) {
  const auto* page = std::get_if<route::PageFile>(&route);
  return std::holds_alternative<route::CaseStatus>(route) || std::holds_alternative<route::UpdateReports>(route) ||
         std::holds_alternative<route::StopServer>(route) || std::holds_alternative<route::Events>(route) ||
         std::holds_alternative<route::ReportFile>(route) || (page != nullptr && page->name == route::kFrontPage);
}

// One more, as long as it lives.
class Counted {
 public:
  explicit Counted(std::size_t* count) : count_(count) {
    if (count_ != nullptr) ++*count_;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    if (count_ != nullptr) --*count_;
  }

 private:
  std::size_t* count_;
};

bool waits(const Route& route) {
  return std::holds_alternative<route::CaseStatus>(route) || std::holds_alternative<route::Events>(route);
}

}  // namespace

struct FuzzingServer::Impl : std::enable_shared_from_this<Impl> {
  Impl(const asio::any_io_executor& on, Settings given, Observer& told)
      : executor(on),
        settings(std::move(given)),
        observer(told),
        board(settings.profile_name),
        happened(on),
        trust(settings.trusted) {}

  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self);
  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, Stream stream);
  asio::awaitable<void> serve_any(Stream stream);
  asio::awaitable<void> serve_http2(Stream stream);
  static asio::awaitable<void> serve_request(std::shared_ptr<Impl> self,
                                             std::unique_ptr<ws::io::http2::Http2Stream> stream,
                                             std::shared_ptr<Http2Watch> watch);
  // What a client asked over HTTP/2, and how.
  struct Carrier {
    Carrier() = default;
    std::shared_ptr<Http2Watch> watch{};  // null: HTTP/1.1
    std::shared_ptr<ws::io::http2::Session> connection{};
    std::vector<Http2Fault> faults{};  // of the request
  };
  asio::awaitable<void> serve_one(Stream stream, Carrier carrier);
  asio::awaitable<std::expected<Request, std::optional<Answer>>> ask(ws::io::Stream& stream);
  asio::awaitable<void> answer_http(Stream stream, const ws::RequestHead& head, Route route);

  // Over a WebSocket.
  static asio::awaitable<void> see_the_rest(Carrier& carrier, std::chrono::milliseconds timeout);
  asio::awaitable<void> run_case(Stream stream, Request request, route::RunCase run, Carrier carrier);
  asio::awaitable<void> talk(Stream stream, Request request, Route route);
  asio::awaitable<void> say(ws::io::WebSocket& socket, std::string text);
  asio::awaitable<void> tell_status(std::shared_ptr<ws::io::WebSocket> socket, route::CaseStatus asked);
  asio::awaitable<void> send_events(ws::io::WebSocket& socket);

  [[nodiscard]] std::optional<Answer> objection(const Request& request, const Route& route) const;
  [[nodiscard]] const Case& prepared(const Case& c);
  [[nodiscard]] bool is_excluded(const std::string& agent, const Case& c) const {
    return settings.excluded && settings.excluded(agent, c);
  }
  [[nodiscard]] SessionOptions session(const std::string& agent) {
    SessionOptions options;
    known[agent].add_to(options);
    options.must_prove = settings.proves && settings.proves();
    options.timeout = settings.timeout;
    options.seed = settings.seed;
    return options;
  }
  void finish(Result result);

  asio::any_io_executor executor;
  Settings settings;
  Observer& observer;
  Scoreboard board;
  ws::io::Signal happened;
  std::unique_ptr<ws::io::Listener> listener;
  std::size_t connections = 0, listeners = 0;
  std::list<ws::io::Stream*> asking;  // whose request is not whole yet, in the order in which they came
  const Trust trust;
  std::map<const Case*, std::unique_ptr<const Case>> prepared_cases;
  void judge_again(const std::string& agent);
  std::map<std::string, KnownClient> known;  // by agent
  DeflateCache cache;
  KeptTalk kept;
};

// --- Connections ------------------------------------------------------------------------------------------------

asio::awaitable<void> FuzzingServer::Impl::accept_all(std::shared_ptr<Impl> self) {
  while (true) {
    auto stream = co_await self->listener->accept();
    if (!stream) co_return;
    if (self->connections >= self->settings.most_connections) {
      // Who has not said yet what it wants makes room, the one first that has had the most time for it.
      if (self->asking.empty()) continue;
      self->asking.front()->reset();
      self->asking.pop_front();
    }
    ++self->connections;
    asio::co_spawn(self->executor, serve(self, std::move(*stream)), asio::detached);
  }
}

asio::awaitable<void> FuzzingServer::Impl::serve(std::shared_ptr<Impl> self, Stream stream) {
  try {
    co_await self->serve_any(std::move(stream));
  } catch (const std::bad_alloc&) {
    // One connection fewer is what makes room again; its result is missing, as when the client breaks off.
  }
  --self->connections;
}

asio::awaitable<std::expected<Request, std::optional<Answer>>> FuzzingServer::Impl::ask(ws::io::Stream& stream) {
  struct Place {
    std::list<ws::io::Stream*>& all;
    ws::io::Stream* one;
    ~Place() { all.remove(one); }
  };
  asking.push_back(&stream);
  const Place place{asking, &stream};
  co_return co_await read_request(stream, settings.request_limit);
}

asio::awaitable<void> FuzzingServer::Impl::serve_any(Stream stream) {
  if (settings.http == ws::io::Http::one) co_return co_await serve_one(std::move(stream), Carrier());
  Watchdog watchdog(*stream);
  watchdog.arm(settings.request_limit);
  auto detected = co_await ws::io::http2::detect(std::move(stream));
  watchdog.disarm();
  if (!detected) co_return;
  if (detected->is_http2) co_return co_await serve_http2(std::move(detected->stream));
  if (settings.http == ws::io::Http::either) co_await serve_one(std::move(detected->stream), Carrier());
}

// RFC 8441: each stream is to the rest of this file what a connection is otherwise.
asio::awaitable<void> FuzzingServer::Impl::serve_http2(Stream stream) {
  ws::io::http2::SessionOptions options;
  options.role = ws::Role::server;
  const auto watch = std::make_shared<Http2Watch>(ws::Role::client);
  options.sent = [watch](ws::ByteView octets) { watch->sent(octets); };
  options.received = [watch](ws::ByteView octets) { return watch->received(octets); };
  const auto session = ws::io::http2::Session::start(std::move(stream), options);
  while (auto request = co_await session->accept()) {
    ++connections;
    asio::co_spawn(executor, serve_request(shared_from_this(), std::move(*request), watch), asio::detached);
  }
}

asio::awaitable<void> FuzzingServer::Impl::serve_request(std::shared_ptr<Impl> self,
                                                         std::unique_ptr<ws::io::http2::Http2Stream> stream,
                                                         std::shared_ptr<Http2Watch> watch) {
  try {
    Carrier carrier;
    carrier.watch = std::move(watch);
    carrier.connection = stream->session().shared_from_this();
    carrier.watch->tunnel(static_cast<std::uint32_t>(stream->id()));
    auto asked = co_await ask_over_http2(std::move(stream));
    carrier.faults = std::move(asked.faults);
    if (asked.stream) co_await self->serve_one(std::move(asked.stream), std::move(carrier));
  } catch (const std::bad_alloc&) {
    // As in serve().
  }
  --self->connections;
}

asio::awaitable<void> FuzzingServer::Impl::serve_one(Stream stream, Carrier carrier) {
  auto request = co_await ask(*stream);
  if (!request) {
    if (request.error()) co_await respond(*stream, std::move(*request.error()));
    co_return;
  }
  Route route = route_of(request->head.target, board.cases(), settings.agent);
  if (auto answer = objection(*request, route)) {
    co_await respond(*stream, std::move(*answer), request->head.method == "HEAD");
  } else if (!over_websocket(route) && !is_knock(*request, route)) {
    co_await answer_http(std::move(stream), request->head, std::move(route));
  } else if (const auto* run = std::get_if<route::RunCase>(&route)) {
    co_await run_case(std::move(stream), std::move(*request), *run, std::move(carrier));
  } else {
    co_await talk(std::move(stream), std::move(*request), std::move(route));
  }
}

std::optional<Answer> FuzzingServer::Impl::objection(const Request& request, const Route& route) const {
  if (const auto* problem = std::get_if<route::Problem>(&route)) return refusal(problem->status, problem->text);
  const ws::RequestHead& head = request.head;
  if (request.malformed && !over_websocket(route)) return refusal(400, "The head breaks the grammar of HTTP/1.1.");
  if (over_websocket(route) && !wants_websocket(head)) {
    Answer answer =
        refusal(426, fmt::format("{} speaks WebSocket (RFC 6455): open it as ws:// or wss://.", head.target));
    answer.fields = {{"Upgrade", "websocket"}};
    return answer;
  }
  if (!over_websocket(route) && wants_websocket(head) && !is_knock(request, route)) {
    return refusal(404, fmt::format("{} is plain HTTP. WebSocket clients use /getCaseCount, /runCase?case=N&agent=NAME "
                                    "and so on.",
                                    head.target));
  }
  if (!over_websocket(route) && head.method != "GET" && head.method != "HEAD") {
    Answer answer = refusal(405, fmt::format("{} is not allowed here; GET and HEAD are.", head.method));
    answer.fields = {{"Allow", "GET, HEAD"}};
    return answer;
  }
  if (shows_or_changes(route)) {
    if (const std::string why = trust.objection(head, !over_websocket(route)); !why.empty())
      return refusal(403, why + ".");
  }
  if (waits(route) && listeners >= kMostListeners) return refusal(503, "Too many wait here already.");
  const auto* run = std::get_if<route::RunCase>(&route);
  if (run != nullptr && !board.knows(run->agent) && board.agents() >= kMostAgents) {
    return refusal(503, fmt::format("{} clients have results here already; restart with another --out.", kMostAgents));
  }
  return std::nullopt;
}

asio::awaitable<void> FuzzingServer::Impl::answer_http(Stream stream, const ws::RequestHead& head, Route route) {
  Answer answer;
  if (const auto* page = std::get_if<route::PageFile>(&route)) {
    answer.content_type = content_type(page->name);
    const bool shared = page->name == "theme.css" || page->name == "dom.js";  // with the report's page
    answer.body = resource((shared ? "reports/page/" : "runner/serve/page/") + page->name);
    answer.fields = {{"Content-Security-Policy", "default-src 'self'; connect-src 'self' ws: wss:; img-src data:"}};
  } else {
    answer = report_file(settings.reports, std::get<route::ReportFile>(route).name);
  }
  co_await respond(*stream, std::move(answer), head.method == "HEAD");
}

// --- Drivers ------------------------------------------------------------------------------------------------------

asio::awaitable<void> FuzzingServer::Impl::talk(Stream stream, Request request, Route route) {
  stream = mended(std::move(stream), request);
  ws::Bytes octets = ws::to_bytes(ws::serialize(request.head));
  ws::append(octets, request.early);
  ws::io::AcceptOptions options;
  options.connection.limits.message = options.connection.limits.frame = 1024 * 1024;
  options.origins = ws::io::any_origin();  // drivers are pages from anywhere, also from files
  auto accepted = co_await ws::io::accept(with_early(std::move(stream), std::move(octets)), std::move(options));
  if (!accepted) co_return;  // accept() told the client why
  const auto socket = std::make_shared<ws::io::WebSocket>(std::move(*accepted));
  const Counted counted(waits(route) ? &listeners : nullptr);
  if (std::holds_alternative<route::Events>(route)) {
    co_await send_events(*socket);
    co_return;
  }
  if (std::holds_alternative<route::CaseCount>(route)) {
    co_await say(*socket, std::to_string(board.cases().size()));
  } else if (const auto* info = std::get_if<route::CaseInfo>(&route)) {
    const Case& c = *info->c;
    nlohmann::ordered_json json{{"id", c.aliases.empty() ? c.id : c.aliases.front()}, {"description", c.title}};
    co_await say(*socket, json.dump());
  } else if (const auto* status = std::get_if<route::CaseStatus>(&route)) {
    co_await tell_status(socket, *status);
  } else if (const auto* update = std::get_if<route::UpdateReports>(&route)) {
    co_await observer.reports_wanted(update->agent);
    board.reported(update->agent);
  }
  // Autobahn closes without a code.
  (void)co_await socket->close(ws::close_code::kNoStatus, std::string(), kControlLimit);
  if (std::holds_alternative<route::StopServer>(route)) observer.end_wanted("a client asked for it with /stopServer");
  if (const auto* update = std::get_if<route::UpdateReports>(&route)) {
    observer.driver_done(update->agent);
    if (update->shut_down) observer.end_wanted("a client asked for it with shutdownOnComplete");
  }
}

asio::awaitable<void> FuzzingServer::Impl::say(ws::io::WebSocket& socket, std::string text) {
  (void)co_await socket.write_text(std::move(text), kControlLimit);
}

asio::awaitable<void> FuzzingServer::Impl::tell_status(std::shared_ptr<ws::io::WebSocket> socket,
                                                       route::CaseStatus asked) {
  const Case& c = *asked.c;
  const auto self = shared_from_this();
  const auto gone = std::make_shared<bool>(false);
  const auto watch = [](std::shared_ptr<Impl> impl, std::shared_ptr<ws::io::WebSocket> on,
                        std::shared_ptr<bool> left) -> asio::awaitable<void> {
    while (true) {
      const auto received = co_await on->read();
      if (!received || std::holds_alternative<ws::io::Ended>(*received)) break;
    }
    *left = true;
    impl->happened.notify_all();
  };
  asio::co_spawn(executor, watch(self, socket, gone), asio::detached);
  const auto until = ws::io::deadline_after(kStatusLimit);
  while (!*gone) {
    const auto behavior = board.behavior(asked.agent, c);
    if (is_excluded(asked.agent, c) || (behavior && !board.running(asked.agent, c))) {
      const nlohmann::ordered_json json{{"behavior", name(behavior.value_or(Behavior::not_applicable))}};
      co_await say(*socket, json.dump());
      co_return;
    }
    if (co_await happened.wait(until)) co_return;
  }
}

asio::awaitable<void> FuzzingServer::Impl::send_events(ws::io::WebSocket& socket) {
  board.listen(socket);
  while (true) {
    const auto received = co_await socket.read();
    if (!received || std::holds_alternative<ws::io::Ended>(*received)) break;
  }
  board.unlisten(socket);
}

// --- Cases --------------------------------------------------------------------------------------------------------

// Scaled and with its expectation; made when it is first needed, because the oracle takes its time for bulk cases.
const Case& FuzzingServer::Impl::prepared(const Case& c) {
  auto& slot = prepared_cases[&c];
  if (!slot) {
    slot = std::make_unique<const Case>(with_expectation(scaled(c, settings.profile), settings.seed, Side::client));
  }
  return *slot;
}

// What the client sends when its tunnel is over: a PING that is answered comes after it.
asio::awaitable<void> FuzzingServer::Impl::see_the_rest(Carrier& carrier, std::chrono::milliseconds timeout) {
  const auto until = ws::io::deadline_after(timeout);
  while (!carrier.watch->tunnel_is_over()) {
    if (const auto nothing = co_await carrier.connection->hears(until)) break;
  }
  Http2Seen seen;
  co_await see_connection(*carrier.connection, timeout, *carrier.watch, seen);
  // It left, and had answered what came long after our SETTINGS.
  if (!seen.connection_lives && carrier.connection->is_over()) carrier.watch->settle();
}

asio::awaitable<void> FuzzingServer::Impl::run_case(Stream stream, Request request, route::RunCase run,
                                                    Carrier carrier) {
  const Case& listed = *run.c;
  if (is_excluded(run.agent, listed)) {
    co_await talk(std::move(stream), std::move(request), run);  // opens and closes
    co_return;
  }
  const Case& c = prepared(listed);
  board.started(run.agent, c);
  observer.started(run.agent, c);
  happened.notify_all();
  const auto wall = std::chrono::system_clock::now();
  const auto start = std::chrono::steady_clock::now();
  if (const auto other = not_over_this_http(c, carrier.watch != nullptr)) {
    Verdict verdict;
    verdict.behavior = Behavior::not_applicable;
    verdict.summary = "Not run: " + *other + ".";
    co_await talk(std::move(stream), std::move(request), run);  // opens and closes
    finish(make_result(c, run.agent, Observation(), verdict));
    co_return;
  }
  Observation observation;
  SessionOptions options = session(run.agent);
  if (auto reading = ws::rules::read_request(request.head); !reading.facts) {
    const ws::Rule& rule = ws::rule(reading.facts.error());
    observation.handshake_violation = rule.id;
    observation.request_faults = std::move(reading.faults);
    observation.transcript.request = ws::serialize(request.head);
    observation.request = std::move(request.head);
    co_await respond(*stream, refusal(rule.http_status == 0 ? 400 : rule.http_status, std::string(rule.text)));
  } else {
    if (carrier.watch) options.nonces = nullptr;  // RFC 8441 5: there is no Sec-WebSocket-Key
    observation = co_await observe_client(c, std::move(stream), std::move(request.head), std::move(request.early),
                                          options, cache);
  }
  if (request.malformed) note_malformed(observation, std::move(*request.malformed));
  const bool over_http2 = carrier.watch != nullptr;
  if (over_http2) {
    co_await see_the_rest(carrier, options.timeout);
    observation.http2 = carrier.watch->take_seen();
    auto& faults = observation.http2->faults;
    faults.insert(faults.begin(), carrier.faults.begin(), carrier.faults.end());
  }
  known[run.agent].hear(c, observation, options);
  const Verdict verdict = judge(c, observation, settings.seed);
  kept.keep(observation.transcript, observation.flooded);
  Attempt attempt;
  attempt.c = &c;
  note_waits(observation, attempt);
  attempt.result = make_result(c, run.agent, std::move(observation), verdict);
  Result result = known[run.agent].weighed(std::move(attempt));
  result.started = wall;
  result.duration_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  say_what_it_rests_on(result);
  if (over_http2) speak_of_streams(result);
  finish(std::move(result));
  judge_again(run.agent);
}

// Cases of the time when nobody knew that the client says something of its own.
void FuzzingServer::Impl::judge_again(const std::string& agent) {
  for (KnownClient::Early& early : known[agent].take_early()) {
    const Verdict verdict = judge(*early.c, early.observation, settings.seed);
    Result result = make_result(*early.c, agent, std::move(early.observation), verdict);
    result.started = early.started;
    say_what_it_rests_on(result);
    board.finished(result);
    observer.judged_again(result);
  }
  if (const auto unclear = known[agent].take_unclear(); !unclear.empty())
    observer.heard_unclearly(agent, unclear, known[agent].speaks_now_and_then());
}

void FuzzingServer::Impl::finish(Result result) {
  board.finished(result);
  observer.finished(result);
  happened.notify_all();
}

// --- The face -----------------------------------------------------------------------------------------------------

FuzzingServer::FuzzingServer(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
FuzzingServer::~FuzzingServer() { stop(); }

std::expected<std::unique_ptr<FuzzingServer>, std::string> FuzzingServer::start(asio::any_io_executor executor,
                                                                                Settings settings, Observer& observer) {
  auto listener = ws::io::Listener::open(executor, settings.listen);
  if (!listener) return std::unexpected(std::move(listener.error()));
  const auto impl = std::make_shared<Impl>(executor, std::move(settings), observer);
  impl->listener = std::move(*listener);
  asio::co_spawn(executor, Impl::accept_all(impl), asio::detached);
  return std::unique_ptr<FuzzingServer>(new FuzzingServer(impl));
}

std::uint16_t FuzzingServer::port() const noexcept { return impl_->listener->port(); }

void FuzzingServer::number(std::vector<const Case*> cases) { impl_->board.number(numbered(std::move(cases))); }

const std::vector<const Case*>& FuzzingServer::cases() const noexcept { return impl_->board.cases(); }

void FuzzingServer::remember(const Result& result) { impl_->board.finished(result); }

bool FuzzingServer::busy() const noexcept { return impl_->board.busy(); }

void FuzzingServer::stop() noexcept { impl_->listener->close(); }

}  // namespace touchstone::serve

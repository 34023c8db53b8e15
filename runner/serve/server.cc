#include "runner/serve/server.h"

#include "reports/support/resources.h"
#include "runner/engine/over_http2.h"
#include "runner/engine/talk/watchdog.h"
#include "runner/serve/case_runs.h"
#include "runner/serve/http2_request.h"
#include "runner/serve/report_file.h"
#include "runner/serve/route.h"
#include "runner/serve/trust.h"

#include <ws/io/http2/serve.h>
#include <ws/io/net/wait.h>
#include <ws/io/websocket.h>

#include <fmt/format.h>
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

// A client that forgot Upgrade but sends a key means WebSocket too: its opening handshake is for the case to judge.
bool wants_websocket(const ws::RequestHead& head) {
  return ws::list_has_token(head.fields, "Upgrade", "websocket") ||
         ws::find_field(head.fields, "Sec-WebSocket-Key") != nullptr;
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
  asio::awaitable<void> serve_one(Stream stream, Carrier carrier);
  asio::awaitable<std::expected<Request, std::optional<Answer>>> ask(ws::io::Stream& stream);
  asio::awaitable<void> answer_http(Stream stream, const ws::RequestHead& head, Route route);

  // Over a WebSocket.
  asio::awaitable<void> run_case(Stream stream, Request request, route::RunCase run, Carrier carrier);
  asio::awaitable<void> talk(Stream stream, Request request, Route route);
  asio::awaitable<void> say(ws::io::WebSocket& socket, std::string text);
  asio::awaitable<void> tell_status(std::shared_ptr<ws::io::WebSocket> socket, route::CaseStatus asked);
  asio::awaitable<void> send_events(ws::io::WebSocket& socket);

  [[nodiscard]] std::optional<Answer> objection(const Request& request, const Route& route) const;

  asio::any_io_executor executor;
  Settings settings;
  Observer& observer;
  Scoreboard board;
  ws::io::Signal happened;
  std::unique_ptr<ws::io::Listener> listener;
  std::size_t connections = 0, listeners = 0;
  std::list<ws::io::Stream*> asking;  // whose request is not whole yet, in the order in which they came
  const Trust trust;
  CaseRuns runs{settings, board, observer, happened};
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

asio::awaitable<void> FuzzingServer::Impl::run_case(Stream stream, Request request, route::RunCase run,
                                                    Carrier carrier) {
  if (runs.is_excluded(run.agent, *run.c)) {
    co_await talk(std::move(stream), std::move(request), run);  // opens and closes
    co_return;
  }
  const Case& c = runs.begin(run.agent, *run.c);
  if (const auto other = not_over_this_http(c, carrier.watch != nullptr)) {
    co_await talk(std::move(stream), std::move(request), run);
    runs.leave_out(run.agent, c, *other);
    co_return;
  }
  co_await runs.play(std::move(stream), std::move(request), std::move(run.agent), c, std::move(carrier));
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
    if (runs.is_excluded(asked.agent, c) || (behavior && !board.running(asked.agent, c))) {
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

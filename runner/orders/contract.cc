#include "runner/orders/contract.h"

#include "reports/support/files.h"
#include "runner/catalogue/catalogue.h"
#include "runner/serve/http.h"
#include "runner/serve/route.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace touchstone::orders {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::duration, std::chrono::steady_clock, std::chrono::system_clock;

constexpr std::chrono::milliseconds kRequestLimit{10'000};
constexpr std::size_t kMostAgents = 256;

Json to_json(const Instruction& one) {
  Json json{{"url", one.url}};
  if (!one.subprotocols.empty()) json["subprotocols"] = one.subprotocols;
  for (const auto& [name, value] : one.headers) json["headers"][name] = value;
  if (!one.ca.empty()) json["ca"] = one.ca;
  if (!one.proxy.empty()) json["proxy"] = one.proxy;
  if (one.count > 1) json["count"] = one.count;
  if (one.cancel_ms > 0) json["cancel_ms"] = one.cancel_ms;
  if (one.reconnect) json["reconnect"] = true;
  return json;
}

// One line of the transcript for each thing that is known of a connection.
void show(const Arrival& arrival, std::size_t number, steady_clock::time_point start, Transcript& transcript) {
  const auto at = [&](steady_clock::time_point when) {
    return std::chrono::duration_cast<std::chrono::microseconds>(when - start).count();
  };
  const auto add = [&](std::int64_t when, Entry::Direction direction, Entry::Kind kind, std::string text) {
    Entry entry;
    entry.at_us = std::max<std::int64_t>(when, 0);
    entry.direction = direction;
    entry.kind = kind;
    entry.length = text.size();
    (kind == Entry::Kind::head ? entry.octets : entry.note) = text.substr(0, Entry::kKeptOctets);
    entry.connection = fmt::format("{}", number);
    transcript.entries.push_back(std::move(entry));
  };
  using Kind = Entry::Kind;
  using Direction = Entry::Direction;
  std::string note = fmt::format("connection {} to the {}", number, arrival.door);
  if (arrival.secure) note += fmt::format(", TLS{}", arrival.tls_open ? "" : " that was not completed");
  if (!arrival.server_name.empty()) note += fmt::format(", Server Name Indication {}", arrival.server_name);
  if (!arrival.plain.empty()) note += ", without TLS";
  add(at(arrival.began), Direction::local, Kind::mark, std::move(note));
  for (std::size_t i = 0; i < std::max(arrival.heads.size(), arrival.answers.size()); ++i) {
    if (i < arrival.heads.size()) add(at(arrival.began), Direction::received, Kind::head, arrival.heads[i]);
    if (i < arrival.answers.size()) add(at(arrival.began), Direction::sent, Kind::head, arrival.answers[i]);
  }
  if (arrival.opened) add(at(arrival.began), Direction::local, Kind::mark, "it answered a Ping");
  if (arrival.over)
    add(at(arrival.ended), arrival.ended_by_client ? Direction::received : Direction::sent, Kind::eof, {});
}

}  // namespace

std::string order_text(const Case& c, const std::vector<Instruction>& told) {
  Json connect = Json::array();
  for (const Instruction& one : told) connect.push_back(to_json(one));
  return Json{{"case", c.id}, {"title", c.title}, {"connect", std::move(connect)}}.dump() + "\n";
}

struct Contract::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::any_io_executor on, Settings given, Observer& told)
      : executor(std::move(on)), settings(std::move(given)), observer(told) {}

  // What one client is about.
  struct Session {
    std::size_t next = 0;
    const Case* c = nullptr;
    const Order* order = nullptr;
    std::unique_ptr<Play> play;
    steady_clock::time_point start;
    system_clock::time_point wall;
    bool concluding = false;
  };

  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self);
  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, std::unique_ptr<ws::io::Stream> stream);
  asio::awaitable<serve::Answer> answer(const ws::RequestHead& head);
  asio::awaitable<void> conclude(std::string agent, End end);
  std::optional<std::string> begin(const std::string& agent, Session& session);
  void give(const std::string& agent, Session& session, End end);

  asio::any_io_executor executor;
  Settings settings;
  Observer& observer;
  Authority authority;
  std::vector<const Case*> cases;
  std::map<std::string, Session> sessions;
  std::unique_ptr<ws::io::Listener> listener;
};

asio::awaitable<void> Contract::Impl::accept_all(std::shared_ptr<Impl> self) {
  while (auto stream = co_await self->listener->accept()) {
    asio::co_spawn(self->executor, serve(self, std::move(*stream)), asio::detached);
  }
}

asio::awaitable<void> Contract::Impl::serve(std::shared_ptr<Impl> self, std::unique_ptr<ws::io::Stream> stream) {
  auto request = co_await serve::read_request(*stream, kRequestLimit);
  if (!request) {
    if (request.error()) co_await serve::respond(*stream, std::move(*request.error()));
    co_return;
  }
  auto answer = co_await self->answer(request->head);
  co_await serve::respond(*stream, std::move(answer));
}

asio::awaitable<serve::Answer> Contract::Impl::answer(const ws::RequestHead& head) {
  const std::string_view path = std::string_view(head.target).substr(0, head.target.find('?'));
  if (!path.ends_with("/next"))
    co_return serve::refusal(404, "There is /next?agent=NAME here, and nothing else. See docs/next.md.");
  // A page of another site could only spoil a run; a browser's client is driven by `touchstone serve`.
  if (ws::find_field(head.fields, "Origin") != nullptr) co_return serve::refusal(403, "This is for programs.");
  std::string agent = settings.agent;
  if (agent.empty()) agent = serve::query_parameter(head.target, "agent").value_or("client");
  if (agent.size() > 100 || (!sessions.contains(agent) && sessions.size() >= kMostAgents))
    co_return serve::refusal(400, "agent=NAME is too long, or one of too many.");
  if (sessions[agent].concluding)
    co_return serve::refusal(409, "One order at a time: an earlier request is not answered.");
  End end;
  end.unimplemented = serve::query_parameter(head.target, "unimplemented").value_or("");
  co_await conclude(agent, std::move(end));
  Session& session = sessions[agent];
  serve::Answer answer;
  answer.content_type = "application/json";
  while (session.next < cases.size()) {
    if (auto text = begin(agent, session)) {
      answer.body = std::move(*text);
      co_return answer;
    }
    session.concluding = true;
    co_await session.play->finish();
    session.concluding = false;
    give(agent, session, {.unimplemented = {}, .lost = session.play->shortage, .died = {}});
  }
  answer.body = "{\"done\": true}\n";
  observer.driver_done(agent);
  co_return answer;
}

// Nothing: this machine cannot play it.
std::optional<std::string> Contract::Impl::begin(const std::string& agent, Session& session) {
  session.c = cases[session.next++];
  session.order = find_order(session.c->id);
  session.play = std::make_unique<Play>(executor, authority, (settings.folder / "ca.pem").string(), settings.patience);
  session.start = steady_clock::now();
  session.wall = system_clock::now();
  observer.started(agent, *session.c);
  session.order->prepare(*session.play);
  if (!session.play->shortage.empty()) return std::nullopt;
  return order_text(*session.c, session.play->told);
}

asio::awaitable<void> Contract::Impl::conclude(std::string agent, End end) {
  Session& session = sessions[agent];
  if (!session.play || session.concluding) co_return;
  session.concluding = true;
  co_await session.play->finish();
  session.concluding = false;
  give(agent, session, std::move(end));
}

void Contract::Impl::give(const std::string& agent, Session& session, End end) {
  const Case& c = *session.c;
  Result result;
  result.case_id = c.id;
  result.title = c.title;
  result.endpoint = agent;
  result.requirements = c.requirements;
  result.expectation = c.note;
  result.started = session.wall;
  result.duration_ms = duration<double, std::milli>(steady_clock::now() - session.start).count();
  const Play& play = *session.play;
  std::size_t number = 0;
  for (const Arrival& arrival : play.arrivals) show(arrival, ++number, session.start, result.transcript);
  if (!play.arrivals.empty() && !play.arrivals.front().heads.empty())
    result.transcript.request = play.arrivals.front().heads.front();
  if (!play.arrivals.empty() && !play.arrivals.front().answers.empty())
    result.transcript.response = play.arrivals.front().answers.front();
  Verdicts verdicts(result.findings);
  if (end.unimplemented.empty() && end.lost.empty()) session.order->judge(play, verdicts);
  if (end.died) result.findings.insert(result.findings.begin(), *end.died);
  const auto worst = std::ranges::max_element(result.findings, {}, &Finding::weight);
  const bool found = worst != result.findings.end() && worst->weight != Finding::Weight::choice;
  result.closing = Closing::ok;
  result.behavior = Behavior::ok;
  result.summary = "All as expected.";
  if (found) {
    result.behavior = worst->weight == Finding::Weight::violation ? Behavior::failed : Behavior::non_strict;
    result.summary = fmt::format("Expected: {}; seen: {}.", worst->expected, worst->seen);
  } else if (!end.unimplemented.empty()) {
    result.behavior = Behavior::unimplemented;
    result.summary = fmt::format("The driver cannot do it: {}.", end.unimplemented.substr(0, 300));
  } else if (!end.lost.empty()) {
    result.behavior = play.shortage.empty() ? Behavior::errored : Behavior::not_applicable;
    result.summary = fmt::format("Not judged: {}.", end.lost);
  }
  session.play.reset();
  session.c = nullptr;
  observer.finished(result);
}

std::expected<std::unique_ptr<Contract>, std::string> Contract::start(asio::any_io_executor executor, Settings settings,
                                                                      Observer& observer) {
  ws::io::ListenOptions listen;
  listen.host = settings.host;
  listen.port = settings.port;
  auto listener = ws::io::Listener::open(executor, listen);
  if (!listener) return std::unexpected(std::move(listener.error()));
  settings.folder = std::filesystem::absolute(settings.folder);
  const auto impl = std::make_shared<Impl>(executor, std::move(settings), observer);
  impl->listener = std::move(*listener);
  if (const auto written = write_file(impl->settings.folder / "ca.pem", impl->authority.certificate_pem()); !written)
    return std::unexpected(written.error());
  asio::co_spawn(executor, Impl::accept_all(impl), asio::detached);
  return std::unique_ptr<Contract>(new Contract(impl));
}

Contract::~Contract() {
  impl_->listener->close();
  for (auto& [name, session] : impl_->sessions) session.play.reset();  // its connections are still there to be closed
}

std::uint16_t Contract::port() const noexcept { return impl_->listener->port(); }

void Contract::set(std::vector<const Case*> cases) {
  impl_->cases = std::move(cases);
  for (auto& [name, session] : impl_->sessions) session.next = 0;
}

const Case* Contract::under_way(const std::string& agent) const {
  const auto found = impl_->sessions.find(agent);
  return found == impl_->sessions.end() ? nullptr : found->second.c;
}

bool Contract::has_all(const std::string& agent) const {
  const auto found = impl_->sessions.find(agent);
  return found != impl_->sessions.end() && found->second.next >= impl_->cases.size() && !found->second.play;
}

asio::awaitable<void> Contract::conclude(std::string agent, End end) {
  const auto impl = impl_;
  co_await impl->conclude(std::move(agent), std::move(end));
}

}  // namespace touchstone::orders

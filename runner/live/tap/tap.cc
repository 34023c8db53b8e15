#include "runner/live/tap/tap.h"

#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/way.h"

#include <fmt/format.h>

#include <asio/co_spawn.hpp>

namespace touchstone::tap {
namespace {

// "to" or "side": client, server or both.
std::vector<ws::Role> read_sides(const Cursor& root, std::string_view key) {
  std::vector<ws::Role> both = {ws::Role::client, ws::Role::server};
  if (!root.has(key)) return both;
  const auto text = root.at(key).text();
  if (text == "client") return {ws::Role::client};
  if (text == "server") return {ws::Role::server};
  if (text != "both") root.at(key).wrong("client, server or both");
  return both;
}

std::uint64_t read_connection(const Cursor& root) {
  return root.has("connection") ? root.at("connection").number(1, UINT64_MAX).value_or(0) : 0;
}

}  // namespace

Tap::Tap(asio::any_io_executor executor, TapOptions options, Events& events)
    : executor_(executor), options_(std::move(options)), events_(events), changed_(executor) {}

Tap::~Tap() = default;

std::expected<void, std::string> Tap::start() {
  auto listener = ws::io::Listener::open(executor_, options_.listen);
  if (!listener) return std::unexpected(std::move(listener.error()));
  listener_ = std::move(*listener);
  return {};
}

std::uint16_t Tap::port() const noexcept { return listener_->port(); }

asio::awaitable<Outcome> Tap::run() {
  while (auto stream = co_await listener_->accept()) {
    ++serving_;
    asio::co_spawn(executor_, serve(std::move(*stream), ++outcome_.connections), rethrown);
  }
  while (serving_ > 0) (void)co_await changed_.wait();
  co_return outcome_;
}

void Tap::stop() {
  stopping_ = true;
  listener_->close();
  const auto links = links_;
  for (const auto& link : links) {
    link->drop(ws::Role::client, false);
    link->drop(ws::Role::server, false);
  }
}

asio::awaitable<void> Tap::serve(std::unique_ptr<ws::io::Stream> client, std::uint64_t number) {
  events_.tell("connected", number, {{"peer", client->peer()}});
  const Target& target = options_.upstream;
  ws::io::DialOptions dial = way_to(target, options_.dial_limit);
  std::expected<std::unique_ptr<ws::io::Stream>, ws::io::DialError> server =
      std::unexpected(ws::io::DialError{ws::io::DialStage::connect, {}, "refused by command"});
  if (!refuses_) server = co_await ws::io::dial(std::move(dial));
  if (!server || stopping_) {
    if (!refuses_) ++outcome_.unreached;
    events_.tell("unreachable", number, {{"text", server ? "the tap ends" : server.error().text}});
    client->reset();
  } else {
    const auto link = std::make_shared<Link>(number, std::move(client), std::move(*server), options_.judged, rules_,
                                             events_, outcome_.totals);
    std::optional<OutputFile> transcript;
    if (options_.out) {
      auto file = OutputFile::create(*options_.out / fmt::format("connection-{}.jsonl", number));
      if (file) {
        transcript = std::move(*file);
      } else {
        events_.tell("error", number, {{"text", file.error()}});
      }
    }
    links_.insert(link);
    co_await link->run(std::move(transcript));
    links_.erase(link);
  }
  --serving_;
  changed_.notify_all();
}

// --- Commands ---

template <class Do>
void Tap::each_link(std::uint64_t number, const Do& what) {
  const auto links = links_;  // what is done may end some
  for (const auto& link : links)
    if (number == 0 || link->number() == number) what(*link);
}

void Tap::apply_network(const Cursor& root, const Json& line) {
  const std::uint64_t number = read_connection(root);
  const auto sides = read_sides(root, "to");
  (void)read_network(root.at("network"));
  if (!root.faults().empty()) return;
  Faults none("");
  const Cursor wanted(line["network"], none);
  for (const ws::Role side : sides) {
    Network& of_all = side == ws::Role::client ? rules_.to_client : rules_.to_server;
    if (number == 0) of_all = read_network(wanted, of_all);
    each_link(number, [&](Link& link) { link.set_network(side, read_network(wanted, link.network(side))); });
  }
}

void Tap::apply_drop(const Cursor& root) {
  const std::uint64_t number = read_connection(root);
  const auto sides = read_sides(root, "side");
  const auto how = root.at("drop").text();
  if (how != "fin" && how != "reset") root.at("drop").wrong("fin or reset");
  if (!root.faults().empty()) return;
  each_link(number, [&](Link& link) {
    for (const ws::Role side : sides) link.drop(side, how == "reset");
  });
}

std::expected<void, std::vector<CaseFileError>> Tap::command(std::string_view line) {
  constexpr std::string_view kName = "command";
  std::vector<CaseFileError> unread;
  const auto json = parse_strict(kName, line, unread);
  if (!json) return std::unexpected(std::move(unread));
  Faults faults(kName);
  for (CaseFileError& fault : unread) faults.add(std::move(fault));
  const Cursor root(*json, faults);
  if (root.has("network")) {
    if (root.object({"network"}, {"to", "connection"})) apply_network(root, *json);
  } else if (root.has("fault")) {
    root.object({"fault"}, {"connection"});
    const Plant plant = read_plant(root.at("fault"));
    const std::uint64_t number = read_connection(root);
    if (faults.empty()) {
      if (number == 0) rules_.plants.push_back(plant);
      each_link(number, [&](Link& link) { link.plant(plant); });
    }
  } else if (root.has("drop")) {
    if (root.object({"drop"}, {"side", "connection"})) apply_drop(root);
  } else if (root.has("refuse")) {
    root.object({"refuse"}, {});
    refuses_ = root.at("refuse").boolean().value_or(false);
  } else if (root.has("clear")) {  // an undisturbed network, no faults
    root.object({"clear"}, {});
    rules_ = {};
    refuses_ = false;
    for (const ws::Role side : {ws::Role::client, ws::Role::server})
      each_link(0, [&](Link& link) { link.set_network(side, {}); });
  } else if (root.has("stop")) {
    root.object({"stop"}, {});
    if (faults.empty()) stop();
  } else {
    root.wrong("a command with one of the keys network, fault, drop, refuse, clear, stop");
  }
  if (!faults.empty()) return std::unexpected(faults.take());
  return {};
}

Json Tap::status() const {
  Json json;
  json["connections"] = outcome_.connections;
  json["open"] = links_.size();
  json["unreached"] = outcome_.unreached;
  json["violations"] = {{"must", outcome_.totals.musts}, {"should", outcome_.totals.shoulds}};
  return json;
}

}  // namespace touchstone::tap

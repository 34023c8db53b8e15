#include "runner/cli/process/obedient.h"

#include "runner/cli/print.h"

#include <fmt/core.h>
#include <ws/io/serve/reconnect.h>
#include <ws/io/websocket.h>
#include <ws/testing/faults/told_client.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <set>

namespace touchstone::cli {
namespace {

constexpr int kMostRedirects = 5;

// The body of the answer; the error is a sentence.
asio::awaitable<std::expected<std::string, std::string>> get(ws::Url url, std::string target) {
  ws::io::DialOptions dial;
  dial.host = url.host;
  dial.port = url.port;
  auto stream = co_await ws::io::dial(std::move(dial));
  if (!stream) co_return std::unexpected(std::move(stream.error().text));
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", target, ws::host_field(url));
  (void)co_await (*stream)->write(ws::as_octets(request));
  ws::Bytes octets, buffer(16 * 1024);
  while (true) {
    const auto n = co_await (*stream)->read_some(buffer);
    if (!n) break;
    ws::append(octets, std::span(buffer).first(*n));
  }
  const std::string text = ws::to_string(octets);
  const auto body = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 200 ") || body == std::string::npos)
    co_return std::unexpected(fmt::format("{} was not answered: {}", target, text.substr(0, text.find('\r'))));
  co_return text.substr(body + 4);
}

struct Told {
  ws::Url url;
  ws::io::ConnectOptions options;
  bool reconnect = false;
};

std::map<std::string, std::string> headers_of(const nlohmann::json& json) {
  return json.value("headers", std::map<std::string, std::string>());
}

// Nothing: a strict client refuses what it is told, such as a URL with a fragment.
std::optional<Told> read_told(const nlohmann::json& json) {
  auto url = ws::parse_url(json.at("url").get<std::string>());
  if (!url) return std::nullopt;
  Told told;
  told.url = std::move(*url);
  told.options.subprotocols = json.value("subprotocols", std::vector<std::string>());
  for (const auto& [name, value] : headers_of(json)) told.options.extra_fields.push_back({name, value});
  told.options.tls.ca_file = json.value("ca", "");
  told.options.max_redirects = kMostRedirects;
  if (json.contains("proxy")) {
    auto proxy = ws::io::parse_proxy(json.at("proxy").get<std::string>());
    if (!proxy) return std::nullopt;
    told.options.proxy = std::move(*proxy);
  }
  if (json.contains("cancel_ms")) told.options.deadline = std::chrono::milliseconds(json.at("cancel_ms").get<int>());
  told.reconnect = json.value("reconnect", false);
  return told;
}

asio::awaitable<bool> stay(ws::io::WebSocket& socket) {
  while (true) {
    const auto received = co_await socket.read();
    if (!received) co_return true;
    if (const auto* ended = std::get_if<ws::io::Ended>(&*received))
      co_return !ended->clean;  // comes back if it was not
  }
}

// RFC 6455 4.1 step 2: at most one connection to an address between connecting and its answer.
class Turns {
 public:
  asio::awaitable<void> take(std::string address) {
    while (taken_.contains(address)) (void)co_await changed_.wait();
    taken_.insert(std::move(address));
  }
  void give_back(const std::string& address) {
    taken_.erase(address);
    changed_.notify_all();
  }

 private:
  std::set<std::string> taken_;
  ws::io::Signal changed_;
};

asio::awaitable<void> do_one(Told told, std::shared_ptr<Turns> turns) {
  if (told.reconnect) {
    ws::io::ReconnectOptions again;
    (void)co_await ws::io::keep_connected(told.url, told.options, again, stay);
    co_return;
  }
  const std::string address = ws::host_field(told.url);
  co_await turns->take(address);
  auto socket = co_await ws::io::connect(told.url, told.options);
  turns->give_back(address);
  if (socket) (void)co_await stay(*socket);
}

asio::awaitable<void> do_with_fault(ws::testing::ToldConnection told, std::shared_ptr<ws::testing::ToldClient> client) {
  co_await client->connect(std::move(told));
}

ws::testing::ToldConnection read_raw(const nlohmann::json& json) {
  ws::testing::ToldConnection told;
  told.url = json.at("url").get<std::string>();
  told.subprotocols = json.value("subprotocols", std::vector<std::string>());
  for (const auto& [name, value] : headers_of(json)) told.headers.emplace_back(name, value);
  told.ca = json.value("ca", "");
  told.proxy = json.value("proxy", "");
  told.cancel_ms = json.value("cancel_ms", 0);
  told.reconnect = json.value("reconnect", false);
  return told;
}

using Deviant = std::shared_ptr<ws::testing::ToldClient>;

// Everything at once, and to its end.
asio::awaitable<void> do_all(nlohmann::json order, Deviant deviant) {
  const auto executor = co_await asio::this_coro::executor;
  const auto left = std::make_shared<ws::io::Signal>(executor);
  const auto under_way = std::make_shared<int>(0);
  const auto turns = std::make_shared<Turns>();
  for (const nlohmann::json& each : order.at("connect")) {
    const auto ended = [left, under_way](std::exception_ptr) {
      --*under_way;
      left->notify_all();
    };
    const auto told = deviant ? std::nullopt : read_told(each);
    for (int i = 0; i < each.value("count", 1); ++i) {
      if (!deviant && !told) break;  // refused
      ++*under_way;
      if (deviant) {
        asio::co_spawn(executor, do_with_fault(read_raw(each), deviant), ended);
      } else {
        asio::co_spawn(executor, do_one(*told, turns), ended);
      }
    }
  }
  while (*under_way > 0) (void)co_await left->wait();
}

asio::awaitable<std::string> obey_all(ws::Url url, Deviant deviant) {
  while (true) {
    auto text = co_await get(url, url.target);
    if (!text) co_return text.error();
    const nlohmann::json order = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!order.is_object()) co_return "what is to be done is no JSON object";
    if (order.value("done", false)) co_return "";
    co_await do_all(order, deviant);
  }
}

}  // namespace

Exit list_told_faults() {
  for (const auto& row : ws::testing::told_faults())
    out("{:28} {:6} {:18} {}\n", row.name, row.must ? "MUST" : "SHOULD", row.requirement, row.text);
  return Exit::ok;
}

Exit obey(const std::string& next_url, const std::string& fault) {
  constexpr std::string_view kHttp = "http://";
  const auto url = next_url.starts_with(kHttp) ? ws::parse_url("ws://" + next_url.substr(kHttp.size()))
                                               : std::unexpected(std::string("it is no http URL"));
  if (!url) throw UsageError(fmt::format("--obey {}: {}", next_url, url.error()));
  Deviant deviant;
  if (!fault.empty()) {
    const auto* row = ws::testing::find_told_fault(fault);
    if (row == nullptr && fault != "none")
      throw UsageError(fmt::format("--told-fault {}: no such fault; see touchstone echo --list-told-faults", fault));
    deviant = std::make_shared<ws::testing::ToldClient>(row == nullptr ? ws::testing::ToldFault::none : row->fault);
  }
  asio::io_context context{1};
  std::string problem;
  asio::co_spawn(context, obey_all(*url, deviant),
                 [&](std::exception_ptr, std::string why) { problem = std::move(why); });
  context.run();
  if (problem.empty()) return Exit::ok;
  err("error: {}\n", said(problem));
  return Exit::unreachable;
}

}  // namespace touchstone::cli

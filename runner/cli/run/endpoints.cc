#include "runner/cli/run/endpoints.h"

#include "reports/support/said.h"
#include "reports/support/shell.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/text.h"
#include "runner/engine/probe.h"

#include <fmt/core.h>

#include <algorithm>

namespace touchstone::cli {
namespace {

constexpr std::string_view kPort = "{port}";
constexpr std::size_t kLongestName = 120;  // octets of a Server field that is an endpoint's name
constexpr const char* kCommandUrl = "ws://127.0.0.1:{port}/";

bool is_interrupted() { return interrupted(); }

using Clock = std::chrono::steady_clock;

// What is learnt before the cases takes half of the time for a run at most.
std::function<bool()> over_after(std::chrono::milliseconds budget) {
  if (budget.count() == 0) return is_interrupted;
  return [until = Clock::now() + budget / 2] { return is_interrupted() || Clock::now() >= until; };
}

std::chrono::milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
}

// "node server.js {port}" without the port: a name that is the same in every run.
std::string name_of_command(const std::string& command) {
  std::string name = replace_all(command, " {port}", "");
  return replace_all(name, kPort, "");
}

}  // namespace

Endpoints::Endpoints(const TestOptions& options, const std::optional<SpecFile>& spec) : options_(options) {
  if (options.tls && (!options.url.empty() || !options.command.empty() || spec)) {
    throw UsageError("--tls is for the embedded server; write the URL as wss:// instead");
  }
  if (!options.command.empty()) {
    add_command();
  } else if (!options.url.empty()) {
    all_.emplace_back().target = make_target(options, options.url);
  } else if (spec) {
    for (const SpecServer& server : spec->servers) all_.emplace_back().target = make_target(options, server);
  } else {
    // Its address is not known before it runs; everything else is checked here.
    all_.emplace_back().target = make_target(options, "ws://127.0.0.1/");
  }
  if (options.http == "both") ask_twice();
}

// Each endpoint over HTTP/1.1, and beside it over HTTP/2.
void Endpoints::ask_twice() {
  std::vector<Endpoint> both;
  for (Endpoint& each : all_) {
    each.target.http = ws::io::Http::one;
    both.push_back(each);
    each.target.http = ws::io::Http::two;
    both.push_back(std::move(each));
  }
  all_ = std::move(both);
}

void Endpoints::add_command() {
  std::string url = options_.url.empty() ? kCommandUrl : options_.url;
  const bool any_port = url.find(kPort) != std::string::npos;
  std::uint16_t port = 0;
  if (any_port) {
    port = must(free_port());
    url = replace_all(url, kPort, std::to_string(port));
  }
  Target& target = all_.emplace_back().target;
  target = make_target(options_, url);
  ServerProcess::Settings& settings = command_.emplace();
  settings.command = replace_all(options_.command, kPort, std::to_string(target.url.port));
  settings.host = target.url.host;
  settings.port = target.url.port;
  if (!options_.start_timeout.empty()) {
    settings.start_deadline = duration_or_refuse(options_.start_timeout, "--start-timeout");
  }
}

std::expected<void, std::string> Endpoints::start(const std::filesystem::path& folder) {
  if (command_) {
    command_->log = folder / "server.log";
    std::error_code none;
    std::filesystem::remove(command_->log, none);  // of an earlier run
    server_.emplace(*command_, interrupted());
    return server_->start_first();
  }
  if (!options_.url.empty() || !options_.spec.empty()) return {};
  const bool both = options_.http == "both";
  auto started = EmbeddedServer::start(options_.tls, both ? ws::io::Http::either : http_named(options_.http));
  if (!started) return std::unexpected(started.error());
  embedded_ = std::move(*started);
  for (Endpoint& each : all_) {
    each.target.url = embedded_->url();
    each.target.tls.ca_pem = embedded_->certificate_pem();
    if (each.target.name.empty()) each.target.name = "reference";
  }
  return {};
}

void Endpoints::greet_all(const RunOptions& options, const std::function<bool()>& over) {
  for (Endpoint& each : all_) {
    const auto start = Clock::now();
    auto greeting = greet(each.target, options, over ? over : over_after(options.budget));
    each.spent = since(start);
    if (greeting) {
      each.greeting = std::move(*greeting);
      each.target.http = each.greeting.over_http2 ? ws::io::Http::two : ws::io::Http::one;
    } else {
      each.unreachable = greeting.error().text;
      each.own_shortage = greeting.error().why == Unreachable::Why::own_shortage;
    }
    name(each);
  }
}

void Endpoints::probe_all(const RunOptions& options, const Sizes& most) {
  const std::optional<EndpointProfile> told = read_endpoint_profile(options_);
  for (Endpoint& each : all_) {
    if (!each.unreachable.empty()) continue;
    const auto start = Clock::now();
    each.profile = told ? *told : probe(each.target, each.greeting, options, most, over_after(options.budget));
    each.spent += since(start);
  }
}

void Endpoints::name(Endpoint& endpoint) {
  std::string& own_name = endpoint.target.name;
  if (own_name.empty() && command_) own_name = name_of_command(options_.command);
  // Autobahn's rule: without a name of the user's, the Server field of the answer.
  if (own_name.empty()) own_name = said(endpoint.greeting.server_field, kLongestName);
  if (own_name.empty()) own_name = ws::host_field(endpoint.target.url);
  if (options_.http == "both")
    own_name += endpoint.target.http == ws::io::Http::two ? " over HTTP/2" : " over HTTP/1.1";
  const std::string base = own_name;
  const auto taken = [&](const Endpoint& other) { return &other != &endpoint && other.target.name == own_name; };
  for (int n = 2; std::any_of(all_.begin(), all_.end(), taken); ++n) own_name = fmt::format("{} ({})", base, n);
}

void Endpoints::stop_servers() noexcept {
  if (server_) server_->stop();
  embedded_.reset();
}

std::string Endpoints::replay(const Case& c, const Target& target, const RunOptions& options) const {
  if (!command_ && !embedded_) return replay_command(c, target, options);
  std::string server;
  if (command_) {
    server = fmt::format("--command {} ", shell_quote(options_.command));
    if (!options_.url.empty()) server += fmt::format("{} ", shell_quote(options_.url));
  } else if (options_.tls) {
    server = "--tls ";
  }
  std::string command = replay_command(c, target, options);
  const std::string url = fmt::format("{} ", shell_quote(ws::to_string(target.url)));
  const std::size_t at = command.find(url);
  if (at == std::string::npos) return command;
  return command.substr(0, at) + server + command.substr(at + url.size());
}

}  // namespace touchstone::cli

#include "runner/cli/run/serve_options.h"

#include "runner/bench/options.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/spec_choice.h"
#include "runner/cli/options/test_options.h"
#include "runner/cli/print.h"
#include "runner/cli/run/expect_run.h"
#include "runner/cli/run/outcome.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <ws/core/http/url.h>
#include <CLI/CLI.hpp>

#include <algorithm>

namespace touchstone::cli {
namespace {

constexpr std::uint16_t kAutobahnPort = 9001;
constexpr std::size_t kOwnFiles = 64;  // descriptors besides the clients'

bool is_told(const Case& c) { return c.id.starts_with("next/"); }

std::optional<SpecFile> read_server_spec(const std::string& path) {
  if (path.empty()) return std::nullopt;
  SpecFile spec = must(parse_server_spec(path, read_or_refuse(path, "--spec")));
  for (const std::string& warning : spec.warnings) err("warning: {}\n", warning);
  return spec;
}

// The command line is nearer to the user than the file.
ws::io::ListenOptions where_to_listen(const ServeOptions& options, const std::optional<SpecFile>& spec) {
  ws::io::ListenOptions listen;
  listen.host = options.host;
  // A client that we start is told the port.
  listen.port = options.port.value_or(options.command.empty() ? kAutobahnPort : 0);
  bool tls = options.tls || !options.certificate.empty();
  std::string certificate = options.certificate, key = options.key;
  if (spec) {
    const auto url = ws::parse_url(spec->url);
    if (!url)
      throw UsageError(fmt::format("{}: /url: '{}' is no WebSocket URL: {}", options.spec, spec->url, url.error()));
    // A name that may mean ::1 as well would leave out those who connect to 127.0.0.1, as most drivers do.
    listen.host = url->host == "localhost" ? "127.0.0.1" : url->host;
    if (!options.port && options.command.empty()) listen.port = url->port;
    tls = tls || url->secure;
    if (certificate.empty()) certificate = spec->certificate;
    if (key.empty()) key = spec->key;
  }
  if (!tls) return listen;
  ws::io::ServerTls& server = listen.tls.emplace();
  if (certificate.empty()) {
    ws::io::Identity identity = ws::io::self_signed(listen.host);
    server.certificate_pem = std::move(identity.certificate_pem);
    server.private_key_pem = std::move(identity.private_key_pem);
  } else {
    server.certificate_file = certificate;
    server.private_key_file = key.empty() ? certificate : key;
  }
  return listen;
}

}  // namespace

void add_serve_options(CLI::App& app, ServeOptions& options) {
  const std::string server = "Server", client = "Client under test", run = "Run";
  add_selection_options(app, options.selection);
  add_port_option(app, options.port, "9001, with --command a free one")->group(server);
  add_listen_host_option(app, options.host)->group(server);
  app.add_option(
         "--allow-host", options.trusted,
         "A name under which browsers may reach this server, or of a site whose pages may ask it for reports and "
         "events; 'null' is pages from files. Addresses, localhost and names without a dot may always")
      ->type_name("NAME")
      ->group(server);
  add_listen_tls_flag(app, options.tls, ", DIR/certificate.pem")->group(server);
  add_http_option(
      app, options.http,
      "Clients speak HTTP/1.1 (RFC 6455), HTTP/2 (RFC 8441; without TLS with prior knowledge), or what they "
      "choose")
      ->group(server);
  const auto [key, certificate] = add_identity_options(app, options.key, options.certificate);
  key->group(server);
  certificate->group(server);
  add_spec_option(app, options.spec, "Autobahn's fuzzingserver.json: url, cases, exclude-cases, outdir ...")
      ->group(server);
  CLI::Option* command =
      app.add_option("--command", options.command,
                     "Start the client with this shell command, wait for its end, report, exit. {url} becomes the "
                     "address that an Autobahn driver needs; with {case_url} the command is run once for each case, "
                     "and need only connect there and echo. Its output goes to DIR/client.log")
          ->type_name("COMMAND")
          ->group(client);
  add_agent_option(app, options.agent, "client")->group(client);
  app.add_option("--idle", options.idle, "With --command: end it when it begins no case for so long")
      ->type_name("DURATION")
      ->capture_default_str()
      ->needs(command)
      ->group(client);
  app.add_flag("--once", options.once, "End after the first /updateReports")->group(client);
  app.add_flag(
         "--next", options.next,
         "The client is told what to do: a driver fetches orders from /next (docs/next.md), about URLs, "
         "certificates, proxies, redirects, several connections, reconnecting. In COMMAND {next} becomes that URL")
      ->group(client);
  add_timeout_option(app, options.timeout, "5s")->group(run);
  add_seed_option(app, options.seed)->group(run);
  add_out_option(app, options.out, "Folder of the report (default: touchstone-report); results there are kept")
      ->group(run);
  add_expect_option(app, options.expect)->group(run);
  add_keep_all_flag(app, options.keep_all)->group(run);
  add_quiet_flag(app, options.quiet, "No progress and no summary, only errors and the last line")->group(run);
}

ServePlan make_plan(const ServeOptions& options, const Catalogue& catalogue) {
  const std::optional<SpecFile> spec = read_server_spec(options.spec);
  ServePlan plan;
  SelectionOptions selection = options.selection;
  selection.http2 = options.http != "1";
  plan.cases = spec ? choose_by_spec(catalogue, selection, *spec, options.spec, Side::client)
                    : choose_cases(catalogue, selection, Side::client);
  // What a client has to be told cannot be asked of one that only connects, and the other way round.
  std::erase_if(plan.cases, [&](const Case* c) { return is_told(*c) != options.next; });
  if (plan.cases.empty()) {
    throw UsageError(options.next ? "none of these cases is told to a driver of --next: choose among 'next/*'"
                                  : "these cases are told to a driver: add --next");
  }
  plan.out = !options.out.empty() ? options.out : spec && !spec->outdir.empty() ? spec->outdir : kDefaultFolder;
  plan.keep_all = options.keep_all;
  plan.idle = duration_or_refuse(options.idle, "--idle");
  if (!options.expect.empty()) {
    if (options.agent.empty()) throw UsageError("--expect is about one client: name it with --agent");
    plan.expectations = read_expectations(options.expect);
  }
  serve::Settings& settings = plan.settings;
  settings.listen = where_to_listen(options, spec);
  settings.http = http_named(options.http);
  if (settings.listen.tls) settings.listen.tls->http = settings.http;
  settings.profile = profile_named(options.selection.profile);
  settings.profile_name = options.selection.profile;
  settings.seed = options.seed;
  if (!options.timeout.empty()) settings.timeout = duration_or_refuse(options.timeout, "--timeout");
  settings.reports = plan.out;
  settings.trusted = options.trusted;
  settings.trusted.push_back(settings.listen.host);
  const std::size_t files = bench::raise_file_limit();
  settings.most_connections = std::min(settings.most_connections, files - std::min(files, kOwnFiles) + 1);
  settings.agent = options.agent;
  if (settings.agent.empty() && !options.command.empty()) settings.agent = "client";
  if (spec && !spec->exclude_agent_cases.empty()) {
    settings.excluded = [file = *spec](const std::string& agent, const Case& c) {
      const auto patterns = excluded_for(file, agent);
      return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return matches(c, pattern); });
    };
  }
  return plan;
}

}  // namespace touchstone::cli

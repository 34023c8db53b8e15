#include "runner/cli/options/test_options.h"

#include "reports/support/files.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/options/common.h"
#include "runner/cli/print.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <ws/core/http/http1.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>

namespace touchstone::cli {
namespace {

constexpr std::chrono::minutes kCoreBudget{5}, kBudget{30};

// Fields of the opening handshake that are the tester's own business, and what to use instead.
struct OwnField {
  std::string_view name, instead;
};
constexpr std::array<OwnField, 7> kOwnFields = {{
    {"Host", "use --host"},
    {"Sec-WebSocket-Protocol", "use --subprotocol"},
    {"Sec-WebSocket-Key", "every connection makes its own"},
    {"Sec-WebSocket-Version", "it is 13"},
    {"Sec-WebSocket-Extensions", "the cases say what is offered"},
    {"Upgrade", "it is websocket"},
    {"Connection", "it is Upgrade"},
}};

ws::Field parse_header(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) {
    throw UsageError(fmt::format("--header '{}' has no colon; write --header 'Name: value'", text));
  }
  ws::Field field{text.substr(0, colon), std::string(ws::trim(std::string_view(text).substr(colon + 1)))};
  if (!ws::is_token(field.name)) {
    throw UsageError(fmt::format("--header '{}': '{}' is no field name (RFC 9110 5.6.2)", text, field.name));
  }
  if (!ws::is_field_value(field.value)) {
    throw UsageError(fmt::format("--header '{}': the value has control characters", field.name));
  }
  for (const OwnField& own : kOwnFields) {
    if (ws::equals_ignoring_case(own.name, field.name)) {
      throw UsageError(fmt::format("--header '{}' cannot be set this way; {}", field.name, own.instead));
    }
  }
  return field;
}

ws::Url parse_or_refuse(const std::string& text, std::string_view where) {
  auto url = ws::parse_url(text);
  if (!url) throw UsageError(fmt::format("{}'{}' is no WebSocket URL: {}", where, text, url.error()));
  return *url;
}

void add_run_options(CLI::App& app, TestOptions& options) {
  const std::string group = "Run";
  add_pid_option(app, options.process,
                 "its memory and CPU are judged in cases about attacks, which then run one by one")
      ->group(group);
  add_jobs_option(app, options.jobs)->group(group);
  add_timeout_option(app, options.timeout, "measured, 5s at least")->group(group);
  add_budget_option(app, options.budget, "the server",
                    "5m for the core profile, else 30m; 75s if a Ping takes half a second or gets no Pong")
      ->group(group);
  app.add_flag(
         "--step", options.step,
         "One case at a time; before the first thing that breaks a rule it says the server's process id and waits "
         "for Enter, so that a debugger can be attached")
      ->group(group);
  add_seed_option(app, options.seed)->group(group);
  add_out_option(app, options.out, "Folder of the report (default: touchstone-report)")->group(group);
  add_expect_option(app, options.expect)->group(group);
  add_keep_all_flag(app, options.keep_all)->group(group);
  app.add_option(
         "--profile-of-peer", options.endpoint_profile,
         "What the server does with messages, instead of finding out; `touchstone probe --format json` writes it")
      ->type_name("FILE")
      ->group(group);
  add_agent_option(app, options.agent, "server")->group(group);
  add_quiet_flag(app, options.quiet, "No progress and no summary, only errors and the last line")->group(group);
}

void add_server_options(CLI::App& app, TestOptions& options) {
  const std::string group = "Server under test";
  add_server_command_option(app, options.command)->group(group);
  app.add_option("--start-timeout", options.start_timeout, "How long the command may take to accept (default: 30s)")
      ->type_name("DURATION")
      ->group(group);
  add_spec_option(app, options.spec, "Autobahn's fuzzingclient.json: servers, cases, exclude-cases, outdir ...")
      ->group(group);
  app.add_flag("--tls", options.tls, "Without URL: test the embedded reference server over wss")->group(group);
}

void check_files(const TestOptions& options) {
  if (!options.ca.empty()) (void)read_or_refuse(options.ca, "--ca");
  if (!options.certificate.empty()) (void)read_or_refuse(options.certificate, "--cert");
  if (!options.key.empty()) (void)read_or_refuse(options.key, "--key");
}

}  // namespace

void add_connection_options(CLI::App& app, TestOptions& options) {
  const std::string group = "Connection";
  for (CLI::Option* each : add_trust_options(app, options.ca, options.server_name, options.insecure)) {
    each->group(group);
  }
  const auto [key, certificate] =
      add_identity_options(app, options.key, options.certificate, " of the client, for wss");
  key->group(group);
  certificate->group(group);
  CLI::Option* v4 = app.add_flag("-4", options.v4, "IPv4 only")->group(group);
  app.add_flag("-6", options.v6, "IPv6 only")->group(group)->excludes(v4);
  repeatable(app.add_option("--header", options.headers, "Extra field of the opening handshake; may be repeated")
                 ->group(group),
             "'Name: value'");
  app.add_option("--host", options.host, "Host field, instead of the URL's host")->type_name("HOST")->group(group);
  app.add_option("--origin", options.origin, "Origin field")->type_name("ORIGIN")->group(group);
  add_subprotocol_option(app, options.subprotocols, "offer")->group(group);
}

void add_way_options(CLI::App& app, TestOptions& options, bool both) {
  const std::string group = "Connection";
  CLI::Option* proxy = app.add_option("--proxy", options.proxy,
                                      "Through this proxy: http://user:password@host:port (CONNECT) or socks5://...")
                           ->type_name("URL")
                           ->group(group);
  app.add_option("--unix-socket", options.unix_path, "To this Unix socket, in place of the URL's host and port")
      ->type_name("PATH")
      ->group(group)
      ->excludes(proxy);
  add_http_option(
      app, options.http,
      both ? "Over HTTP/1.1 (RFC 6455), over HTTP/2 (RFC 8441; without TLS with prior knowledge), as a browser "
             "chooses, or over both, as two endpoints of one report"
           : "Over HTTP/1.1 (RFC 6455), over HTTP/2 (RFC 8441; without TLS with prior knowledge), or as a "
             "browser chooses",
      both)
      ->group(group);
}

void add_test_options(CLI::App& app, TestOptions& options) {
  app.add_option("URL", options.url,
                 "ws://host:port/path or wss://..., in which {port} is that of --command; without both the embedded "
                 "reference server is tested");
  add_selection_options(app, options.selection);
  add_server_options(app, options);
  add_connection_options(app, options);
  add_way_options(app, options, /*both=*/true);
  add_run_options(app, options);
}

std::string read_or_refuse(const std::string& path, std::string_view option) {
  auto content = read_file(path);
  if (!content) throw UsageError(fmt::format("{}: {}", option, content.error()));
  return std::move(*content);
}

ws::io::Http http_named(std::string_view version) noexcept {
  return version == "2" ? ws::io::Http::two : version == "auto" ? ws::io::Http::either : ws::io::Http::one;
}

std::vector<ws::Field> header_fields(const TestOptions& options) {
  std::vector<ws::Field> fields;
  if (!options.origin.empty()) fields.push_back({"Origin", options.origin});
  for (const std::string& text : options.headers) fields.push_back(parse_header(text));
  for (const ws::Field& field : fields) {
    if (!ws::is_field_value(field.value)) throw UsageError("--origin has control characters");
  }
  return fields;
}

Target make_target(const TestOptions& options, const std::string& url) {
  check_files(options);
  Target target;
  target.url = parse_or_refuse(url, "");
  target.name = options.agent;
  target.family = options.v4 ? ws::io::Family::v4 : options.v6 ? ws::io::Family::v6 : ws::io::Family::any;
  target.tls.ca_file = options.ca;
  target.tls.server_name = options.server_name;
  target.tls.insecure = options.insecure;
  target.tls.certificate_file = options.certificate;
  target.tls.private_key_file = options.key;
  target.host = options.host;
  if (!ws::is_field_value(target.host)) throw UsageError("--host has control characters");
  for (const std::string& name : options.subprotocols) {
    // RFC 6455 4.1: elements of Sec-WebSocket-Protocol are tokens.
    if (!ws::is_token(name)) throw UsageError(fmt::format("--subprotocol '{}' is no token (RFC 6455 4.1)", name));
  }
  target.subprotocols = options.subprotocols;
  if (!options.proxy.empty()) {
    auto proxy = ws::io::parse_proxy(options.proxy);
    if (!proxy) throw UsageError("--proxy: " + proxy.error());
    target.proxy = std::move(*proxy);
  }
  if (!options.unix_path.empty() && !options.command.empty())
    throw UsageError("--unix-socket goes with a URL: --command starts a server at a port");
  target.unix_path = options.unix_path;
  target.http = http_named(options.http);
  target.fields = header_fields(options);
  return target;
}

Target make_target(const TestOptions& options, const SpecServer& server) {
  TestOptions merged = options;  // The command line is nearer to the user than the file.
  if (merged.agent.empty()) merged.agent = server.agent;
  if (merged.server_name.empty()) merged.server_name = server.hostname;
  if (merged.origin.empty()) merged.origin = server.origin;
  if (merged.subprotocols.empty()) merged.subprotocols = server.protocols;
  return make_target(merged, server.url);
}

RunOptions make_run_options(const TestOptions& options) {
  RunOptions run;
  run.profile = profile_named(options.selection.profile);
  run.jobs = options.jobs;
  run.process = options.process;
  run.seed = options.seed;
  if (!options.timeout.empty()) run.timeout = duration_or_refuse(options.timeout, "--timeout");
  run.budget = run.profile == Profile::core ? kCoreBudget : kBudget;
  if (!options.budget.empty()) run.budget = duration_or_refuse(options.budget, "--budget");
  if (options.step) {  // one case at a time, each once, and whoever looks takes his time
    run.jobs = 1;
    run.confirm = false;
    if (options.budget.empty()) run.budget = {};
  }
  return run;
}

std::optional<SpecFile> read_spec(const TestOptions& options) {
  if (options.spec.empty()) return std::nullopt;
  SpecFile spec = must(parse_spec(options.spec, read_or_refuse(options.spec, "--spec")));
  for (const std::string& warning : spec.warnings) err("warning: {}\n", warning);
  return spec;
}

std::chrono::milliseconds duration_or_refuse(const std::string& text, std::string_view option) {
  const auto parsed = parse_duration(text);
  if (!parsed) throw UsageError(fmt::format("{}: {}", option, parsed.error()));
  return *parsed;
}

std::optional<EndpointProfile> read_endpoint_profile(const TestOptions& options) {
  if (options.endpoint_profile.empty()) return std::nullopt;
  return must(
      parse_endpoint_profile(options.endpoint_profile, read_or_refuse(options.endpoint_profile, "--profile-of-peer")));
}

}  // namespace touchstone::cli

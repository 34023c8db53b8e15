#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/live_options.h"
#include "runner/cli/options/test_options.h"
#include "runner/cli/print.h"
#include "runner/cli/process/tap_control.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/live/tap/tap.h"

#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>

#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kTapFooter = R"(
Both sides are judged by what they say and by what they were given; nothing is changed unless a command says so. Commands
are JSON, one a line on standard input, the body of a POST to --control, or --do before the first connection:
  {"network": {"latency_ms": 200, "bytes_per_s": 10000}, "to": "client"}     {"network": {"stall": true}}
  {"fault": {"from": "client", "frame": 3, "change": "mask-bit"}}             {"drop": "reset", "side": "server"}
docs/play.md describes commands and events.

Exit codes: 0 nobody broke a MUST; 1 somebody did (--strict: or a SHOULD); 2 a bad option or command of --do;
3 connections came, and the upstream could be reached for none of them.

Examples:
  touchstone tap --upstream ws://127.0.0.1:9001/ --port 9002
  touchstone tap --upstream ws://127.0.0.1:9001/ --json --exit-with-stdin --do '{"network": {"latency_ms": 100}}')";

struct TapCommandOptions {
  LiveOptions live;
  TestOptions connection;  // to the upstream
  std::vector<std::string> commands;
  std::optional<std::uint16_t> control;
  std::string judge = "both", out;
};

tap::TapOptions tap_options(const TapCommandOptions& options) {
  tap::TapOptions made;
  made.upstream = make_target(options.connection, options.connection.url);
  made.judged = {.client = options.judge != "server" && options.judge != "none",
                 .server = options.judge != "client" && options.judge != "none"};
  if (options.out.empty()) return made;
  made.out = options.out;
  must(make_folder(options.out));
  return made;
}

void do_first(tap::Tap& tap, const std::vector<std::string>& commands) {
  for (const std::string& line : commands) {
    const auto done = tap.command(line);
    if (!done) throw UsageError("--do: " + done.error().front().text());
  }
}

Json told(const tap::Outcome& outcome) {
  Json json;
  json["connections"] = outcome.connections;
  json["unreached"] = outcome.unreached;
  json["violations"] = totals_json(outcome.totals);
  return json;
}

Exit run_tap(const TapCommandOptions& options) {
  tap::TapOptions made = tap_options(options);
  LiveProcess process(options.live);
  made.listen = process.listen(options.connection.certificate, options.connection.key);
  Json first;
  if (made.listen.tls) first["secure"] = true;
  first["upstream"] = options.connection.url;
  tap::Tap tap(process.executor(), std::move(made), process.events());
  must(tap.start());
  do_first(tap, options.commands);
  std::unique_ptr<TapControl> control;
  if (options.control) {
    auto opened = TapControl::open(process.executor(), *options.control, tap);
    if (!opened) throw UsageError("--control: " + opened.error());
    control = std::move(*opened);
    first["control"] = control->url();
  }
  process.announce(tap.port(), std::move(first));
  tap::Outcome outcome;
  asio::co_spawn(process.executor(), tap.run(), [&](const std::exception_ptr& thrown, tap::Outcome done) {
    if (thrown) std::rethrow_exception(thrown);
    outcome = done;
    process.finish();
  });
  process.run(
      [&](const std::string& line) {
        if (const auto done = tap.command(line); !done) process.tell_faults(done.error());
      },
      [&] { tap.stop(); });
  const bool unreached = outcome.connections > 0 && outcome.unreached == outcome.connections;
  return process.verdict(unreached ? Exit::unreachable : exit_of(outcome.totals, 0, options.live.strict),
                         told(outcome));
}

}  // namespace

void add_tap_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<TapCommandOptions>();
  CLI::App* tap = app.add_subcommand("tap", "Stand between a client and a server: judge both, and be a bad network");
  tap->footer(kTapFooter);
  TestOptions& connection = options->connection;
  const std::string upstream = "Upstream", both = "Tap";
  tap->add_option("--upstream", connection.url, "The server: ws:// or wss:// URL, whose path does not matter")
      ->type_name("URL")
      ->required()
      ->group(upstream);
  for (CLI::Option* each : add_trust_options(*tap, connection.ca, connection.server_name, connection.insecure)) {
    each->group(upstream);
  }
  add_live_options(*tap, options->live);
  const auto [key, certificate] = add_identity_options(*tap, connection.key, connection.certificate);
  key->needs(certificate)->group("Server");
  certificate->group("Server");
  repeatable(
      tap->add_option("--do", options->commands, "A command before the first connection; may be repeated")->group(both),
      "JSON");
  tap->add_option("--control", options->control, "Take commands over HTTP at this port of 127.0.0.1 too; 0: a free one")
      ->type_name("PORT")
      ->group(both);
  tap->add_option("--judge", options->judge, "Whom to judge: both, client, server or none")
      ->type_name("SIDE")
      ->check(CLI::IsMember({"both", "client", "server", "none"}))
      ->group(both);
  add_out_option(*tap, options->out, "Write down here what each connection carries: connection-N.jsonl")->group(both);
  tap->callback([options, &exit] { exit = run_tap(*options); });
}

}  // namespace touchstone::cli

#include "reports/support/files.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/live_options.h"
#include "runner/cli/options/test_options.h"
#include "runner/cli/print.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/live/play/play.h"

#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>

#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kPlayFooter = R"(
Without SCRIPT every connection is kept open for commands. Commands are JSON, one a line on standard input:
  {"send": {"message": "text", "payload": "hi"}}   {"close": 1012}   {"drop": "reset"}   {"expect": "text", "payload": "hi"}
docs/play.md describes scripts, commands and events; runner/live/schema/ has their schemas.

Exit codes: 0 all as the script says and no MUST broken; 1 a step was not followed, or the other side broke a MUST;
2 a bad option or script; 3 (--connect) the URL could not be reached; 4 ended before all planned connections came.

Examples:
  touchstone play reconnect.json --port 0 --json --exit-with-stdin
  touchstone play --port 9001                   a server that is told what to do
  touchstone play client.json --connect ws://127.0.0.1:9001/chat)";

struct PlayCommandOptions {
  std::string script, connect;
  LiveOptions live;
  TestOptions connection;  // of --connect; certificate and key are the server's otherwise
  std::uint64_t seed = 1;
};

play::Script read_or_refuse_script(const std::string& path, ws::Role role) {
  if (path.empty()) return play::open_script(role);
  auto script = play::read_script(path, must(read_file(path)), role);
  if (script) return std::move(*script);
  std::string told;
  for (const CaseFileError& fault : script.error()) told += (told.empty() ? "" : "\n") + fault.text();
  throw UsageError(told);
}

Exit exit_of_play(const play::Outcome& outcome, bool strict) {
  if (!outcome.unreachable.empty()) return Exit::unreachable;
  const Exit exit = cli::exit_of(outcome.totals, outcome.failed, strict);
  return exit == Exit::ok && !outcome.complete ? Exit::incomplete : exit;
}

Json told(const play::Outcome& outcome) {
  Json json;
  if (!outcome.unreachable.empty()) json["why"] = outcome.unreachable;
  json["connections"] = outcome.connections;
  json["failed_steps"] = outcome.failed;
  json["violations"] = totals_json(outcome.totals);
  return json;
}

Exit run_play(const PlayCommandOptions& options) {
  const bool client = !options.connect.empty();
  play::PlayOptions play_options;
  play_options.role = client ? ws::Role::client : ws::Role::server;
  play_options.script = read_or_refuse_script(options.script, play_options.role);
  play_options.seed = options.seed;
  if (client) play_options.target = make_target(options.connection, options.connect);
  LiveProcess process(options.live);
  if (!client) play_options.listen = process.listen(options.connection.certificate, options.connection.key);
  const bool secure = play_options.listen.tls.has_value();
  play::Play play(process.executor(), std::move(play_options), process.events());
  must(play.start());
  if (client) {
    process.events().tell("connecting", 0, {{"url", options.connect}});
  } else {
    process.announce(play.port(), secure ? Json{{"secure", true}} : Json::object());
  }
  play::Outcome outcome;
  asio::co_spawn(process.executor(), play.run(), [&](const std::exception_ptr& thrown, play::Outcome done) {
    if (thrown) std::rethrow_exception(thrown);
    outcome = std::move(done);
    process.finish();
  });
  process.run(
      [&](const std::string& line) {
        auto command = play::read_command(line);
        if (!command) return process.tell_faults(command.error());
        play.command(std::move(*command));
      },
      [&] { play.stop(); });
  return process.verdict(exit_of_play(outcome, options.live.strict), told(outcome));
}

}  // namespace

void add_play_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<PlayCommandOptions>();
  CLI::App* play = app.add_subcommand("play", "Be a scripted peer for somebody else's tests: a server, or a client");
  play->footer(kPlayFooter);
  play->add_option("SCRIPT", options->script, "What to do on each connection (docs/play.md)")->type_name("FILE");
  add_live_options(*play, options->live);
  add_seed_option(*play, options->seed)->group("Process");
  CLI::Option* connect =
      play->add_option("--connect", options->connect, "Be a client: the script's connections go to this URL")
          ->type_name("URL")
          ->group("Client");
  for (CLI::Option* each : play->get_options()) {
    if (each->get_group() == "Server") connect->excludes(each);
  }
  TestOptions& connection = options->connection;
  for (CLI::Option* each : add_trust_options(*play, connection.ca, connection.server_name, connection.insecure)) {
    each->needs(connect)->group("Client");
  }
  const auto [key, certificate] = add_identity_options(*play, connection.key, connection.certificate);
  key->needs(certificate)->group("Both");
  certificate->group("Both");
  repeatable(play->add_option("--header", connection.headers, "Extra field of the request; may be repeated")
                 ->needs(connect)
                 ->group("Client"),
             "'Name: value'");
  add_subprotocol_option(*play, connection.subprotocols, "offer")->needs(connect)->group("Client");
  play->callback([options, &exit] { exit = run_play(*options); });
}

}  // namespace touchstone::cli

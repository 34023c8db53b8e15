#include "runner/cli/cli.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/test_options.h"
#include "runner/cli/options/validators.h"
#include "runner/cli/print.h"
#include "runner/cli/process/deviant_echo.h"
#include "runner/cli/process/driver.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/process/obedient.h"
#include "runner/cli/process/relay.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <ws/io/serve/echo_client.h>
#include <ws/io/serve/echo_server.h>
#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>

#include <unistd.h>

namespace touchstone::cli {
namespace {

constexpr const char* kEchoFooter = R"(
Exit codes: 0 stopped by a signal, or (--connect) the connection closed cleanly, or (--drive) all cases were run;
1 it did not; 2 a bad option, or the port cannot be had; 3 the URL could not be reached.

Examples:
  touchstone echo                               a server on a free port, which it prints
  touchstone echo --port 9001 --host 0.0.0.0
  touchstone echo --tls --cert server.pem --key server.key
  touchstone echo --http 2                      the same over HTTP/2, with prior knowledge
  touchstone echo --connect ws://127.0.0.1:9001/ a client that echoes what the server sends
  touchstone echo --drive --connect ws://127.0.0.1:9001/    the same for all cases of `touchstone serve`
  touchstone echo --list-faults
  touchstone echo --fault accepts-unmasked       a server with this one fault: does your test suite notice?
  touchstone echo --fault constant-accept+sends-1005    with two at a time: does it find both?
  touchstone echo --port 8080 --proxy-to 9000 --proxy-fault forwards-named-fields    a proxy with this one fault)";

struct EchoCommandOptions {
  std::optional<std::uint16_t> port;
  std::string host = "127.0.0.1";
  bool tls = false, no_deflate = false, coroutines = false;
  unsigned threads = 1;
  std::string connect;
  std::vector<std::string> faults;
  bool drive = false;
  std::string obey, told_fault;
  bool list_told_faults = false;
  bool list_faults = false;
  std::string relay_to, relay_fault;
  bool list_relay_faults = false;
  TestOptions connection;  // of --connect; certificate and key are the server's otherwise
};

void add_options(CLI::App& app, EchoCommandOptions& options) {
  const std::string server = "Server", client = "Client", both = "Both";
  TestOptions& connection = options.connection;
  add_port_option(app, options.port, "a free one")->group(server);
  add_listen_host_option(app, options.host)->group(server);
  add_listen_tls_flag(app, options.tls, " that signs itself")->group(server);
  add_http_option(
      app, connection.http,
      "HTTP/1.1 (RFC 6455), HTTP/2 (RFC 8441; without TLS with prior knowledge), or what comes; with --connect "
      "what the server has")
      ->group(both);
  app.add_option("--threads", options.threads, "Threads that serve")
      ->type_name("N")
      ->check(between(1, 256))
      ->group(server);
  app.add_flag("--coroutines", options.coroutines,
               "A coroutine for each connection, as wss always has; plain sockets do without one otherwise")
      ->group(server);
  CLI::Option* connect =
      app.add_option("--connect", options.connect, "Be a client: connect and echo until the server closes")
          ->type_name("URL")
          ->group(client);
  app.add_flag("--drive", options.drive,
               "The URL is a fuzzing server's (`touchstone serve`, Autobahn's): run all of its cases")
      ->needs(connect)
      ->group(client);
  app.add_option(
         "--obey", options.obey,
         "Be the driver of a client that is told what to do (`touchstone serve --next`): fetch orders from this "
         "URL, and do them")
      ->type_name("URL")
      ->excludes(connect)
      ->group(client);
  app.add_option("--told-fault", options.told_fault,
                 "With --obey: have this fault (--list-told-faults), or \"none\" for its twin")
      ->type_name("NAME")
      ->group(client);
  app.add_flag("--list-told-faults", options.list_told_faults,
               "List the faults of clients that are told what to do: name, requirement, in words")
      ->group(client);
  for (CLI::Option* each : add_trust_options(app, connection.ca, connection.server_name, connection.insecure)) {
    each->needs(connect)->group(client);
  }
  const auto [key, certificate] = add_identity_options(app, connection.key, connection.certificate);
  key->needs(certificate)->group(both);
  certificate->group(both);
  add_subprotocol_option(app, connection.subprotocols, "speak")->group(both);
  app.add_option("--fault", options.faults,
                 "Have this fault (--list-faults names them), or \"none\" for its twin; may be repeated, or A+B")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->take_all()
      ->group(both);
  app.add_flag("--list-faults", options.list_faults, "List the faults: name, roles, requirement, in words")
      ->group(both);
  const std::string proxy = "Proxy";
  CLI::Option* relay = app.add_option("--proxy-to", options.relay_to,
                                      "Be a strict proxy in front of this server, in place of an endpoint")
                           ->type_name("[HOST:]PORT")
                           ->group(proxy);
  app.add_option("--proxy-fault", options.relay_fault, "Have this fault (--list-proxy-faults), or \"none\"")
      ->type_name("NAME")
      ->needs(relay)
      ->group(proxy);
  app.add_flag("--list-proxy-faults", options.list_relay_faults,
               "List the faults of proxies: name, requirement, in words")
      ->group(proxy);
  app.add_flag("--no-deflate", options.no_deflate, "No permessage-deflate")->group(both);
}

// Scripts wait for this line: always with the port, even when it is the scheme's own.
void announce(const EchoCommandOptions& options, bool secure, std::uint16_t port) {
  out("listening on {}://{}:{}/\n", secure ? "wss" : "ws",
      options.host.find(':') == std::string::npos ? options.host : fmt::format("[{}]", options.host), port);
  std::fflush(stdout);
}

ws::io::ListenOptions listen_options(const EchoCommandOptions& options) {
  ws::io::ListenOptions listen;
  listen.host = options.host;
  listen.port = options.port.value_or(0);
  if (options.tls || !options.connection.certificate.empty()) {
    ws::io::ServerTls& tls = listen.tls.emplace();
    tls.certificate_file = options.connection.certificate;
    tls.private_key_file = options.connection.key;
    if (tls.certificate_file.empty()) {
      ws::io::Identity identity = ws::io::self_signed(options.host);
      tls.certificate_pem = std::move(identity.certificate_pem);
      tls.private_key_pem = std::move(identity.private_key_pem);
    }
  }
  return listen;
}

Exit serve_with_fault(const EchoCommandOptions& options) {
  ws::io::ListenOptions listen = listen_options(options);
  const bool secure = listen.tls.has_value();
  return serve_deviant(options.faults, std::move(listen), http_named(options.connection.http),
                       [&](std::uint16_t port) { announce(options, secure, port); });
}

Exit be_deviant_client(const EchoCommandOptions& options) {
  const Target target = make_target(options.connection, options.connect);
  return options.drive ? drive_deviant(options.faults, target) : connect_deviant(options.faults, target);
}

// In this thread: a process that has no other one is a little cheaper to the kernel and to the C library.
Exit serve_here(ws::io::EchoOptions echo, const std::function<void(std::uint16_t)>& listening) {
  asio::io_context context{1};
  const auto service = ws::io::start_echo(context.get_executor(), std::move(echo));
  if (!service) throw UsageError(service.error());
  asio::posix::stream_descriptor interrupt(context, ::dup(interrupt_descriptor()));
  interrupt.async_wait(asio::posix::stream_descriptor::wait_read,
                       [&](std::error_code) { asio::co_spawn(context, (*service)->stop(), asio::detached); });
  listening((*service)->port());
  context.run();
  return Exit::ok;
}

Exit serve_in_threads(ws::io::EchoOptions echo, unsigned threads, const std::function<void(std::uint16_t)>& listening) {
  const auto server = ws::io::EchoServer::start(std::move(echo), threads);
  if (!server) throw UsageError(server.error());
  listening((*server)->port());
  wait_for_interrupt();
  (*server)->stop();
  return Exit::ok;
}

Exit serve(const EchoCommandOptions& options) {
  ws::io::EchoOptions echo;
  echo.listen = listen_options(options);
  echo.http = http_named(options.connection.http);
  echo.accept.subprotocols = options.connection.subprotocols;
  if (options.no_deflate) echo.accept.connection.deflate_preference.reset();
  const bool secure = echo.listen.tls.has_value();
  echo.direct = !options.coroutines;
  const auto listening = [&](std::uint16_t port) { announce(options, secure, port); };
  watch_for_interrupts();
  return options.threads == 1 ? serve_here(std::move(echo), listening)
                              : serve_in_threads(std::move(echo), options.threads, listening);
}

Exit tell_end(const ws::io::Ended& ended) {
  if (ended.violation) {
    const ws::Rule& rule = ws::rule(*ended.violation);
    err("error: the server broke a rule: {} ({})\n", rule.text, rule.requirement);
    return Exit::failures;
  }
  if (ended.clean) return Exit::ok;
  err("error: the connection ended without a closing handshake{}{}\n", ended.error ? ": " : "",
      ended.error ? ended.error.message() : "");
  return Exit::failures;
}

ws::io::ConnectOptions connect_options(const EchoCommandOptions& options, const Target& target) {
  ws::io::ConnectOptions connect;
  connect.subprotocols = target.subprotocols;
  connect.tls = target.tls;
  connect.http = target.http;
  if (options.no_deflate) connect.connection.deflate_offer.reset();
  return connect;
}

Exit drive_as_client(const EchoCommandOptions& options) {
  const Target target = make_target(options.connection, options.connect);
  DriverOptions driver;
  driver.agent = "touchstone";
  driver.run_case = [connect = connect_options(options, target)](ws::Url url) -> asio::awaitable<void> {
    (void)co_await ws::io::run_echo_client(std::move(url), connect);
  };
  return drive(target, std::move(driver));
}

Exit echo_as_client(const EchoCommandOptions& options) {
  const Target target = make_target(options.connection, options.connect);
  ws::io::ConnectOptions connect = connect_options(options, target);
  asio::io_context context{1};
  Exit exit = Exit::ok;
  const auto done = [&exit](std::exception_ptr, std::expected<ws::io::Ended, ws::io::OpenError> ended) {
    if (ended) {
      exit = tell_end(*ended);
    } else {
      err("error: {}\n", said(ended.error().text));
      exit = Exit::unreachable;
    }
  };
  asio::co_spawn(context, ws::io::run_echo_client(target.url, std::move(connect)), done);
  context.run();
  return exit;
}

}  // namespace

void add_echo_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<EchoCommandOptions>();
  CLI::App* echo = app.add_subcommand("echo", "Be the reference endpoint: a server, or a client, that echoes");
  echo->footer(kEchoFooter);
  add_options(*echo, *options);
  echo->callback([options, &exit] {
    const bool client = !options->connect.empty(), deviant = !options->faults.empty();
    if (options->list_relay_faults) {
      exit = list_relay_faults();
    } else if (!options->relay_to.empty()) {
      if (client || deviant) throw UsageError("--proxy-to is a proxy; --connect and --fault are for endpoints");
      ws::io::ListenOptions listen = listen_options(*options);
      const bool secure = listen.tls.has_value();
      exit = serve_relay(options->relay_fault, host_and_port(options->relay_to, "--proxy-to"), std::move(listen),
                         [&](std::uint16_t port) { announce(*options, secure, port); });
    } else if (options->list_faults) {
      exit = list_faults();
    } else if (!options->obey.empty()) {
      exit = obey(options->obey, options->told_fault);
    } else if (options->list_told_faults) {
      exit = list_told_faults();
    } else if (deviant) {
      exit = client ? be_deviant_client(*options) : serve_with_fault(*options);
    } else if (options->drive) {
      exit = drive_as_client(*options);
    } else {
      exit = client ? echo_as_client(*options) : serve(*options);
    }
  });
}

}  // namespace touchstone::cli

#include "runner/cli/cli.h"
#include "runner/cli/describe.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/test_options.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"
#include "runner/engine/compose/http2_frame.h"
#include "runner/engine/probe.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kProbeFooter = R"(
`touchstone test` asks the same before it runs the cases: where a server does not echo, messages are not compared, and
what it refuses is NOT-APPLICABLE. --format json writes the file for --profile-of-peer, to state it once and for all.

Exit codes: 0 the server answered, 2 a bad option or URL, 3 the server could not be reached,
4 interrupted.

Examples:
  touchstone probe ws://127.0.0.1:9001/chat
  touchstone probe wss://[::1]:9002/ --insecure --header 'Cookie: session=1' --format json > peer.json)";

constexpr Sizes kLargest{4 * 1024 * 1024, 4 * 1024 * 1024, 65536};  // the most that the default profile asks for

struct ProbeOptions {
  TestOptions connection;
  std::string format = "text";
};

// What is not among them has the value that RFC 9113 6.5.2 gives it.
std::string list_of(const std::map<std::uint16_t, std::uint32_t>& settings) {
  std::string list;
  for (const auto& [id, value] : settings)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", http2::name_of_setting(id), value);
  return list;
}

void print_text(const Greeting& greeting, const EndpointProfile& peer) {
  const auto line = [](std::string_view what, std::string_view found) { out("{:<20}{}\n", what, found); };
  line("Server", greeting.server_field.empty() ? "(no Server field)" : said(greeting.server_field));
  line("opened by", greeting.over_http2 ? "extended CONNECT of HTTP/2 (RFC 8441)" : "Upgrade of HTTP/1.1 (RFC 6455)");
  if (greeting.over_http2) line("SETTINGS", list_of(greeting.settings));
  line("permessage-deflate", greeting.deflate ? "agreed" : "declined");
  line("Ping", fmt::format("answered in {} us", greeting.round_trip.count()));
  line("text messages", name(peer.text));
  line("binary messages", name(peer.binary));
  line("speaks unasked", peer.speaks_unasked ? "yes: a greeting, or what other connections say" : "no");
  const auto limit = [&](std::string_view what, const std::optional<std::uint64_t>& most, std::uint64_t tried,
                         std::string_view unit) {
    line(what,
         most ? fmt::format("{} {} are taken, more are not", *most, unit) : fmt::format("{} {} at least", tried, unit));
  };
  limit("largest message", peer.largest_message, kLargest.message, "bytes");
  limit("largest frame", peer.largest_frame, kLargest.frame, "bytes");
  limit("most fragments", peer.most_fragments, kLargest.fragments, "fragments");
  const auto narrower = [&](std::string_view what, const std::optional<std::uint64_t>& most,
                            std::string_view unit = "bytes") {
    if (most) line(what, fmt::format("{} {} are taken, more are not", *most, unit));
  };
  narrower("largest text message", peer.largest_text);
  narrower("largest compressed message, inflated", peer.largest_inflated);
  narrower("largest compressed message", peer.largest_deflated);
  narrower("on one connection", peer.most_messages, "messages");
  narrower("on one connection", peer.most_pings, "Pings");
  if (peer.without_close) line("beyond a limit", "it ends TCP without a Close");
}

Exit run_probe(const ProbeOptions& options) {
  const Target target = make_target(options.connection, options.connection.url);
  const RunOptions run = make_run_options(options.connection);
  watch_for_interrupts();
  const auto ended = [] { return interrupted().load(); };
  const auto greeting = greet(target, run, ended);
  if (!greeting) {
    err("error: {}\n", said(greeting.error().text));
    return interrupted() ? Exit::incomplete : Exit::unreachable;
  }
  const EndpointProfile peer = probe(target, *greeting, run, kLargest, ended);
  if (interrupted()) return Exit::incomplete;
  if (options.format == "json") {
    out("{}", write_endpoint_profile(peer));
  } else {
    print_text(*greeting, peer);
  }
  return Exit::ok;
}

}  // namespace

void add_probe_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<ProbeOptions>();
  CLI::App* command = app.add_subcommand("probe", "Find out what a server does with messages");
  command->footer(kProbeFooter);
  command->add_option("URL", options->connection.url, "ws:// or wss:// URL of the server")->required();
  add_connection_options(*command, options->connection);
  add_timeout_option(*command, options->connection.timeout, "5s");
  add_way_options(*command, options->connection);
  add_format_option(*command, options->format, "text for people, json for --profile-of-peer");
  command->callback([options, &exit] { exit = run_probe(*options); });
}

}  // namespace touchstone::cli

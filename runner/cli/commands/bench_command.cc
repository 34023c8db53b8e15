#include "runner/bench/report.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/test_options.h"
#include "runner/cli/options/validators.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/run/progress.h"
#include "runner/cli/text.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "reports/support/files.h"

#include <filesystem>
#include <memory>

namespace touchstone::cli {
namespace {

constexpr const char* kBenchFooter = R"(
The server has to send every message back; each echo is compared with what was sent. tcp://HOST:PORT loads a server
that sends back every octet, without WebSocket: the limit of the machine; with --http 2, those of each stream's DATA.

A closed loop (the default) sends a connection's next message when an echo has come: it finds the throughput, but a
server that stalls is not asked meanwhile, so that its latencies look better than what users would wait. --rate sends
whether or not the server keeps up, and counts each latency from the moment the message was due.

Exit codes: 0 all connections lived and every echo was right; 1 some did not open, ended early, or owe echoes;
2 a bad option or URL; 3 the server could not be reached, or all connections ended before the time was over;
4 interrupted. Whatever was measured until then is printed and written.

Examples:
  touchstone bench ws://127.0.0.1:9001/
  touchstone bench ws://127.0.0.1:9001/ --connections 1000 --size 1KiB --text --duration 30s --html load.html
  touchstone bench ws://127.0.0.1:9001/ --http 2 --connections 1000 --streams 100    ten connections of HTTP/2
  touchstone bench wss://host/chat --rate 5000 --json load.json
  touchstone bench ws://127.0.0.1:9001/ --idle --connections 10000 --duration 60s)";

constexpr std::size_t kOwnFiles = 32;  // descriptors besides the connections
constexpr auto kBetweenLines = std::chrono::seconds(2);

struct BenchOptions {
  TestOptions connection;
  bench::LoadOptions load;
  std::size_t streams = 100;
  std::string size = "256", ramp = "0s", warm_up = "1s", duration = "10s", patience = "5s";
  std::string json, html;
  bool quiet = false;
};

// "256", "16KiB", "1MiB"
std::size_t size_or_refuse(const std::string& text) {
  static constexpr std::pair<std::string_view, std::size_t> kUnits[] = {{"KiB", 1024}, {"MiB", 1024 * 1024}, {"", 1}};
  for (const auto& [unit, factor] : kUnits) {
    if (!text.ends_with(unit)) continue;
    const std::string number = text.substr(0, text.size() - unit.size());
    const auto most = static_cast<long long>(64 * 1024 * 1024 / factor);
    if (between(0, most)(number).empty()) return std::stoul(number) * factor;
  }
  throw UsageError(fmt::format("--size: found '{}'; allowed are 0 to 64MiB, such as 256, 16KiB or 1MiB", text));
}

// "0s" too, which is no duration elsewhere.
std::chrono::milliseconds maybe_zero(const std::string& text, std::string_view option) {
  return text == "0s" ? std::chrono::milliseconds(0) : duration_or_refuse(text, option);
}

bench::LoadOptions make_load(const BenchOptions& options) {
  bench::LoadOptions load = options.load;
  std::string url = options.connection.url;
  if (load.process != 0 && !std::filesystem::exists(fmt::format("/proc/{}", load.process)))
    throw UsageError(fmt::format("--pid {}: there is no such process", load.process));
  load.raw = url.starts_with("tcp://");
  if (options.connection.http == "2") {
    load.streams = options.streams;
    if (load.rate > 0 || load.idle || options.ramp != "0s")
      throw UsageError("--http 2 does not go with --rate, --idle and --ramp");
  }
  if (load.raw) url.replace(0, 3, "ws");
  const Target target = make_target(options.connection, url);
  load.url = target.url;
  load.family = target.family;
  load.tls = target.tls;
  load.host = target.host;
  load.subprotocols = target.subprotocols;
  load.fields = target.fields;
  load.size = size_or_refuse(options.size);
  load.ramp = maybe_zero(options.ramp, "--ramp");
  load.warm_up = maybe_zero(options.warm_up, "--warm-up");
  load.duration = duration_or_refuse(options.duration, "--duration");
  load.patience = duration_or_refuse(options.patience, "--patience");
  if (const std::size_t files = bench::raise_file_limit(); load.connections + kOwnFiles > files) {
    throw UsageError(fmt::format("--connections {}: this process may open {} files (ulimit -n); at most {} connections",
                                 load.connections, files, files - std::min(files, kOwnFiles)));
  }
  return load;
}

// On a terminal one line that redraws itself, elsewhere a line now and then.
class Teller {
 public:
  Teller(bool quiet, std::size_t connections)
      : mode_(touchstone::cli::Progress::fitting(quiet)), connections_(connections) {}

  void operator()(const bench::Progress& progress) {
    if (mode_ == Progress::Mode::quiet) return;
    const auto now = bench::Clock::now();
    if (mode_ == Progress::Mode::lines) {
      if (now - told_ < kBetweenLines) return;
      told_ = now;
      return err("{}\n", bench::progress_line(progress, connections_, 200));
    }
    winsize size{};
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    err("\r{}\x1b[K", bench::progress_line(progress, connections_, known ? size.ws_col - 1u : 79));
    std::fflush(stderr);
  }
  void clear() const {
    if (mode_ == Progress::Mode::redraw) err("\r\x1b[K");
  }

 private:
  Progress::Mode mode_;
  std::size_t connections_;
  bench::Clock::time_point told_ = bench::Clock::now();
};

Exit outcome(const bench::LoadOptions& load, const bench::LoadResult& result) {
  if (result.interrupted) return Exit::incomplete;
  if (result.lost_count == result.opened) return Exit::unreachable;
  const bool all = result.opened == load.connections && result.lost_count == 0 && result.unanswered == 0;
  return all ? Exit::ok : Exit::failures;
}

void write_or_refuse(const std::string& path, const std::string& content) {
  if (path.empty()) return;
  must(write_file(path, content));
}

Exit run_bench(const BenchOptions& options) {
  const bench::LoadOptions load = make_load(options);
  // Better now than after the measuring.
  write_or_refuse(options.json, "");
  write_or_refuse(options.html, "");
  watch_for_interrupts();
  Teller teller(options.quiet, load.connections);
  const auto started = std::chrono::system_clock::now();
  const bench::LoadResult result = bench::run_load(load, interrupted(), std::ref(teller));
  teller.clear();
  const Json measured = bench::to_json(load, result, started);
  write_or_refuse(options.json, measured.dump(2) + "\n");
  write_or_refuse(options.html, bench::render_page(measured));
  if (!result.unreachable.empty()) {
    err("error: {}\n", said(result.unreachable));
    return Exit::unreachable;
  }
  out("{}", bench::summary(load, result));
  const Exit exit = outcome(load, result);
  if (exit == Exit::unreachable) err("error: all connections ended before the time was over\n");
  if (exit == Exit::incomplete) err("interrupted: these are the results until then\n");
  return exit;
}

void add_load_options(CLI::App& app, BenchOptions& options) {
  bench::LoadOptions& load = options.load;
  const std::string group = "Load";
  app.add_option("--connections", load.connections, "Connections (default: 100)")
      ->type_name("N")
      ->check(between(1, 1'000'000))
      ->group(group);
  app.add_option("--streams", options.streams, "With --http 2: WebSockets on each connection (default: 100)")
      ->type_name("N")
      ->check(between(1, 100'000))
      ->group(group);
  app.add_option("--size", options.size, "Octets of a message, such as 256, 16KiB, 1MiB")
      ->type_name("SIZE")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--text", load.text, "Text messages in place of binary ones")->group(group);
  app.add_flag("--deflate", load.deflate, "Offer permessage-deflate, and compress when it is agreed")->group(group);
  CLI::Option* rate =
      app.add_option("--rate", load.rate, "Fixed rate: so many messages per second over all connections together")
          ->type_name("N")
          ->check(CLI::PositiveNumber)
          ->group(group);
  app.add_option("--in-flight", load.in_flight, "Messages of a connection that may wait for their echo (default: 1)")
      ->type_name("N")
      ->check(between(1, 100'000))
      ->group(group);
  app.add_flag("--idle", load.idle, "Mass connect: open the connections and hold them, send no messages")
      ->excludes(rate)
      ->group(group);
  app.add_option("--opening", load.opening, "Opening handshakes under way at a time (default: 128)")
      ->type_name("N")
      ->check(between(1, 100'000))
      ->group(group);
  add_pid_option(app, load.process, "its CPU and memory are measured, too")->group(group);
  const auto duration = [&](const char* name, std::string& value, const char* help) {
    app.add_option(name, value, help)->type_name("DURATION")->capture_default_str()->group(group);
  };
  duration("--ramp", options.ramp, "Open the connections evenly over this time; 0s: as fast as the server allows");
  duration("--warm-up", options.warm_up, "Load that is not measured, before the load that is");
  duration("--duration", options.duration, "Measured load");
  duration("--patience", options.patience, "How long an opening handshake, and the last echoes, may take");
}

}  // namespace

void add_bench_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = app.add_subcommand("bench", "Load a server that echoes, and measure throughput and latency");
  command->footer(kBenchFooter);
  command->add_option("URL", options->connection.url, "ws://, wss:// or tcp:// URL of the server")->required();
  add_load_options(*command, *options);
  add_connection_options(*command, options->connection);
  command
      ->add_option("--http", options->connection.http,
                   "Over HTTP/1.1 (RFC 6455), or over HTTP/2 (RFC 8441; without TLS with prior knowledge)")
      ->type_name("1|2")
      ->check(CLI::IsMember({"1", "2"}))
      ->group("Connection");
  const std::string output = "Output";
  command->add_option("--json", options->json, "Write everything that was measured (reports/schema/bench.json)")
      ->type_name("FILE")
      ->group(output);
  command->add_option("--html", options->html, "Write a page with charts")->type_name("FILE")->group(output);
  add_quiet_flag(*command, options->quiet, "No progress")->group(output);
  command->callback([options, &exit] { exit = run_bench(*options); });
}

}  // namespace touchstone::cli

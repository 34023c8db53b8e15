#include "reports/support/shell.h"
#include "runner/campaign/bare.h"
#include "runner/campaign/openings.h"
#include "runner/cli/cli.h"
#include "runner/cli/commands/fuzz_client.h"
#include "runner/cli/commands/fuzz_merge.h"
#include "runner/cli/commands/fuzz_report.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/shard.h"
#include "runner/cli/options/validators.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/run/endpoints.h"
#include "runner/cli/text.h"
#include "runner/engine/make_result.h"
#include "runner/engine/talk/process_usage.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace touchstone::cli {
namespace {

constexpr const char* kFuzzFooter = R"(
Every stimulus is a list of steps, sent to every endpoint and to the strict stack. A difference that breaks a MUST is
made small, shown three times alone, and written to OUT/findings/CLUSTER: a case file, the transcript, what it means.

A campaign that is started again in its folder goes on from there: what it found before is met again, not new.
OUT/fuzz.json has the numbers of all campaigns in it. --merge OUT IN... puts folders of several machines together.

Exit codes:
  0  no new finding, or merged       1  at least one new finding
  2  a bad option, URL or file       3  an endpoint could not be reached, or died and was not started again
The first Ctrl-C ends the campaign in order.

Examples:
  touchstone fuzz ws://127.0.0.1:9001/ --time 10m
  touchstone fuzz ws://127.0.0.1:9001/ ws://127.0.0.1:9002/    the same stimuli to both
  touchstone fuzz --command './my-server {port}' --time 10m --known triaged/
  touchstone fuzz --http 2 --layer http2 ws://127.0.0.1:9001/   what is around a WebSocket over HTTP/2 (RFC 8441)
  touchstone fuzz --serve --command './my-client {url}'        a client, with the driver that `touchstone serve` takes
  touchstone fuzz --merge all shard1 shard2                    one corpus, one list of findings
  touchstone test ws://127.0.0.1:9001/ --cases touchstone-fuzz/findings/NAME/case.json)";

struct FuzzOptions {
  std::vector<std::string> urls, corpora;
  TestOptions connection;  // of all endpoints
  std::string time = "1m", out = "touchstone-fuzz", known, merge, shard, agent, layers = "handshake,frames,deflate";
  std::uint64_t most_inputs = 0, most_findings = 0;
  bool weak = false, bare = false, no_catalogue = false, serve = false;
};

void add_options(CLI::App& app, FuzzOptions& options) {
  const auto at_least_one = between(1, INT64_MAX);
  app.add_option("URL", options.urls, "The servers, ws:// or wss://")->type_name("URL");
  add_server_command_option(app, options.connection.command);
  add_pid_option(app, options.connection.process,
                 "what connections leave behind in it is looked at, as with --command");
  app.add_option("--time", options.time, "How long: 90s, 10m, 8h")->type_name("DURATION")->capture_default_str();
  app.add_option("--inputs", options.most_inputs, "At most so many stimuli")->type_name("N")->check(at_least_one);
  app.add_option("--findings", options.most_findings, "End after so many findings")
      ->type_name("N")
      ->check(at_least_one);
  app.add_flag("--bare", options.bare, "Do not fuzz: connect, open and close, and say how often in a second that goes");
  app.add_flag("--serve", options.serve,
               "Fuzz a client: --command starts it, as for `touchstone serve`, with {url} or {case_url}");
  app.add_option("--agent", options.agent, "The client's name, with --serve (default: client)")->type_name("NAME");
  app.add_flag("--weak", options.weak, "What breaks a SHOULD is a finding, too");
  add_seed_option(app, options.connection.seed);
  add_shard_option(app, options.shard, "This is machine I of N: other stimuli than its fellows'");
  add_jobs_option(app, options.connection.jobs);
  app.add_option("--layer", options.layers,
                 "What is varied: handshake (not with --http 2), frames, deflate, http2 (with --http 2)")
      ->type_name("NAMES")
      ->capture_default_str();
  app.add_flag("--no-catalogue", options.no_catalogue, "Begin with nothing: all stimuli are made up");
  add_timeout_option(app, options.connection.timeout, "2s");
  repeatable(app.add_option("--corpus", options.corpora,
                            "Folder with stimuli to begin with, or of an earlier campaign; read, not written"),
             "DIR");
  app.add_option(
         "--merge", options.merge,
         "Do not fuzz: put the folders that are named in place of URLs together in DIR. Of stimuli with the same "
         "outcome the shortest stays")
      ->type_name("DIR");
  app.add_option("--known", options.known, "Folder of findings that are triaged already; it may be missing")
      ->type_name("DIR");
  add_out_option(app, options.out, "Folder of the findings, the corpus and the report")->capture_default_str();
  add_quiet_flag(app, options.connection.quiet, "No progress; findings and the end are told all the same");
  add_connection_options(app, options.connection);
  add_way_options(app, options.connection);
}

fuzz::Layers layers_named(const std::string& text) {
  fuzz::Layers layers{.frames = false, .deflate = false, .handshake = false};
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string name = text.substr(at, comma - at);
    if (name == "frames") {
      layers.frames = true;
    } else if (name == "deflate") {
      layers.deflate = true;
    } else if (name == "handshake") {
      layers.handshake = true;
    } else if (name == "http2") {
      layers.http2 = true;
    } else {
      throw UsageError(
          fmt::format("--layer {}: no layer '{}'; there are handshake, frames, deflate and http2", text, name));
    }
    at = comma + 1;
  }
  return layers;
}

// What both kinds of campaigns ask for.
fuzz::CampaignOptions campaign_of(const FuzzOptions& options) {
  fuzz::CampaignOptions campaign;
  campaign.layers = layers_named(options.layers);
  campaign.layers.catalogue = !options.no_catalogue;
  campaign.seed =
      options.connection.seed + (options.shard.empty() ? 0 : std::uint64_t{shard_named(options.shard).number} << 32);
  campaign.time = duration_or_refuse(options.time, "--time");
  if (options.most_inputs != 0) campaign.most_inputs = options.most_inputs;
  if (options.most_findings != 0) campaign.most_findings = options.most_findings;
  campaign.weak = options.weak;
  if (options.connection.jobs != 0) campaign.jobs = options.connection.jobs;
  campaign.session.timeout = options.connection.timeout.empty()
                                 ? std::chrono::seconds(2)
                                 : duration_or_refuse(options.connection.timeout, "--timeout");
  campaign.session.keeps = Budget::kOfAStimulus;
  campaign.session.seed = options.connection.seed;
  return campaign;
}

std::vector<Case> seeds_of(const FuzzOptions& options, Side side) {
  std::vector<Case> out;
  if (options.no_catalogue) return out;
  for (const Case* c : select(Catalogue::built_in(), {.profile = Profile::core, .side = side})) {
    // What happens on several connections, or over time, is not varied.
    if (!is_scenario(*c)) out.push_back(*c);
  }
  return out;
}

class FuzzRun : public fuzz::CampaignObserver {
 public:
  explicit FuzzRun(const FuzzOptions& options)
      : options_(options),
        report_({options.out, options.known, options.corpora, options.connection.quiet}),
        campaign_(campaign_of(options)) {
    if (options.urls.empty() && options.connection.command.empty())
      throw UsageError("which server? Name its URL, or start it with --command");
    if (campaign_.layers.http2 && options.connection.http == "1")
      throw UsageError("--layer http2 varies frames of HTTP/2, and this campaign is over HTTP/1.1: --http 2");
    if (options.urls.size() > 1 && !options.connection.command.empty())
      throw UsageError("--command starts the one server that is fuzzed; name one URL at most");
    if (options.urls.size() > 1 && options.connection.process != 0)
      throw UsageError("--pid is of the one server that is fuzzed; name one URL at most");
    campaign_.layers.scenes = campaign_.layers.frames && options.connection.http == "1";
    if (options.connection.http == "2") leave_out_http1();
  }

  Exit run() {
    watch_for_interrupts();
    report_.take();
    if (const auto reached = reach(); !reached.empty()) {
      err("error: {}\n", said(reached));
      return Exit::unreachable;
    }
    if (options_.bare) return bare();
    report_.begin(std::move(told_), campaign_.seed, campaign_.jobs);
    campaign_.started = start_;
    const auto end = fuzz::run_campaign(targets_, seeds_of(options_, Side::server), report_.corpus(), campaign_, *this,
                                        interrupted());
    endpoints_.reset();
    return report_.conclude(end);
  }

  // --- The campaign's events --------------------------------------------------------------------------------

  void progress(const fuzz::CampaignStats& stats) override { report_.progress(stats); }
  void kept(const Case& c, const std::string& outcome) override { report_.kept(c, outcome); }
  bool wants(const fuzz::Cluster& cluster) override { return report_.wants(cluster); }

  void found(const fuzz::Difference& difference) override {
    const Target& target = *std::ranges::find(targets_, difference.cluster.endpoint, &Target::name);
    const std::string replay =
        fmt::format("touchstone test {}{}", server_arguments(target), connection_arguments(target));
    report_.found(difference,
                  make_result(difference.stimulus, target.name, difference.shown.observation, difference.shown.verdict),
                  replay);
  }

  std::expected<std::string, std::string> endpoint_died(const Target& target, const std::string& why) override {
    ServerProcess* const server = endpoints_->server();
    if (server == nullptr)
      return std::unexpected(fmt::format("{} no longer accepts connections: {}", target.name, why));
    std::string ended = server->autopsy();
    err("{} died: {}; it is started again\n", target.name, said(ended));
    if (const auto started = server->start(); !started) return std::unexpected(started.error());
    return ended;
  }

 private:
  [[nodiscard]] std::string server_arguments(const Target& target) const {
    if (options_.connection.command.empty()) return shell_quote(ws::to_string(target.url));
    const std::string command = fmt::format("--command {}", shell_quote(options_.connection.command));
    return options_.urls.empty() ? command : command + " " + shell_quote(options_.urls.front());
  }

  // What departs from the opening request of HTTP/1.1 means nothing in a stream of HTTP/2 (RFC 8441 5).
  void leave_out_http1() {
    campaign_.layers.handshake = campaign_.layers.scenes = false;
    if (!campaign_.layers.frames && !campaign_.layers.deflate && !campaign_.layers.http2)
      throw UsageError("--layer handshake varies the opening handshake of HTTP/1.1; over HTTP/2 the layer is http2");
  }

  // What connections leave behind is measured where the server's process is known.
  void look_at_processes() {
    SessionOptions& session = campaign_.session;
    if (options_.connection.process != 0) {
      session.owner = [process = options_.connection.process] { return process; };
    } else if (ServerProcess* const server = endpoints_->server(); server != nullptr) {
      session.owner = [server] { return server->id(); };
    }
    if (campaign_.layers.scenes && session.owner)
      session.cpu_at_rest = cpu_at_rest(session.owner(), [] { return interrupted().load(); });
  }

  // What the fuzzer's rate is measured by (scripts/fuzz-rates).
  Exit bare() {
    for (const Target& target : targets_) {
      if (target.url.secure || target.proxy || !target.unix_path.empty())
        throw UsageError("--bare is for ws:// straight to the server: no TLS, proxy or Unix socket");
      const auto n = fuzz::bare_connections(target, campaign_.jobs, campaign_.time);
      out("{}: {:.0f} bare connections a second\n", target.name,
          static_cast<double>(n) * 1000.0 / static_cast<double>(campaign_.time.count()));
    }
    return Exit::ok;
  }

  // The endpoints, started and greeted. Why not, if one is not there.
  std::string reach() {
    test_options_ = options_.connection;
    const std::vector<std::string> urls = options_.urls.empty() ? std::vector<std::string>{""} : options_.urls;
    for (const std::string& url : urls) {
      test_options_.url = url;
      endpoints_ = std::make_unique<Endpoints>(test_options_, std::nullopt);
      if (const auto started = endpoints_->start(options_.out); !started) return started.error();
      look_at_processes();
      endpoints_->greet_all({.timeout = campaign_.session.timeout},
                            [this] { return interrupted() || Clock::now() - start_ >= campaign_.time; });
      const Endpoint& each = endpoints_->all().front();
      if (!each.unreachable.empty()) return each.unreachable;
      if (each.greeting.over_http2) leave_out_http1();
      Target target = each.target;
      for (const Target& other : targets_) {
        if (other.name == target.name) target.name += fmt::format(" ({})", ws::to_string(target.url));
      }
      campaign_.session.round_trip = std::max(campaign_.session.round_trip, each.greeting.round_trip);
      campaign_.session.nudges = campaign_.session.nudges || each.greeting.withholds_pongs;
      told_.push_back({target.name, ws::to_string(target.url), each.greeting.server_field});
      targets_.push_back(std::move(target));
    }
    return {};
  }

  const FuzzOptions& options_;
  FuzzReport report_;
  TestOptions test_options_;
  fuzz::CampaignOptions campaign_;
  std::unique_ptr<Endpoints> endpoints_;
  std::vector<Target> targets_;
  std::vector<RunInfo::Endpoint> told_;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start_ = Clock::now();  // greetings count
};

Exit fuzz_clients(const FuzzOptions& options) {
  if (options.connection.command.empty() || !options.urls.empty())
    throw UsageError("--serve is for clients: --command 'my-client {url}' starts one; leave out URLs");
  watch_for_interrupts();
  FuzzReport report({options.out, options.known, options.corpora, options.connection.quiet});
  fuzz::CampaignOptions campaign = campaign_of(options);
  if (campaign.layers.http2) throw UsageError("--layer http2 is for servers");
  campaign.layers.client = true;
  campaign.layers.handshake = false;
  report.take();
  campaign.started = std::chrono::steady_clock::now();
  ClientTrials::Settings client;
  client.command = options.connection.command;
  client.agent = options.agent.empty() ? "client" : options.agent;
  client.log = std::filesystem::path(options.out) / "client.log";
  client.timeout = campaign.session.timeout;
  client.seed = campaign.session.seed;
  const std::string replay =
      fmt::format("touchstone serve --agent {} --command {}", shell_quote(client.agent), shell_quote(client.command));
  return fuzz_client(report, std::move(client), campaign, seeds_of(options, Side::client), replay);
}

}  // namespace

void add_fuzz_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<FuzzOptions>();
  CLI::App* fuzz = app.add_subcommand("fuzz", "Fuzz one or several servers against the strict stack");
  fuzz->footer(kFuzzFooter);
  add_options(*fuzz, *options);
  fuzz->callback([options, &exit] {
    if (!options->merge.empty()) {
      exit = merge_campaigns(options->merge, options->urls);
    } else {
      exit = options->serve ? fuzz_clients(*options) : FuzzRun(*options).run();
    }
  });
}

}  // namespace touchstone::cli

#include "reports/render.h"
#include "reports/support/files.h"
#include "reports/support/shell.h"
#include "runner/campaign/bare.h"
#include "runner/campaign/campaign_folder.h"
#include "runner/campaign/findings.h"
#include "runner/campaign/openings.h"
#include "runner/cli/cli.h"
#include "runner/cli/commands/fuzz_merge.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/shard.h"
#include "runner/cli/options/validators.h"
#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"
#include "runner/cli/run/endpoints.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/run/run_folder.h"
#include "runner/cli/run/run_record.h"
#include "runner/cli/text.h"
#include "runner/engine/make_result.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace touchstone::cli {
namespace {

constexpr const char* kFooter = R"(
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
  touchstone fuzz --merge all shard1 shard2                    one corpus, one list of findings
  touchstone test ws://127.0.0.1:9001/ --cases touchstone-fuzz/findings/NAME/case.json)";

struct Options {
  std::vector<std::string> urls, corpora;
  TestOptions connection;  // of all endpoints
  std::string time = "1m", out = "touchstone-fuzz", known, merge, shard, layers = "handshake,frames,deflate";
  std::uint64_t most_inputs = 0, most_findings = 0;
  bool weak = false, bare = false, no_catalogue = false;
};

void add_options(CLI::App& app, Options& options) {
  const auto at_least_one = between(1, INT64_MAX);
  app.add_option("URL", options.urls, "The servers, ws:// or wss://")->type_name("URL");
  add_server_command_option(app, options.connection.command);
  app.add_option("--time", options.time, "How long: 90s, 10m, 8h")->type_name("DURATION")->capture_default_str();
  app.add_option("--inputs", options.most_inputs, "At most so many stimuli")->type_name("N")->check(at_least_one);
  app.add_option("--findings", options.most_findings, "End after so many findings")
      ->type_name("N")
      ->check(at_least_one);
  app.add_flag("--bare", options.bare, "Do not fuzz: connect, open and close, and say how often in a second that goes");
  app.add_flag("--weak", options.weak, "What breaks a SHOULD is a finding, too");
  add_seed_option(app, options.connection.seed);
  add_shard_option(app, options.shard, "This is machine I of N: other stimuli than its fellows'");
  add_jobs_option(app, options.connection.jobs);
  app.add_option("--layer", options.layers, "What is varied: handshake, frames, deflate")
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
    } else {
      throw UsageError(fmt::format("--layer {}: no layer '{}'; there are handshake, frames and deflate", text, name));
    }
    at = comma + 1;
  }
  return layers;
}

class FuzzRun : public fuzz::CampaignObserver {
 public:
  explicit FuzzRun(const Options& options) : options_(options), out_(options.out), folder_(out_) {
    if (options.urls.empty() && options.connection.command.empty())
      throw UsageError("which server? Name its URL, or start it with --command");
    if (options.urls.size() > 1 && !options.connection.command.empty())
      throw UsageError("--command starts the one server that is fuzzed; name one URL at most");
    campaign_.layers = layers_named(options.layers);
    campaign_.layers.catalogue = !options.no_catalogue;
    campaign_.seed =
        options.connection.seed + (options.shard.empty() ? 0 : std::uint64_t{shard_named(options.shard).number} << 32);
    campaign_.time = duration_or_refuse(options.time, "--time");
    if (options.most_inputs != 0) campaign_.most_inputs = options.most_inputs;
    if (options.most_findings != 0) campaign_.most_findings = options.most_findings;
    campaign_.weak = options.weak;
    if (options.connection.jobs != 0) campaign_.jobs = options.connection.jobs;
    campaign_.session.timeout = options.connection.timeout.empty()
                                    ? std::chrono::seconds(2)
                                    : duration_or_refuse(options.connection.timeout, "--timeout");
    campaign_.session.keeps = Budget::kOfAStimulus;
    campaign_.session.seed = options.connection.seed;
    for (const std::string& corpus : options.corpora) {
      if (!std::filesystem::is_directory(corpus))
        throw UsageError(fmt::format("--corpus {}: expected a folder, found none", corpus));
    }
    if (!options.known.empty()) {
      // Before the first finding was looked at there is none.
      if (std::filesystem::exists(options.known) && !std::filesystem::is_directory(options.known))
        throw UsageError(fmt::format("--known {}: found a file, expected a folder", options.known));
      known_ = fuzz::clusters_in(options.known);
    }
  }

  Exit run() {
    watch_for_interrupts();
    auto taken = RunFolder::take(out_, "fuzz");
    if (!taken) throw UsageError(taken.error());
    const RunFolder lock = std::move(*taken);
    if (const auto made = make_folder(out_ / "corpus"); !made) throw UsageError(made.error());
    if (const auto read = folder_.read(); !read) throw UsageError(read.error());
    if (const auto reached = reach(); !reached.empty()) {
      err("error: {}\n", said(reached));
      return Exit::unreachable;
    }
    if (options_.bare) return bare();
    if (const auto begun = begin(); !begun) throw UsageError(begun.error());
    campaign_.started = start_;
    const auto end = fuzz::run_campaign(targets_, seeds(), corpus(), campaign_, *this, interrupted());
    endpoints_.reset();
    const std::string trouble = write_report(end);
    conclude(end);
    if (!trouble.empty()) err("error: {}\n", trouble);
    if (!end.lost.empty()) return Exit::unreachable;
    if (!trouble.empty()) return Exit::incomplete;
    return found_ == 0 ? Exit::ok : Exit::failures;
  }

  // --- The campaign's events --------------------------------------------------------------------------------

  void progress(const fuzz::CampaignStats& stats) override {
    folder_.note(stats);
    if (options_.connection.quiet) return;
    if (stats.took - told_ < std::chrono::seconds(10)) return;
    told_ = stats.took;
    err("{}: {} stimuli, {:.0f} a second, {} kinds of outcome, {}\n", format_duration(stats.took), stats.inputs,
        rate(stats), stats.kept, count_of(found_, "finding"));
  }

  void kept(const Case& c, const std::string& outcome) override { folder_.keep_stimulus(c, outcome); }

  bool wants(const fuzz::Cluster& cluster) override {
    if (known_.contains(cluster)) {
      ++known_met_;
      return false;
    }
    return !folder_.found_before(cluster);
  }

  void found(const fuzz::Difference& difference) override {
    const Target& target = *std::ranges::find(targets_, difference.cluster.endpoint, &Target::name);
    const Requirement* rule = catalogue_.requirement(difference.cluster.requirement);
    const fuzz::RuleText text = rule == nullptr
                                    ? fuzz::RuleText{}
                                    : fuzz::RuleText{fmt::format("RFC {} {}", rule->rfc, rule->section), rule->rule};
    const std::string replay =
        fmt::format("touchstone test {}{}", server_arguments(target), connection_arguments(target));
    const auto place = fuzz::write_finding(folder_.findings(), difference, text, replay);
    if (!place) trouble_ = place.error();
    Case named = difference.stimulus;
    named.id = "fuzz/" + fuzz::cluster_name(difference.cluster);
    Result result = make_result(named, target.name, difference.shown.observation, difference.shown.verdict);
    if (!difference.death.empty()) {
      result.behavior = Behavior::failed;
      result.summary =
          difference.together.empty()
              ? fmt::format("The endpoint died of this stimulus alone: {}.", difference.death)
              : fmt::format("The endpoint died of {} sent many at a time: {}.",
                            difference.together.size() == 1 ? std::string("this stimulus")
                                                            : fmt::format("{} stimuli", difference.together.size()),
                            difference.death);
    }
    result.title = result.summary;
    result.replay = fmt::format("{} --cases {}", replay, place ? (*place / "case.json").string() : "case.json");
    folder_.add(difference.cluster, result);
    ++found_;
    err("finding {}: {}\n", fuzz::cluster_name(difference.cluster), said(result.summary));
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

  static double rate(const fuzz::CampaignStats& stats) {
    const double seconds = static_cast<double>(stats.took.count()) / 1000.0;
    return seconds > 0 ? static_cast<double>(stats.inputs) / seconds : 0;
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
      if (const auto started = endpoints_->start(out_); !started) return started.error();
      endpoints_->greet_all({.timeout = campaign_.session.timeout},
                            [this] { return interrupted() || Clock::now() - start_ >= campaign_.time; });
      const Endpoint& each = endpoints_->all().front();
      if (!each.unreachable.empty()) return each.unreachable;
      Target target = each.target;
      for (const Target& other : targets_) {
        if (other.name == target.name) target.name += fmt::format(" ({})", ws::to_string(target.url));
      }
      campaign_.session.round_trip = std::max(campaign_.session.round_trip, each.greeting.round_trip);
      campaign_.session.nudges = campaign_.session.nudges || each.greeting.withholds_pongs;
      info_.endpoints.push_back({target.name, ws::to_string(target.url), each.greeting.server_field});
      targets_.push_back(std::move(target));
    }
    return {};
  }

  std::vector<Case> seeds() const {
    std::vector<Case> out;
    if (options_.no_catalogue) return out;
    for (const Case* c : select(catalogue_, {.profile = Profile::core, .side = Side::server})) out.push_back(*c);
    return out;
  }

  std::expected<void, std::string> begin() {
    auto endpoints = std::move(info_.endpoints);
    info_ = begin_record(catalogue_, "fuzz", campaign_.seed, campaign_.jobs);
    info_.endpoints = std::move(endpoints);
    info_.command_line = command_line();
    return folder_.begin(info_);
  }

  // What earlier campaigns kept. A file that is none of their stimuli is left out.
  [[nodiscard]] std::vector<Case> corpus() const {
    const std::vector<std::filesystem::path> more(options_.corpora.begin(), options_.corpora.end());
    return folder_.corpus(more, [](const std::string& why) { err("left out of the corpus: {}\n", why); });
  }

  // The findings as a report of the same shape as any other.
  std::string write_report(const fuzz::CampaignEnd& end) {
    info_.end = std::chrono::system_clock::now();
    info_.planned = folder_.results().size();
    info_.complete = end.lost.empty();
    info_.ended_because = end.lost;
    if (const auto finished = folder_.finish(info_, end.stats); !finished) return finished.error();
    const auto rendered = render_all(out_, info_, folder_.results(), requirement_texts(catalogue_));
    return rendered ? trouble_ : rendered.error();
  }

  void conclude(const fuzz::CampaignEnd& end) const {
    const auto& stats = end.stats;
    if (!end.lost.empty()) err("error: the campaign ended early: {}\n", said(end.lost));
    out("{} stimuli over {} connections in {} ({:.0f} stimuli a second); {} kinds of outcome; {} met again of known "
        "ones; {} not shown again alone\n",
        stats.inputs, stats.connections, format_duration(stats.took), rate(stats), stats.kept, known_met_,
        stats.unstable);
    if (stats.pairs.all > 0)
      out("{} of {} pairs of a state and a frame visited on purpose\n", stats.pairs.visited, stats.pairs.all);
    const std::size_t again = folder_.met_again();
    out("{}{}{}\n", count_of(found_, "new finding"), again == 0 ? "" : fmt::format(", {} found before", again),
        found_ + again == 0 ? "" : fmt::format(" in {}", folder_.findings().string()));
  }

  const Options& options_;
  const std::filesystem::path out_;
  fuzz::CampaignFolder folder_;
  const Catalogue& catalogue_ = Catalogue::built_in();
  TestOptions test_options_;
  fuzz::CampaignOptions campaign_;
  fuzz::KnownClusters known_;
  std::unique_ptr<Endpoints> endpoints_;
  std::vector<Target> targets_;
  RunInfo info_;
  std::size_t found_ = 0;
  std::string trouble_;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start_ = Clock::now();  // greetings count
  std::chrono::milliseconds told_{0};
  std::size_t known_met_ = 0;
};

}  // namespace

void add_fuzz_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* fuzz = app.add_subcommand("fuzz", "Fuzz one or several servers against the strict stack");
  fuzz->footer(kFooter);
  add_options(*fuzz, *options);
  fuzz->callback([options, &exit] {
    exit = options->merge.empty() ? FuzzRun(*options).run() : merge_campaigns(options->merge, options->urls);
  });
}

}  // namespace touchstone::cli

#include "runner/cli/commands/fuzz_report.h"

#include "reports/pcap.h"
#include "reports/render.h"
#include "reports/support/files.h"
#include "runner/cli/must.h"
#include "runner/cli/print.h"
#include "runner/cli/run/requirement_texts.h"
#include "runner/cli/run/run_record.h"
#include "runner/cli/text.h"

#include <fmt/core.h>

#include <utility>

namespace touchstone::cli {
namespace {

double rate(const fuzz::CampaignStats& stats) {
  const double seconds = static_cast<double>(stats.took.count()) / 1000.0;
  return seconds > 0 ? static_cast<double>(stats.inputs) / seconds : 0;
}

}  // namespace

FuzzReport::FuzzReport(Settings settings) : settings_(std::move(settings)), folder_(settings_.out) {
  for (const std::string& corpus : settings_.corpora) {
    if (!std::filesystem::is_directory(corpus))
      throw UsageError(fmt::format("--corpus {}: expected a folder, found none", corpus));
  }
  if (settings_.known.empty()) return;
  // Before the first finding was looked at there is none.
  if (std::filesystem::exists(settings_.known) && !std::filesystem::is_directory(settings_.known))
    throw UsageError(fmt::format("--known {}: found a file, expected a folder", settings_.known));
  known_ = fuzz::clusters_in(settings_.known);
}

void FuzzReport::take() {
  lock_.emplace(must(RunFolder::take(settings_.out, "fuzz")));
  must(make_folder(settings_.out / "corpus"));
  must(folder_.read());
}

void FuzzReport::begin(std::vector<RunInfo::Endpoint> endpoints, std::uint64_t seed, unsigned jobs) {
  info_ = begin_record(catalogue_, "fuzz", seed, jobs);
  info_.endpoints = std::move(endpoints);
  info_.command_line = command_line();
  must(folder_.begin(info_));
}

std::vector<Case> FuzzReport::corpus() const {
  const std::vector<std::filesystem::path> more(settings_.corpora.begin(), settings_.corpora.end());
  return folder_.corpus(more, [](const std::string& why) { err("left out of the corpus: {}\n", why); });
}

void FuzzReport::progress(const fuzz::CampaignStats& stats) {
  folder_.note(stats);
  if (settings_.quiet || stats.took - told_ < std::chrono::seconds(10)) return;
  told_ = stats.took;
  err("{}: {} stimuli, {:.0f} a second, {} kinds of outcome, {}\n", format_duration(stats.took), stats.inputs,
      rate(stats), stats.kept, count_of(found_, "finding"));
}

bool FuzzReport::wants(const fuzz::Cluster& cluster) {
  if (known_.contains(cluster)) {
    ++known_met_;
    return false;
  }
  return !folder_.found_before(cluster);
}

void FuzzReport::found(const fuzz::Difference& difference, Result result, const std::string& replay) {
  const Requirement* rule = catalogue_.requirement(difference.cluster.requirement);
  const fuzz::RuleText text = rule == nullptr
                                  ? fuzz::RuleText{}
                                  : fuzz::RuleText{fmt::format("RFC {} {}", rule->rfc, rule->section), rule->rule};
  const auto place = fuzz::write_finding(folder_.findings(), difference, text, replay);
  if (!place) trouble_ = place.error();
  result.case_id = "fuzz/" + fuzz::cluster_name(difference.cluster);
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
  if (place) write_packets(*place, result);
  ++found_;
  err("finding {}: {}\n", fuzz::cluster_name(difference.cluster), said(result.summary));
}

// What was sent and what came, for Wireshark.
void FuzzReport::write_packets(const std::filesystem::path& place, const Result& result) {
  const std::vector<Result> one{result};
  const Texts texts = quoted_texts(catalogue_);
  const Report report(info_, one, texts);
  const Result* const shown[] = {&one.front()};
  const auto written = write_pieces(place / "packets.pcapng",
                                    [&](const Append& append) { return append_pcapng(append, report, shown); });
  if (!written) trouble_ = written.error();
}

// The findings as a report of the same shape as any other. What did not go well.
std::string FuzzReport::write(const fuzz::CampaignEnd& end) {
  info_.end = std::chrono::system_clock::now();
  info_.planned = folder_.results().size();
  info_.complete = end.lost.empty();
  info_.ended_because = end.lost;
  if (const auto finished = folder_.finish(info_, end.stats); !finished) return finished.error();
  const auto rendered = render_all(settings_.out, info_, folder_.results(), requirement_texts(catalogue_));
  return rendered ? trouble_ : rendered.error();
}

void FuzzReport::say(const fuzz::CampaignEnd& end) const {
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

Exit FuzzReport::conclude(const fuzz::CampaignEnd& end) {
  const std::string trouble = write(end);
  say(end);
  if (!trouble.empty()) err("error: {}\n", trouble);
  if (!end.lost.empty()) return Exit::unreachable;
  if (!trouble.empty()) return Exit::incomplete;
  return found_ == 0 ? Exit::ok : Exit::failures;
}

}  // namespace touchstone::cli

#include "runner/campaign/findings.h"

#include "reports/result/result_json.h"
#include "reports/support/files.h"
#include "runner/campaign/old_names.h"
#include "runner/catalogue/catalogue.h"
#include "runner/engine/verdict/describe_expect.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone::fuzz {
namespace {

// For the name of a folder.
std::string in_hyphens(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    const bool plain = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
    if (plain) out += low;
    if (!plain && !out.empty() && !out.ends_with('-')) out += '-';
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

// What comes after the requirement: how it is broken.
std::string way_of(const Cluster& cluster) {
  std::string way = cluster.kind;
  for (const std::string& more : {in_hyphens(cluster.evidence), in_hyphens(cluster.outcome)})
    if (!more.empty()) way += "-" + more;
  return way;
}

std::string explanation(const Difference& d, const RuleText& rule, const std::string& replay) {
  std::string text = fmt::format("# {}\n\n", cluster_name(d.cluster));
  text += fmt::format("Endpoint: {}\n\n", d.cluster.endpoint);
  if (!rule.rule.empty()) text += fmt::format("Rule: {} ({}): {}\n\n", d.cluster.requirement, rule.clause, rule.rule);
  if (!d.together.empty()) {
    text += fmt::format(
        "The endpoint was gone after {}, sent again and again and many at a time: one by one they do not end it, or it "
        "could not be started again for that. A replay may take several tries.\n\n",
        d.together.size() == 1 ? "this stimulus" : fmt::format("these {} stimuli", d.together.size()));
  } else if (!d.death.empty()) {
    text += "The endpoint was gone after this stimulus, which was sent alone.\n\n";
  } else {
    text += d.shown.verdict.summary + "\n\n";
    for (const Finding& finding : d.shown.verdict.findings) {
      text += fmt::format("- {} ({})\n  - expected: {}\n  - seen: {}\n", name(finding.weight), finding.requirement,
                          finding.expected, finding.seen);
    }
    text += "\n";
  }
  if (!d.death.empty()) text += fmt::format("How it ended: {}\n\n", d.death);
  if (d.stimulus.expect && d.together.empty())
    text += fmt::format("What the strict stack does: {}\n\n", describe(d.stimulus));
  text += fmt::format("Found with input {} after {:.1f} s. Replay:\n\n    {} --cases case.json\n", d.input,
                      static_cast<double>(d.after.count()) / 1000.0, replay);
  return text;
}

}  // namespace

std::string cluster_name(const Cluster& cluster) { return cluster.requirement + "-" + way_of(cluster); }

bool KnownClusters::contains(const Cluster& cluster) const {
  for (std::string way = way_of(cluster); !way.empty(); way.resize(std::max(way.rfind('-') + 1, std::size_t{1}) - 1)) {
    if (names_.contains(cluster.requirement + "-" + way) || names_.contains("*-" + way)) return true;
  }
  return false;
}

KnownClusters clusters_in(const std::filesystem::path& folder) {
  KnownClusters known;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (!entry.is_regular_file() || entry.path().filename() != "case.json") continue;
    const auto place = entry.path().parent_path();
    const std::string name = place.filename().string();
    std::vector<std::string> names{name};
    if (is_old_name(name)) names = names_today(name, read_file(place / "README.md").value_or(""));
    for (std::string& now : names) {
      if (std::string other = other_name_today(now); !other.empty()) known.add(std::move(other));
      known.add(std::move(now));
    }
  }
  return known;
}

std::expected<std::filesystem::path, std::string> write_finding(const std::filesystem::path& folder,
                                                                const Difference& difference, const RuleText& rule,
                                                                const std::string& replay) {
  auto place = folder / cluster_name(difference.cluster);
  if (const auto made = make_folder(place); !made) return std::unexpected(made.error());
  Case named = difference.stimulus;
  named.note = !difference.death.empty() ? "The endpoint was gone afterwards." : difference.shown.verdict.summary;
  std::vector<Case> together = difference.together;
  if (together.empty()) {
    named.id = "fuzz/" + cluster_name(difference.cluster);
  } else {
    together.front() = named;
  }
  const std::pair<const char*, std::string> files[] = {
      {"case.json", together.empty() ? to_json(named) : to_json(together)},
      {"transcript.json", write_json(to_json(difference.shown.observation.transcript)) + "\n"},
      {"README.md", explanation(difference, rule, replay)},
  };
  for (const auto& [name, content] : files) {
    if (const auto written = write_file(place / name, content); !written) return std::unexpected(written.error());
  }
  return place;
}

}  // namespace touchstone::fuzz

// findings.h - differences as folders: a case file that shows it, the transcript, and what it means.
#pragma once
#include "runner/campaign/campaign.h"

#include <expected>
#include <filesystem>
#include <set>
#include <string>

namespace touchstone::fuzz {

// "rfc6455-5.5-1-9f31c2ab": the same cluster has the same name in every campaign and for every endpoint's name.
[[nodiscard]] std::string cluster_name(const Cluster& cluster);

// The clusters that `folder` holds: names of folders in it, and in the folders of one endpoint each in it.
[[nodiscard]] std::set<std::string> clusters_in(const std::filesystem::path& folder);

// What is told of a rule: its clause and its words. Empty when the catalogue does not know it.
struct RuleText {
  std::string clause, rule;
};

// Writes folder/NAME/{case.json, transcript.json, README.md}. `replay`: the command without the case file.
// The error is for people.
[[nodiscard]] std::expected<std::filesystem::path, std::string> write_finding(const std::filesystem::path& folder,
                                                                              const Difference& difference,
                                                                              const RuleText& rule,
                                                                              const std::string& replay);

}  // namespace touchstone::fuzz

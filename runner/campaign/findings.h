// findings.h - differences as folders: a case file that shows it, the transcript, and what it means.
#pragma once
#include "runner/campaign/campaign.h"

#include <expected>
#include <filesystem>
#include <set>
#include <string>

namespace touchstone::fuzz {

// "rfc6455-5.5-1-fault-ignored-survived": the same cluster has the same name in every campaign and for every endpoint.
[[nodiscard]] std::string cluster_name(const Cluster& cluster);

// Names of clusters that are known already. A name without its last words stands for all that begin like it, so that
// "rfc6455-6.2-4-message-missing" is every end of it; "*-message-missing" is it for every requirement.
class KnownClusters {
 public:
  void add(std::string name) { names_.insert(std::move(name)); }
  [[nodiscard]] bool contains(const Cluster& cluster) const;
  [[nodiscard]] bool empty() const noexcept { return names_.empty(); }

 private:
  std::set<std::string, std::less<>> names_;
};

// The clusters that `folder` holds: names of folders in it, and in the folders of one endpoint each in it. Folders that
// an older version wrote are named after what their README.md says (old_names.h).
[[nodiscard]] KnownClusters clusters_in(const std::filesystem::path& folder);

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

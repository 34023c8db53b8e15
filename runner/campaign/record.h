// record.h - fuzz.json: what the campaigns in a folder did, for machines. Schema: reports/schema/fuzz.json.
//
// Campaigns that went on in the same folder, and those of other machines, stand beside each other in `campaigns`; sums
// over them are written beside them, so that a reader need not add.
#pragma once
#include "reports/support/json_members.h"

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace touchstone::fuzz {

inline constexpr std::string_view kRecordName = "fuzz.json";

struct CampaignRecord {
  // How far it was after so long.
  struct Point {
    std::chrono::milliseconds after{0};
    std::uint64_t stimuli = 0, outcomes = 0, findings = 0;
    bool operator==(const Point&) const = default;
  };
  std::chrono::system_clock::time_point start{};
  std::string version;                 // of touchstone
  std::uint64_t seed = 1;              // with the shard's part
  std::vector<std::string> endpoints;  // their names
  std::chrono::milliseconds took{0};
  std::chrono::milliseconds cpu{0};  // of this process, user and system
  std::uint64_t stimuli = 0, connections = 0;
  std::uint64_t outcomes = 0;             // kinds that were new to it
  std::uint64_t pairs = 0;                // classes of a state and a frame: that there are
  std::uint64_t pairs_visited = 0;        // ... and that it visited on purpose
  std::vector<std::string> found;         // clusters that it was the first in its folder to find
  std::vector<std::string> found_before;  // clusters of earlier campaigns that it met again
  bool complete = false;                  // it was not killed
  std::string ended_because;              // it broke off: why
  std::vector<Point> series;              // at most 256 points
  bool operator==(const CampaignRecord&) const = default;
};

// Adds a point; of a long series every second one goes.
void add_point(CampaignRecord& record, const CampaignRecord::Point& point);

[[nodiscard]] Json to_json(const std::vector<CampaignRecord>& records);
// The error is for people: file, place, what was found, what is allowed.
[[nodiscard]] std::expected<std::vector<CampaignRecord>, std::string> parse_records(const std::string& name,
                                                                                    std::string_view text);

// Of folder/fuzz.json; none where there is no such file.
[[nodiscard]] std::expected<std::vector<CampaignRecord>, std::string> read_records(const std::filesystem::path& folder);
[[nodiscard]] std::expected<void, std::string> write_records(const std::filesystem::path& folder,
                                                             const std::vector<CampaignRecord>& records);

// Of several folders: each campaign once, in the order of their starts.
[[nodiscard]] std::vector<CampaignRecord> merged(std::vector<std::vector<CampaignRecord>> records);

}  // namespace touchstone::fuzz

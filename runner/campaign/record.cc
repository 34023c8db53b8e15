#include "runner/campaign/record.h"

#include "reports/support/files.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace touchstone::fuzz {
namespace {

constexpr int kRecordFormat = 1;
constexpr std::size_t kMostPoints = 256;

Json point_to_json(const CampaignRecord::Point& point) {
  return Json::array({point.after.count(), point.stimuli, point.outcomes, point.findings});
}

Json record_to_json(const CampaignRecord& record) {
  Json series = Json::array();
  for (const auto& point : record.series) series.push_back(point_to_json(point));
  return {{"start", format_time(record.start)},
          {"version", record.version},
          {"seed", record.seed},
          {"agents", record.endpoints},
          {"took_ms", record.took.count()},
          {"cpu_ms", record.cpu.count()},
          {"stimuli", record.stimuli},
          {"connections", record.connections},
          {"outcomes", record.outcomes},
          {"pairs", record.pairs},
          {"pairs_visited", record.pairs_visited},
          {"found", record.found},
          {"found_before", record.found_before},
          {"complete", record.complete},
          {"ended_because", record.ended_because},
          {"series", std::move(series)}};
}

void read_milliseconds(Members& members, std::string_view key, std::chrono::milliseconds& out) {
  std::int64_t count = 0;
  members.integer(key, count);
  out = std::chrono::milliseconds(count);
}

class RecordReader {
 public:
  std::optional<JsonFault> fault;
  std::vector<CampaignRecord> records;

  void document(const Json& value) {
    Members members(value, "", fault);
    int format = 0;
    std::uint64_t ignored = 0;  // sums: they are made again
    members.integer("fuzz", format);
    if (!fault && format != kRecordFormat)
      fault = JsonFault{{}, 0, "/fuzz", std::to_string(format), std::to_string(kRecordFormat)};
    for (const char* sum : {"stimuli", "connections", "cpu_ms", "took_ms"}) members.integer(sum, ignored);
    std::vector<std::string> clusters;
    members.texts("clusters", clusters);
    members.list("campaigns", [&](const Json& each, const std::string& pointer) { campaign(each, pointer); });
    members.no_others();
  }

 private:
  void campaign(const Json& value, const std::string& pointer) {
    CampaignRecord& record = records.emplace_back();
    Members members(value, pointer, fault);
    members.time("start", record.start);
    members.text("version", record.version);
    members.integer("seed", record.seed);
    members.texts("agents", record.endpoints);
    read_milliseconds(members, "took_ms", record.took);
    read_milliseconds(members, "cpu_ms", record.cpu);
    members.integer("stimuli", record.stimuli);
    members.integer("connections", record.connections);
    members.integer("outcomes", record.outcomes);
    members.integer("pairs", record.pairs, Members::Need::optional);
    members.integer("pairs_visited", record.pairs_visited, Members::Need::optional);
    members.texts("found", record.found);
    members.texts("found_before", record.found_before);
    members.flag("complete", record.complete);
    members.text("ended_because", record.ended_because);
    members.list("series", [&](const Json& each, const std::string& where) { point(record, each, where); });
    members.no_others();
  }

  void point(CampaignRecord& record, const Json& value, const std::string& pointer) {
    const bool numbers = value.is_array() && value.size() == 4 && std::ranges::all_of(value, [](const Json& each) {
                           return each.is_number_unsigned() && each.get<std::uint64_t>() <= std::uint64_t{INT64_MAX};
                         });
    if (!numbers) {
      fault =
          JsonFault{{}, 0, pointer, write_json(value).substr(0, 60), "four numbers: [ms, stimuli, outcomes, findings]"};
      return;
    }
    record.series.push_back({std::chrono::milliseconds(value[0].get<std::int64_t>()), value[1].get<std::uint64_t>(),
                             value[2].get<std::uint64_t>(), value[3].get<std::uint64_t>()});
  }
};

}  // namespace

void add_point(CampaignRecord& record, const CampaignRecord::Point& point) {
  if (record.series.size() >= kMostPoints) {
    std::vector<CampaignRecord::Point> half;
    for (std::size_t i = 1; i < record.series.size(); i += 2) half.push_back(record.series[i]);
    record.series = std::move(half);
  }
  record.series.push_back(point);
}

Json to_json(const std::vector<CampaignRecord>& records) {
  std::uint64_t stimuli = 0, connections = 0;
  std::chrono::milliseconds cpu{0}, took{0};
  std::set<std::string> clusters;
  Json campaigns = Json::array();
  for (const CampaignRecord& record : records) {
    stimuli += record.stimuli;
    connections += record.connections;
    cpu += record.cpu;
    took += record.took;
    clusters.insert(record.found.begin(), record.found.end());
    clusters.insert(record.found_before.begin(), record.found_before.end());
    campaigns.push_back(record_to_json(record));
  }
  return {
      {"fuzz", kRecordFormat},   {"stimuli", stimuli},   {"connections", connections},       {"cpu_ms", cpu.count()},
      {"took_ms", took.count()}, {"clusters", clusters}, {"campaigns", std::move(campaigns)}};
}

std::expected<std::vector<CampaignRecord>, std::string> parse_records(const std::string& name, std::string_view text) {
  RecordReader reader;
  auto value = parse_json(text);
  if (value) {
    reader.document(*value);
  } else {
    reader.fault = value.error();
  }
  if (!reader.fault) return std::move(reader.records);
  reader.fault->file = name;
  return std::unexpected(reader.fault->text());
}

std::expected<std::vector<CampaignRecord>, std::string> read_records(const std::filesystem::path& folder) {
  const auto file = folder / kRecordName;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {};
  const auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  return parse_records(file.string(), *text);
}

std::expected<void, std::string> write_records(const std::filesystem::path& folder,
                                               const std::vector<CampaignRecord>& records) {
  return write_file(folder / kRecordName, write_json(to_json(records)) + "\n");
}

std::vector<CampaignRecord> merged(std::vector<std::vector<CampaignRecord>> records) {
  std::vector<CampaignRecord> all;
  for (auto& each : records) std::ranges::move(each, std::back_inserter(all));
  const auto key = [](const CampaignRecord& record) {
    return std::tie(record.start, record.seed, record.stimuli, record.endpoints);
  };
  std::ranges::sort(all, {}, key);
  const auto twice = std::ranges::unique(all);
  all.erase(twice.begin(), twice.end());
  return all;
}

}  // namespace touchstone::fuzz

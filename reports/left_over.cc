#include "reports/left_over.h"

#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "reports/support/files.h"
#include "reports/support/json_members.h"

namespace touchstone {
namespace {

bool has_such_a_name(std::string_view name) { return name.contains("_case_") && name.ends_with(".json"); }

// The last of the keys that every version writes into such a file (autobahn.cc).
bool is_ours(const std::filesystem::path& file) {
  const auto text = read_file(file);
  return text && text->contains("\"touchstone\"") && text->contains("\"agent\"") && text->contains("\"wirelog\"");
}

// All strings of the index that are names of such files.
void collect(const Json& value, std::set<std::string>& names) {
  if (value.is_string() && has_such_a_name(value.get_ref<const std::string&>())) names.insert(value.get<std::string>());
  if (!value.is_structured()) return;
  for (const Json& each : value) collect(each, names);
}

}  // namespace

std::size_t remove_left_over_cases(const std::filesystem::path& folder) {
  const auto text = read_file(folder / "index.json");
  if (!text) return 0;
  const auto index = parse_json(*text);
  if (!index) return 0;
  std::set<std::string> named;
  collect(*index, named);
  std::error_code error;
  std::vector<std::filesystem::path> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool plain = entry.is_regular_file(error) && !entry.is_symlink(error);
    if (plain && has_such_a_name(name) && !named.contains(name) && is_ours(entry.path())) left.push_back(entry.path());
  }
  std::size_t removed = 0;
  for (const auto& file : left) removed += std::filesystem::remove(file, error) ? 1 : 0;
  return removed;
}

}  // namespace touchstone

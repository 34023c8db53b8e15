#include "runner/serve/report_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace touchstone::serve {
namespace {

struct Type {
  std::string_view extension, type;
};
constexpr std::array<Type, 9> kTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".jsonl", "application/x-ndjson"},
    {".xml", "application/xml"},
    {".md", "text/markdown; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".log", "text/plain; charset=utf-8"},
}};

}  // namespace

std::string_view content_type(std::string_view name) noexcept {
  const auto found = std::ranges::find_if(kTypes, [&](const Type& type) { return name.ends_with(type.extension); });
  return found == kTypes.end() ? "application/octet-stream" : found->type;
}

Answer report_file(const std::filesystem::path& folder, std::string_view name) {
  constexpr std::uintmax_t kLargest = 256 * 1024 * 1024;
  const auto path = folder / name;
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none) || std::filesystem::file_size(path, none) > kLargest || none) {
    return refusal(404, fmt::format("There is no {} yet. The report is written when a client asks for /updateReports, "
                                    "and when the run ends.",
                                    name));
  }
  std::ifstream file(path, std::ios::binary);
  Answer answer;
  answer.content_type = content_type(name);
  answer.body.assign(std::istreambuf_iterator<char>(file), {});
  return answer;
}

}  // namespace touchstone::serve

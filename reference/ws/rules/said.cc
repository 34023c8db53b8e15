#include <ws/rules/said.h>

namespace ws::rules {

std::string shortened(std::string_view text) {
  constexpr std::size_t kMostQuoted = 80;
  return text.size() <= kMostQuoted ? std::string(text) : std::string(text.substr(0, kMostQuoted)) + "...";
}

std::string joined(const std::vector<std::string_view>& values) {
  std::string out;
  for (const std::string_view value : values) {
    if (!out.empty()) out += ", ";
    out += value;
  }
  return out;
}

}  // namespace ws::rules

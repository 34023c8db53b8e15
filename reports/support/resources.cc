#include "reports/support/resources.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace touchstone {

std::string_view resource(std::string_view path) {
  const auto table = resources();
  const auto row = std::ranges::find(table, path, &Resource::path);
  if (row == table.end()) {
    std::fprintf(stderr, "touchstone: no resource '%.*s' in this build\n", static_cast<int>(path.size()), path.data());
    std::abort();
  }
  return row->content;
}

}  // namespace touchstone

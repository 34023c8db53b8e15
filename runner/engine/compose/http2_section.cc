#include "runner/engine/compose/http2_section.h"

#include <algorithm>

namespace touchstone::http2 {

ws::http2::Fields edited(ws::http2::Fields section, const std::vector<SectionEdit>& edits) {
  using enum SectionEdit::Kind;
  for (const SectionEdit& edit : edits) {
    const auto named = [&](const ws::Field& field) { return field.name == edit.name; };
    if (edit.kind == remove) std::erase_if(section, named);
    if (edit.kind == first) section.insert(section.begin(), {edit.name, edit.value});
    if (edit.kind == add) section.push_back({edit.name, edit.value});
    if (edit.kind != set) continue;
    const auto found = std::ranges::find_if(section, named);
    if (found == section.end()) {
      section.push_back({edit.name, edit.value});
    } else {
      found->value = edit.value;
    }
  }
  return section;
}

}  // namespace touchstone::http2

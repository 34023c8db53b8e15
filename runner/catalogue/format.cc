#include "runner/catalogue/format.h"

namespace touchstone {
namespace {

constexpr std::size_t kColumns = 140;
constexpr std::size_t kSpread = 3;  // Levels that never stand on one line: file, groups, group.

void print_flat(const Json& value, std::string& out) {
  if (value.is_object()) {
    const char* separator = "{";
    for (const auto& [key, member] : value.items()) {
      out += separator;
      out += Json(key).dump() + ": ";
      print_flat(member, out);
      separator = ", ";
    }
    out += value.empty() ? "{}" : "}";
  } else if (value.is_array()) {
    out += '[';
    const char* separator = "";
    for (const Json& element : value) {
      out += separator;
      print_flat(element, out);
      separator = ", ";
    }
    out += ']';
  } else {
    out += value.dump();
  }
}

// `indent` columns stand before the value's first line's siblings, `used` before the value itself;
// `after` octets follow it on its last line.
void print(const Json& value, std::size_t depth, std::size_t used, std::size_t after, std::string& out) {
  const bool container = value.is_structured() && !value.empty();
  if (!container || depth >= kSpread) {
    std::string flat;
    print_flat(value, flat);
    if (!container || used + flat.size() + after <= kColumns) {
      out += flat;
      return;
    }
  }
  const std::size_t indent = 2 * (depth + 1);
  out += value.is_object() ? '{' : '[';
  std::size_t left = value.size();
  for (const auto& [key, member] : value.items()) {
    out += '\n';
    out.append(indent, ' ');
    const auto label = value.is_object() ? Json(key).dump() + ": " : "";
    out += label;
    print(member, depth + 1, indent + label.size(), left > 1 ? 1 : 0, out);
    if (--left > 0) out += ',';
  }
  out += '\n';
  out.append(indent - 2, ' ');
  out += value.is_object() ? '}' : ']';
}

}  // namespace

std::string canonical(const Json& document) {
  std::string out;
  print(document, 0, 0, 0, out);
  return out += '\n';
}

}  // namespace touchstone

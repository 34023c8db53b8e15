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

// Members packed into lines, aligned after the opening bracket. False, with nothing written, when one of
// them is too long for a line of its own, or when the members of an array are containers: those read best
// one below the other.
bool print_packed(const Json& value, std::size_t used, std::size_t after, std::string& out) {
  if (value.is_array() && value[0].is_structured()) return false;
  std::vector<std::string> members;
  for (const auto& [key, member] : value.items()) {
    std::string text = value.is_object() ? Json(key).dump() + ": " : std::string();
    print_flat(member, text);
    if (used + 1 + text.size() + 1 + after > kColumns) return false;
    members.push_back(std::move(text));
  }
  out += value.is_object() ? '{' : '[';
  std::size_t column = used + 1;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::size_t behind = 1 + (i + 1 == members.size() ? after : 0);  // the comma, or the bracket and what follows
    if (i > 0 && column + 1 + members[i].size() + behind > kColumns) {
      out += '\n';
      out.append(used + 1, ' ');
      column = used + 1;
    } else if (i > 0) {
      out += ' ';
      ++column;
    }
    out += members[i];
    column += members[i].size() + 1;
    if (i + 1 < members.size()) out += ',';
  }
  out += value.is_object() ? '}' : ']';
  return true;
}

void print(const Json& value, std::size_t depth, std::size_t used, std::size_t after, std::string& out);

void print_spread(const Json& value, std::size_t depth, std::string& out) {
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

// `used` columns of the line are taken already; `after` octets follow the value on its last line.
void print(const Json& value, std::size_t depth, std::size_t used, std::size_t after, std::string& out) {
  const bool container = value.is_structured() && !value.empty();
  if (container && depth < kSpread) return print_spread(value, depth, out);
  std::string flat;
  print_flat(value, flat);
  if (!container || used + flat.size() + after <= kColumns) {
    out += flat;
  } else if (!print_packed(value, used, after, out)) {
    print_spread(value, depth, out);
  }
}

}  // namespace

std::string canonical(const Json& document) {
  std::string out;
  print(document, 0, 0, 0, out);
  return out += '\n';
}

}  // namespace touchstone

#include "reports/support/page_template.h"

namespace touchstone {

std::string fill_template(std::string_view text, const std::map<std::string_view, std::string>& values) {
  std::string out;
  for (;;) {
    const std::size_t start = text.find("{{"), end = text.find("}}", start);
    if (start == std::string_view::npos || end == std::string_view::npos) return out += text;
    out += text.substr(0, start);
    out += values.at(text.substr(start + 2, end - start - 2));
    text.remove_prefix(end + 2);
  }
}

std::string json_for_script(const Json& value) {
  std::string out;
  for (const char c : write_json(value)) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace touchstone

// extensions.cc - the grammar of Sec-WebSocket-Extensions. RFC 6455 9.1.
#include <ws/core/http/extensions.h>

#include <algorithm>

namespace ws {
namespace {

// A cursor over one field value. RFC 6455 9.1:
//   extension-list  = 1#extension                  (empty elements are skipped: RFC 9110 5.6.1.2)
//   extension       = token *( ";" extension-param )
//   extension-param = token [ "=" ( token / quoted-string ) ]
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  void skip_blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) text_.remove_prefix(1);
  }
  // RFC 6455 4.3: blanks may stand around every separator.
  bool take(char c) {
    skip_blanks();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    skip_blanks();
    return true;
  }
  std::optional<std::string> token() {
    std::size_t n = 0;
    while (n < text_.size() && is_token(text_.substr(n, 1))) ++n;
    if (n == 0) return std::nullopt;
    std::string token(text_.substr(0, n));
    text_.remove_prefix(n);
    return token;
  }
  // RFC 6455 9.1: after unescaping, the value is a token.
  std::optional<std::string> quoted_token() {
    std::string value;
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        text_.remove_prefix(i + 1);
        return is_token(value) ? std::optional(value) : std::nullopt;
      }
      if (text_[i] == '\\') ++i;  // RFC 9110 5.6.4: the escaped octet stands for itself
      if (i == text_.size()) break;
      value.push_back(text_[i]);
    }
    return std::nullopt;
  }
  std::optional<std::string> value() { return !text_.empty() && text_.front() == '"' ? quoted_token() : token(); }

 private:
  std::string_view text_;
};

bool parse_one(Cursor& cursor, std::vector<Extension>& out) {
  auto extension_name = cursor.token();
  if (!extension_name) return false;
  Extension extension{std::move(*extension_name), {}};
  while (cursor.take(';')) {
    auto parameter_name = cursor.token();
    if (!parameter_name) return false;
    ExtensionParameter parameter{std::move(*parameter_name), std::nullopt};
    if (cursor.take('=')) {
      parameter.value = cursor.value();
      if (!parameter.value) return false;
    }
    extension.parameters.push_back(std::move(parameter));
  }
  out.push_back(std::move(extension));
  return true;
}

bool parse_list(std::string_view value, std::vector<Extension>& out) {
  Cursor cursor(value);
  for (;;) {
    while (cursor.take(',')) {
    }
    cursor.skip_blanks();
    if (cursor.at_end()) return true;
    if (!parse_one(cursor, out)) return false;
    cursor.skip_blanks();
    if (!cursor.at_end() && !cursor.take(',')) return false;
  }
}

}  // namespace

std::expected<std::vector<Extension>, Violation> parse_extensions(std::string_view value) {
  std::vector<Extension> extensions;
  // RFC 6455 9.1: the list has at least one element.
  if (!parse_list(value, extensions) || extensions.empty()) return std::unexpected(Violation::extensions_malformed);
  return extensions;
}

std::expected<std::vector<Extension>, Violation> parse_extensions(const std::vector<Field>& fields) {
  std::vector<Extension> extensions;
  // RFC 6455 9.1: several fields are one list.
  const auto values = field_values(fields, "Sec-WebSocket-Extensions");
  for (const std::string_view value : values)
    if (!parse_list(value, extensions)) return std::unexpected(Violation::extensions_malformed);
  if (!values.empty() && extensions.empty()) return std::unexpected(Violation::extensions_malformed);
  return extensions;
}

std::string serialize(const std::vector<Extension>& extensions) {
  std::string out;
  for (const Extension& extension : extensions) {
    if (!out.empty()) out += ", ";
    out += extension.name;
    for (const ExtensionParameter& parameter : extension.parameters) {
      out += "; " + parameter.name;
      if (parameter.value) out += "=" + *parameter.value;
    }
  }
  return out;
}

}  // namespace ws

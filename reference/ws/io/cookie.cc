// cookie.cc - Cookie and Set-Cookie. RFC 6265.
#include <ws/io/cookie.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace ws::io {
namespace {

// RFC 6265 4.1.1: cookie-octet.
bool is_cookie_octet(char c) { return c > ' ' && c < 0x7F && !std::string_view("\",;\\").contains(c); }

std::optional<Cookie> read_pair(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto name = trim(text.substr(0, equals));
  if (name.empty()) return std::nullopt;
  return Cookie{std::string(name), std::string(trim(text.substr(equals + 1)))};
}

}  // namespace

std::expected<Field, std::string> cookie_field(const std::vector<Cookie>& cookies) {
  Field field{"Cookie", {}};
  for (const auto& [name, value] : cookies) {
    if (!is_token(name) || !std::ranges::all_of(value, is_cookie_octet))
      return std::unexpected("the cookie \"" + name + "\" has a character that RFC 6265 4.1.1 does not allow");
    field.value += (field.value.empty() ? "" : "; ") + name + "=" + value;
  }
  return field;
}

std::vector<Cookie> cookies_of(const RequestHead& request) {
  std::vector<Cookie> cookies;
  for (std::string_view value : field_values(request.fields, "Cookie")) {
    while (!value.empty()) {
      const auto end = std::min(value.find(';'), value.size());
      if (auto cookie = read_pair(value.substr(0, end))) cookies.push_back(std::move(*cookie));
      value.remove_prefix(std::min(end + 1, value.size()));
    }
  }
  return cookies;
}

std::vector<Cookie> cookies_set_by(const ResponseHead& response) {
  std::vector<Cookie> cookies;
  for (const std::string_view value : field_values(response.fields, "Set-Cookie"))
    if (auto cookie = read_pair(value.substr(0, value.find(';')))) cookies.push_back(std::move(*cookie));
  return cookies;
}

}  // namespace ws::io

// redirect.cc - where a redirection leads. RFC 9110 10.2.2, 15.4.
#include <ws/io/redirect.h>

#include <algorithm>

namespace ws::io {
namespace {

// http and https name the same servers as ws and wss; a fragment is the user agent's own matter.
std::string as_websocket_url(std::string location) {
  location = location.substr(0, location.find('#'));
  if (equals_ignoring_case(location.substr(0, 4), "http")) location.replace(0, 4, "ws");
  return location;
}

}  // namespace

bool is_redirect(const ResponseHead& response) noexcept {
  const int s = response.status;
  return s == 301 || s == 302 || s == 303 || s == 307 || s == 308;
}

std::expected<Url, std::string> redirect_target(const ResponseHead& response, const Url& from) {
  const auto locations = field_values(response.fields, "Location");
  if (locations.size() != 1) return std::unexpected("which has to come with one Location");
  const std::string location(locations.front());
  if (location.starts_with('/') && !location.starts_with("//")) {
    Url url = from;
    url.target = location.substr(0, location.find('#'));
    return url;
  }
  auto url = parse_url(as_websocket_url(location));
  if (!url) return std::unexpected("and its Location " + location + " is no use: " + url.error());
  if (from.secure && !url->secure) return std::unexpected("and its Location " + location + " is without TLS");
  return url;
}

bool same_origin(const Url& a, const Url& b) noexcept {
  return a.secure == b.secure && a.port == b.port && equals_ignoring_case(a.host, b.host);
}

void drop_credentials(std::vector<Field>& fields) {
  std::erase_if(fields, [](const Field& field) {
    return equals_ignoring_case(field.name, "Authorization") || equals_ignoring_case(field.name, "Cookie");
  });
}

}  // namespace ws::io

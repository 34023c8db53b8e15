// origin.h - which pages of browsers may connect to a server. RFC 6455 10.2; the form of an origin: RFC 6454 6.2.
//
// A browser lets any page open a WebSocket to any host, and sends the user's cookies along. The Origin field is all
// that tells the server who asks. Programs other than browsers send what they like, or none: they pass without one.
#pragma once
#include <ws/core/http/http1.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ws::io {

struct Origins {
  bool any = false;       // do not look at all: for services that give nobody a privilege
  bool same_host = true;  // the origin's host and port are those of the request's Host field
  // Others. "app.example.com", "*.example.com", "localhost:*": host and port, the latter unless it is the scheme's
  // own; with a scheme in front ("https://*.example.com", "chrome-extension://id") also that; "null": documents
  // without an origin. '*' stands for any number of characters; letter case does not count.
  std::vector<std::string> patterns{};
};

// Every origin may connect.
[[nodiscard]] inline Origins any_origin() {
  Origins all;
  all.any = true;
  return all;
}

// Nothing when the request may pass, otherwise a sentence that says why it may not.
[[nodiscard]] std::optional<std::string> refuse_origin(const RequestHead& request, const Origins& allowed);

// Whether the whole text has the form of the pattern.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

}  // namespace ws::io

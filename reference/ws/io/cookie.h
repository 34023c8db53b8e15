// cookie.h - cookies of the opening handshake, on both sides. RFC 6265 4: names and values, no jar.
#pragma once
#include <ws/core/http/http1.h>

#include <expected>
#include <string>
#include <vector>

namespace ws::io {

struct Cookie {
  std::string name, value;
  bool operator==(const Cookie&) const = default;
};

// The Cookie field for ConnectOptions::extra_fields. The error is a sentence that names the cookie that no field can
// carry (RFC 6265 4.1.1: the name is a token; blanks, quotes, commas, semicolons and backslashes stay out of values).
[[nodiscard]] std::expected<Field, std::string> cookie_field(const std::vector<Cookie>& cookies);

// What a request carries, in its order. Elements without a name are left out, quotes around a value stay.
[[nodiscard]] std::vector<Cookie> cookies_of(const RequestHead& request);

// What an answer sets: the names and values of its Set-Cookie fields without their attributes.
[[nodiscard]] std::vector<Cookie> cookies_set_by(const ResponseHead& response);

}  // namespace ws::io

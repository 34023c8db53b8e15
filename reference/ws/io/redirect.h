// redirect.h - answers that send a client elsewhere: RFC 9110 15.4, RFC 6455 4.1.
#pragma once
#include <ws/core/http/http1.h>
#include <ws/core/http/url.h>

namespace ws::io {

// 301, 302, 303, 307 or 308.
[[nodiscard]] bool is_redirect(const ResponseHead& response) noexcept;

// The URL that the Location field names: absolute (ws, wss, http or https), or a path on the same server. The error is
// half a sentence: no Location, none that can be read, or one that leads from wss to ws.
[[nodiscard]] std::expected<Url, std::string> redirect_target(const ResponseHead& response, const Url& from);

// Scheme, host and port are the same.
[[nodiscard]] bool same_origin(const Url& a, const Url& b) noexcept;

// Authorization and Cookie are for the server that they were given to (RFC 9110 15.4).
void drop_credentials(std::vector<Field>& fields);

}  // namespace ws::io

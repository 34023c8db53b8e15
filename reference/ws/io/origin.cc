// origin.cc - which Origin fields pass. RFC 6455 10.2, RFC 6454.
#include <ws/core/glob.h>
#include <ws/core/http/handshake.h>
#include <ws/io/origin.h>

namespace ws::io {
namespace {

// RFC 6454 6.2: scheme "://" host [":" port]; the port stands there unless it is the scheme's own.
struct OriginParts {
  std::string_view scheme, authority;
};

std::optional<OriginParts> split_origin(std::string_view origin) {
  const auto mark = origin.find("://");
  if (mark == std::string_view::npos) return std::nullopt;
  const OriginParts parts{origin.substr(0, mark), origin.substr(mark + 3)};
  if (!is_token(parts.scheme) || !is_valid_host(parts.authority)) return std::nullopt;
  return parts;
}

// Browsers leave the default port out of both fields; other clients may write it.
std::string_view without_default_port(std::string_view authority, std::string_view scheme) {
  const std::string_view port = equals_ignoring_case(scheme, "https") ? ":443" : ":80";
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

bool same_host(const OriginParts& origin, const RequestHead& request) {
  const Field* const host = find_field(request.fields, "Host");
  return host != nullptr && equals_ignoring_case(without_default_port(origin.authority, origin.scheme),
                                                 without_default_port(host->value, origin.scheme));
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) noexcept {
  return matches_glob(text, pattern, {.ignores_case = true});
}

std::optional<std::string> refuse_origin(const RequestHead& request, const Origins& allowed) {
  if (allowed.any) return std::nullopt;
  const auto fields = field_values(request.fields, "Origin");
  if (fields.empty()) return std::nullopt;
  if (fields.size() > 1) return "the request has several Origin fields";
  const std::string_view origin = fields.front();
  const auto parts = split_origin(origin);
  if (parts && allowed.same_host && same_host(*parts, request)) return std::nullopt;
  for (const std::string& pattern : allowed.patterns) {
    if (!parts ? origin == "null" && pattern == "null"
               : matches_pattern(pattern, pattern.find("://") == std::string::npos ? parts->authority : origin))
      return std::nullopt;
  }
  return "the origin " + std::string(origin) + " may not connect here";
}

}  // namespace ws::io

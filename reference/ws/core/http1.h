// http1.h - RFC 9112: the heads of one HTTP/1.1 request and its response, no bodies.
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/violation.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ws {

struct Field {
  std::string name, value;
  bool operator==(const Field&) const = default;
};

struct RequestHead {
  std::string method, target;
  int version_major = 1, version_minor = 1;
  std::vector<Field> fields;
};

struct ResponseHead {
  int version_major = 1, version_minor = 1;
  int status = 0;
  std::string reason;
  std::vector<Field> fields;
};

struct HeadLimits {
  std::size_t octets = 16 * 1024;
  std::size_t fields = 100;
};

// Finds the end of a head: the number of octets up to and including the empty line, nothing when
// more octets are needed, or head_too_big.
[[nodiscard]] std::expected<std::optional<std::size_t>, Violation> head_end(ByteView octets, const HeadLimits& limits);

// Parse one whole head (as delimited by head_end). Strict: RFC 9112 grammar, CRLF line ends.
[[nodiscard]] std::expected<RequestHead, Violation> parse_request(ByteView head, const HeadLimits& limits);
[[nodiscard]] std::expected<ResponseHead, Violation> parse_response(ByteView head, const HeadLimits& limits);

[[nodiscard]] std::string serialize(const RequestHead& head);
[[nodiscard]] std::string serialize(const ResponseHead& head);

// Field names compare without case (RFC 9110 5.1). The first field of that name, all of them, their
// number, and whether a comma list in any of them has `token` (compared without case).
[[nodiscard]] const Field* find_field(const std::vector<Field>& fields, std::string_view name) noexcept;
[[nodiscard]] std::vector<std::string_view> field_values(const std::vector<Field>& fields, std::string_view name);
[[nodiscard]] bool list_has_token(const std::vector<Field>& fields, std::string_view name, std::string_view token);

[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;  // ASCII only, RFC 6455 2.1
[[nodiscard]] bool is_token(std::string_view text) noexcept;                               // RFC 9110 5.6.2

}  // namespace ws

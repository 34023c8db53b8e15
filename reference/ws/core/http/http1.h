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
  std::string method{}, target{};
  int version_major = 1, version_minor = 1;
  std::vector<Field> fields{};
};

struct ResponseHead {
  int version_major = 1, version_minor = 1;
  int status = 0;
  std::string reason{};
  std::vector<Field> fields{};
};

struct HeadLimits {
  std::size_t octets = 16 * 1024;
  std::size_t fields = 100;
};

// Finds the end of a head: the number of octets up to and including the empty line, nothing when
// more octets are needed, head_too_big, or head_malformed at the first bare CR, bare LF or NUL. Empty
// lines in front of the start line belong to the head (RFC 9112 2.2).
[[nodiscard]] std::expected<std::optional<std::size_t>, Violation> head_end(ByteView octets, const HeadLimits& limits);

// The same for a head that arrives in pieces: `octets` only grows, and `scan` remembers what was seen.
struct HeadScan {
  std::size_t next = 0;
  bool started = false, line_empty = true, after_cr = false;
};
[[nodiscard]] std::expected<std::optional<std::size_t>, Violation> head_end(ByteView octets, const HeadLimits& limits,
                                                                            HeadScan& scan);

// Parse one whole head (as delimited by head_end). Strict: RFC 9112 grammar, CRLF line ends. Folded
// field lines are refused in a request and unfolded in a response (RFC 9112 5.2).
[[nodiscard]] std::expected<RequestHead, Violation> parse_request(ByteView head, const HeadLimits& limits);
[[nodiscard]] std::expected<ResponseHead, Violation> parse_response(ByteView head, const HeadLimits& limits);

[[nodiscard]] std::string serialize(const RequestHead& head);
[[nodiscard]] std::string serialize(const ResponseHead& head);

// Field names compare without case (RFC 9110 5.1). The first field of that name, all of them, their
// number, and whether a comma list in any of them has `token` (compared without case).
[[nodiscard]] const Field* find_field(const std::vector<Field>& fields, std::string_view name) noexcept;
[[nodiscard]] std::vector<std::string_view> field_values(const std::vector<Field>& fields, std::string_view name);
[[nodiscard]] bool list_has_token(const std::vector<Field>& fields, std::string_view name, std::string_view token);

// The text without the blanks around it (RFC 9110 5.6.3); the elements of a comma list that are not empty, without the
// blanks around them (RFC 9110 5.6.1.2). The views live as long as the text.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
[[nodiscard]] std::vector<std::string_view> list_elements(std::string_view value);

// What RFC 9110 15 recommends for a status code. Empty for those that nobody here sends: RFC 9112 4 lets a reason be
// empty.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;  // ASCII only, RFC 6455 2.1
[[nodiscard]] bool is_token(std::string_view text) noexcept;                               // RFC 9110 5.6.2
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;                         // RFC 9110 5.5

}  // namespace ws

// violation.h - every rule of RFC 8441 and RFC 9113 that the head of a tunnel can break, in one table (violation.cc).
//
// What RFC 6455 asks of the fields that both versions of HTTP share has its rows in ws/core/violation.h.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace ws::http2 {

enum class Violation : std::uint8_t {
  // Every field section: RFC 9113 8.2, 8.3.
  name_malformed,
  value_malformed,
  connection_specific,
  te_not_trailers,
  pseudo_unknown,
  pseudo_repeated,
  pseudo_late,
  section_too_big,
  // Requests: RFC 9113 8.3.1, 8.5.
  method_missing,
  scheme_missing,
  path_missing,
  authority_missing,
  authority_differs,
  content_length_differs,
  connect_with_path,
  // Extended CONNECT: RFC 8441 3, 4.
  protocol_without_connect,
  protocol_malformed,
  protocol_without_setting,
  protocol_unknown,
  // The tunnel: RFC 8441 5, RFC 9113 8.5.
  request_ended,
  frame_not_data,
  // Answers: RFC 9113 8.3.2.
  status_missing,
  status_malformed,
  switching_protocols,
};

struct Rule {
  Violation id;
  std::string_view name;         // "pseudo-late": stable
  std::uint16_t http_status;     // of our answer to a request that breaks it; 0: RST_STREAM with PROTOCOL_ERROR
  std::string_view requirement;  // an id of cases/requirements.json
  std::string_view text;         // one sentence for people
};

[[nodiscard]] const Rule& rule(Violation id) noexcept;
[[nodiscard]] std::span<const Rule> all_rules() noexcept;

}  // namespace ws::http2

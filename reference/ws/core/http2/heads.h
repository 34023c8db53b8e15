// heads.h - RFC 9113 8.2, 8.3: the field section of a request and that of its answer.
#pragma once
#include <ws/core/http/http1.h>
#include <ws/core/http2/violation.h>

namespace ws::http2 {

// In the order of the wire; pseudo-header fields have their colon.
using Fields = std::vector<Field>;

struct Request {
  std::string method{}, scheme{}, authority{}, path{};
  std::optional<std::string> protocol{};  // RFC 8441 4
  Fields fields{};                        // regular ones
};
[[nodiscard]] std::expected<Request, Violation> read_request(const Fields& section);

struct Response {
  int status = 0;
  Fields fields{};  // regular ones
};
[[nodiscard]] std::expected<Response, Violation> read_response(const Fields& section);

}  // namespace ws::http2

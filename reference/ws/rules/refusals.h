// refusals.h - what must be refused in an opening handshake, what should be, and what may be taken as well.
// RFC 6455 4.1, 4.2; C-..: the rows of cases/choices.json.
#pragma once
#include <ws/core/http/http1.h>

namespace ws::rules {

enum class Refusal : std::uint8_t { may, should, must };

// A server's, of a request with this fault (C-09, C-10, C-32, C-39). The head decides where the fault alone does not.
[[nodiscard]] Refusal refusal_of_request(Violation fault, const RequestHead& request);

// A client's, of a 101 with this fault.
[[nodiscard]] Refusal refusal_of_answer(Violation fault) noexcept;

}  // namespace ws::rules

// relay_heads_impl.h - what the relay does with heads: which it refuses, and what it forwards of the others.
#pragma once
#include <ws/core/http/http1.h>
#include <ws/testing/relay/relay_faults.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ws::testing {

// A head as it came. Lines that are no fields make it bad.
struct RelayedHead {
  std::string start;
  std::string method, target;  // of a request
  int minor = 1;
  int status = 0;  // of an answer
  std::vector<Field> fields;
};

// How the content after a head is framed. RFC 9112 6.3.
struct RelayedFraming {
  enum class Kind : std::uint8_t { none, length, chunked, until_end, bad };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

// Nothing: it is malformed, and gets a 400 or is answered for with a 502.
[[nodiscard]] std::optional<RelayedHead> relayed_request(std::string_view text, RelayFault fault);
[[nodiscard]] std::optional<RelayedHead> relayed_answer(std::string_view text);

[[nodiscard]] RelayedFraming framing_of_request(const RelayedHead& head, RelayFault fault);
[[nodiscard]] RelayedFraming framing_of_answer(const RelayedHead& head, std::string_view method);

// An HTTP/1.1 request whose Connection names Upgrade. RFC 9110 7.8.
[[nodiscard]] bool asks_for_upgrade(const RelayedHead& head, RelayFault fault);
// The protocols of the 101 are among those that were asked for.
[[nodiscard]] bool is_asked_for(const RelayedHead& request, const RelayedHead& answer);

// The head that goes to the server. `content`: what follows, its length known.
[[nodiscard]] std::string request_to_forward(const RelayedHead& head, std::optional<std::uint64_t> content,
                                             RelayFault fault);
// The head that goes to the client, of a 101, an interim or a final answer.
[[nodiscard]] std::string answer_to_forward(const RelayedHead& head, RelayFault fault);

}  // namespace ws::testing

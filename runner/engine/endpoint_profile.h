// endpoint_profile.h - what a server does with messages: whether it echoes them, takes them or refuses them. Cases that
// need more than it does are not applicable, and what cannot be compared is not.
#pragma once
#include "reports/support/json_members.h"
#include "runner/catalogue/case.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace touchstone {

enum class Taken : std::uint8_t {
  echoed,    // it comes back
  accepted,  // the connection goes on, and something else comes back or nothing
  refused,   // the endpoint ends the connection
};

// What an endpoint may limit (RFC 6455 10.4).
enum class Limit : std::uint8_t { message, frame, fragments, text, inflated, deflated, messages, pings };

struct EndpointProfile {
  Taken text = Taken::echoed, binary = Taken::echoed;
  bool speaks_unasked = false;  // greets, or passes on what other connections say
  bool passes_on = false;       // the latter
  // The most that it takes, where it has a limit: octets of a message before compression, octets of a frame's payload,
  // fragments of a message.
  std::optional<std::uint64_t> largest_message{}, largest_frame{}, most_fragments{};
  // Where it takes less of these: octets of a text message; of a compressed message, inflated; of a message as it
  // comes, where permessage-deflate is in force.
  std::optional<std::uint64_t> largest_text{}, largest_inflated{}, largest_deflated{};
  std::optional<std::uint64_t> most_messages{}, most_pings{};  // on one connection, or in a short time
  std::optional<std::uint64_t> most_connections{};             // open at a time
  std::optional<Limit> without_close{};                        // a limit beyond which it ends TCP and sends no Close
  std::optional<std::uint16_t> limit_code{};                   // of the Close that it sends beyond one

  [[nodiscard]] bool is_echo() const noexcept {
    return text == Taken::echoed && binary == Taken::echoed && !speaks_unasked && !has_limit();
  }
  [[nodiscard]] bool has_limit() const noexcept {
    return largest_message || largest_frame || most_fragments || largest_text || largest_inflated || largest_deflated ||
           most_messages || most_pings;
  }
  bool operator==(const EndpointProfile&) const = default;
};

// "echoed", "accepted", "refused"
[[nodiscard]] std::string_view name(Taken taken) noexcept;

// The file of --profile-of-peer: {"peer": 1, "text": "echoed", ...}. `file` is its name in faults.
[[nodiscard]] std::string write_endpoint_profile(const EndpointProfile& profile);
[[nodiscard]] std::expected<EndpointProfile, std::string> parse_endpoint_profile(const std::string& file,
                                                                                 std::string_view text);

// The case as this endpoint can be asked: as it is for one that echoes; without the comparison of messages, and with a
// Ping in place of each awaited echo, for one that only takes them. The error says why it is not applicable.
[[nodiscard]] std::expected<Case, std::string> adapted(Case c, const EndpointProfile& profile);

// The most that a case wants taken of what an endpoint may limit.
struct Sizes {
  std::uint64_t message = 0, frame = 0, fragments = 0;  // as in EndpointProfile
  std::uint64_t text = 0, inflated = 0, deflated = 0;   // the same
  std::uint64_t messages = 0, pings = 0;                // the same, on one connection
  void widen(const Sizes& other) noexcept;              // to what both want
};

// All 0 where size may be a reason to refuse. A compressed message counts as if it were not compressed, and as if it
// could not be made smaller.
[[nodiscard]] Sizes sizes_of(const Case& c);

// A case that wants more taken than the endpoint takes.
struct BeyondLimit {
  Limit limit = Limit::message;
  std::string why;  // for people
};
[[nodiscard]] std::optional<BeyondLimit> beyond_limit(const Case& c, const EndpointProfile& profile);

}  // namespace touchstone

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

struct EndpointProfile {
  Taken text = Taken::echoed, binary = Taken::echoed;
  bool speaks_unasked = false;                     // greets, or passes on what other connections say
  std::optional<std::uint64_t> largest_message{};  // in octets, where it answers more with status code 1009

  [[nodiscard]] bool is_echo() const noexcept {
    return text == Taken::echoed && binary == Taken::echoed && !speaks_unasked && !largest_message;
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

// Octets of the largest message that the case wants taken, before compression. 0 where size may be a reason to refuse.
[[nodiscard]] std::uint64_t largest_message(const Case& c);

}  // namespace touchstone

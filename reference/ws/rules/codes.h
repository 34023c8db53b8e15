// codes.h - what the status code of a Close says, and which ones fit what went wrong. RFC 6455 7.4; C-..: the rows of
// cases/choices.json.
#pragma once
#include <ws/core/violation.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace ws::rules {

// What an endpoint may send that fails the connection for this fault; the first is the strict stack's (C-13, C-15,
// C-30). An empty Close and the end of TCP fit every fault.
[[nodiscard]] std::span<const std::uint16_t> fitting_codes(Violation fault) noexcept;
[[nodiscard]] bool fits(Violation fault, std::uint16_t code) noexcept;

// The code says that something went wrong on this connection: 1002, 1003, 1007, 1008, 1009, 1011. The others speak of
// the endpoint's own affairs (1000, 1001, 1012 to 1014), of what was not negotiated (1010), or to the application.
[[nodiscard]] bool says_error(std::uint16_t code) noexcept;

// It says more: that the other side broke the protocol (1002) or its encoding (1007).
[[nodiscard]] bool accuses(std::uint16_t code) noexcept;

// Sent where nothing broke a rule and nobody had sent a Close, it refuses what is legal. An endpoint may close at any
// time, for its application's reasons or a limit too (RFC 6455 7.3, 10.4, C-15, C-27), so that only a code that accuses
// does. `takes_such`: it is known to echo messages of this type and size; then any code that says an error does.
[[nodiscard]] bool refuses_legal_octets(std::uint16_t code, bool takes_such) noexcept;

// 1005, 1006, 1015: for the endpoint's own application. Not even the answer to a Close with such a code repeats it
// (RFC 6455 7.4.1, C-29).
[[nodiscard]] bool is_only_local(std::uint16_t code) noexcept;

// What an endpoint breaks that sends a code which may not be sent: those three have a clause each.
[[nodiscard]] std::string_view requirement_of_sending(std::uint16_t bad_code) noexcept;

// C-15: what is too much is an endpoint's own choice, and so is how it says so.
[[nodiscard]] bool is_about_size(Violation fault) noexcept;

// The RFC binds who sends it, and asks nobody to refuse it: sizes and the top bit of a length (C-15), lengths that are
// not minimal (C-16), status codes that nobody should send (C-29).
[[nodiscard]] bool may_be_taken(Violation fault) noexcept;

// It may be noticed as late as at the end of the message (C-31); all others show at the end of their frame (C-14).
[[nodiscard]] bool shows_with_the_message(Violation fault) noexcept;

}  // namespace ws::rules

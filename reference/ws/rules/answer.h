// answer.h - what a 101 answer agrees on, and every rule that it breaks. RFC 6455 4.2.2, 9.1, 11.3; RFC 7692 5, 7.
//
// The strict client (ws::check_response) stops at the first fault, as it must. Who judges a server wants to know all
// of them, each by the clause that binds the server, and what the answer says in spite of them: most faults leave no
// doubt about that, and then the connection can be used to see what lies after the handshake.
#pragma once
#include <ws/core/http/handshake.h>

#include <string>
#include <vector>

namespace ws::rules {

struct AnswerFault {
  enum class Kind : std::uint8_t {
    http_version,              // below HTTP/1.1
    field_repeated,            // a field that stands once at most
    upgrade_missing,           //
    upgrade_wrong,             // it names something else
    connection_missing,        //
    connection_wrong,          // Upgrade is not among its tokens
    accept_missing,            //
    accept_wrong,              // it belongs to no key, or to another one
    accept_of_decoded_key,     // made of the octets that the key stands for
    extensions_malformed,      // Sec-WebSocket-Extensions breaks its grammar
    extensions_empty,          // it has no element
    extension_not_offered,     //
    extension_unknown,         // offered by the tester, and nobody knows it
    extension_repeated,        // permessage-deflate more than once
    offer_with_unknown,        // an offer was accepted that has to be declined: a parameter is unknown,
    offer_with_invalid_value,  // ill-valued,
    offer_with_repeated,       // or comes twice
    parameter_unknown,         //
    parameter_invalid,         // its value
    parameter_repeated,        //
    parameter_not_offered,     // client_max_window_bits
    parameter_missing,         // the offer asked for it
    parameter_too_large,       // a larger window than the offer names
    subprotocol_not_offered,   //
    subprotocol_unasked,       // the request names none
    subprotocol_empty,         //
    subprotocol_malformed,     // no token: a list, for example
  };
  Kind kind{};
  std::string detail{};            // the parameter's, extension's, field's or subprotocol's name; else empty
  std::string_view requirement{};  // that binds the server: an id of cases/requirements.json
  Violation violation{};           // what the strict client calls it
  bool operator==(const AnswerFault&) const = default;
};

// "answer-parameter-not-offered": stable.
[[nodiscard]] std::string_view name(AnswerFault::Kind kind) noexcept;
[[nodiscard]] std::span<const AnswerFault::Kind> answer_fault_kinds() noexcept;
// For people: what should have been there, and what was.
[[nodiscard]] std::string expected(const AnswerFault& fault);
[[nodiscard]] std::string seen(const AnswerFault& fault);
// The detail, where faults of one kind may want different mends. Not where it is only a name that the tester chose: one
// look for parameters that are unknown, or that come twice, finds them all.
[[nodiscard]] std::string evidence(const AnswerFault& fault);
// The fault is in Sec-WebSocket-Extensions.
[[nodiscard]] bool is_about_extensions(AnswerFault::Kind kind) noexcept;
// The answer breaks the rule whatever was asked for, so that it can be said of the answer to an illegal request too.
[[nodiscard]] bool holds_for_any_request(AnswerFault::Kind kind) noexcept;

// What is in force on a connection whose client takes the answer at its word.
struct Agreement {
  std::optional<DeflateParams> deflate{};
  std::string subprotocol{};       // empty: none
  bool unknown_extension = false;  // one is in use whose effect on frames nobody here knows
};

struct AnswerReading {
  std::vector<AnswerFault> faults{};     // each once; none exactly where the strict client takes the answer
  std::optional<Agreement> agreement{};  // nothing where the grammar is broken, so that nobody can say
};

// Reads a head whose status is 101. `request` is what the client sent; its extensions are all elements of its offer,
// and any of them may be the one that the answer accepts: the one that it fits best counts.
//
// Where a parameter's value cannot be read, what is assumed suits most servers: the largest window for what they send,
// the smallest for what they receive (15 where only the value is missing).
[[nodiscard]] AnswerReading read_answer(const ResponseHead& answer, const RequestFacts& request);

}  // namespace ws::rules

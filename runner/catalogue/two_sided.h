// two_sided.h - a case for an intermediary: the tester is the client before it and the server behind it, and the
// expectation says what of one side's words may, should or must arrive at the other end.
#pragma once
#include "runner/catalogue/case.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace touchstone {

// One head, as it departs from the ordinary one. What stands after the head (HeadScript::after) is its content, or
// octets of the new protocol where it is a request for one, or a 101.
struct RelayHead {
  enum class Kind : std::uint8_t {
    request,  // of the client: an opening handshake (RFC 6455 4.1)
    get,      // of the client: an ordinary GET
    answer,   // of the server: the 101 that fits the request that arrived (RFC 6455 4.2.2)
    respond,  // of the server: 200 with a content of two octets
  };
  Kind kind = Kind::request;
  HeadScript script{};
};

// What one side does in one go. Before anybody else speaks, all of it has arrived, or it is known that it will not; who
// does not read is not waited for.
struct RelayStep {
  Side as = Side::client;
  std::variant<RelayHead, std::vector<Step>> action;
  bool at_once = false;  // goes out without a look at what becomes of the step before
  std::string on{};      // the client's connection, or that of the server to which it leads; empty: the first
};

// One sentence about what is seen at one end, with the level of its requirement.
struct Claim {
  enum class Verb : std::uint8_t {
    arrives,    // a head: the request at the server, the final answer at the client
    stops,      // that head does not arrive
    keeps,      // a part of the head, `what`, is as it was sent: a field, or one of @method, @target, @status, @content
    lacks,      // the head has no field `what`; with `list`: no element `list` in it
    has,        // the head has a field `what`; with `list`: with this element
    clean,      // the field `what` of the head has no CR, LF or NUL in its value
    framed,     // the head does not have both Content-Length and Transfer-Encoding
    status,     // the answer at the client has one of `statuses`
    no_101,     // no answer at the client has the status 101
    octets,     // all octets of the new protocol arrive at this end, in order, unchanged, and nothing else; frames of
                // the same messages will do where RFC 6455 5.4 lets an intermediary cut them anew
    begins,     // what arrives is where those begin, and nothing else
    no_octets,  // none of what came after the head arrives
    ends,       // this end's TCP is ended by the intermediary
    stays,      // it is not
    resets,     // it is ended, and with a reset
    once,       // the field `what` stands in the head once
    fresh,      // the value of the field `what` is that of no other connection of the case
    interim,    // the interim answers of the server arrive at the client before its final one
  };
  ExpectOpening::Level level = ExpectOpening::Level::must;
  Verb verb = Verb::arrives;
  Side at = Side::server;
  std::size_t head = 1;        // which of the heads that the other side sends, from 1
  std::string what{}, list{};  // see Verb
  std::vector<std::uint16_t> statuses{};
  std::string requirement{};  // empty: the first of the case's
  std::string on{};           // see RelayStep
};

struct TwoSided {
  std::vector<RelayStep> steps;  // without a head in the first: an opening handshake that succeeds goes before
  std::vector<Claim> claims;
};

[[nodiscard]] std::string_view name(Claim::Verb verb) noexcept;
[[nodiscard]] std::string_view name(ExpectOpening::Level level) noexcept;

// The steps of this connection begin with a head of the client's.
[[nodiscard]] bool has_own_opening(const TwoSided& two_sided, std::string_view on = {}) noexcept;

}  // namespace touchstone

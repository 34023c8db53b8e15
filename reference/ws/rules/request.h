// request.h - every rule that a request for a WebSocket breaks, and what it asks for in spite of them. RFC 6455 4.1,
// 9.1, 11.3; RFC 7692 7.1.
//
// The strict server (ws::check_request) stops at the first fault and refuses, as it must. Who judges a client wants to
// know all of them, and to see what lies after the opening handshake: most faults leave no doubt about what is asked.
#pragma once
#include <ws/core/http/handshake.h>

#include <string>
#include <vector>

namespace ws::rules {

struct RequestFault {
  Violation violation{};           // what the strict server calls it, or would if it looked at this as well
  std::string_view requirement{};  // that binds the client: an id of cases/requirements.json
  std::string detail{};            // what stands there in place of it; empty: nothing does
  bool operator==(const RequestFault&) const = default;
};

struct RequestReading {
  std::vector<RequestFault> faults{};  // each once
  // The error is the fault because of which nobody can say what is asked for: another version, a body.
  std::expected<RequestFacts, Violation> facts{};
  // The client may see a wrong Accept in any answer: it sent no key, or two.
  bool key_unclear = false;
  // What is offered is not quite what its Sec-WebSocket-Extensions says. No answer to that is one that it has to take.
  bool offer_unclear = false;
};

// `request` is a head that can be read as HTTP. The facts are what it most likely means: the first key, the tokens
// among the subprotocols, the elements of its offer without what has no meaning in them (after those that are in
// order).
//
// RFC 6455 4.1 names version 13. The drafts with the numbers from 7 on have its frames; what 0 to 6 have is something
// else.
[[nodiscard]] RequestReading read_request(const RequestHead& request);

}  // namespace ws::rules

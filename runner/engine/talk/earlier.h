// earlier.h - requests that go before the opening handshake on the same connection (RFC 9112 9.3), and their answers.
#pragma once
#include "runner/engine/talk/opening.h"

#include <ws/io/net/stream.h>

namespace touchstone {

// What is left of a connection after them.
struct AfterEarlier {
  bool goes_on = false;  // otherwise Observation::unasked says why nothing more can be asked
  ws::Bytes came;        // octets that came after their answers
};

// Sends the requests of `script.earlier`, each once the one before it was answered whole, and reads their answers.
// `pipelined`: they are on the wire already, and only the answers are read.
[[nodiscard]] asio::awaitable<AfterEarlier> ask_earlier(Opening& opening, const HeadScript& script,
                                                        const std::vector<ws::Bytes>& requests);

}  // namespace touchstone

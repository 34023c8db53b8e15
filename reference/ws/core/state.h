// state.h - the two ends of a connection, and the stages of its life. RFC 6455 4.1, 7.1.
#pragma once
#include <cstdint>

namespace ws {

enum class Role : std::uint8_t { client, server };

// RFC 6455 4.1, 7.1.3, 7.1.4. All moves are rows of kTransitions in connection/transitions.h.
enum class State : std::uint8_t {
  connecting,  // opening handshake                              4.1
  open,        // data may flow both ways                        4.1
  closing,     // our Close is out, the peer's is not in yet     7.1.3
  draining,    // nothing left to say; peer octets are dropped   1.4, 7.1.7
  closed,      // TCP is gone                                    7.1.4
};

}  // namespace ws

// relay_tunnel_impl.h - the octets after a 101, both ways, until both ends are done.
#pragma once
#include <ws/io/net/stream.h>
#include <ws/io/net/wait.h>
#include <ws/testing/relay/relay_faults.h>

#include <asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace ws::testing {

// What the relay's connections have in common: of no account to one without a fault.
struct RelayShared {
  std::vector<std::weak_ptr<io::Stream>> clients;  // of open tunnels, the latest last
  bool writing = false;                            // somebody is
  io::Signal changed{};
  struct Kept {
    std::shared_ptr<io::Stream> stream;
    Bytes ahead;
  };
  std::vector<Kept> kept;  // servers' connections on which something is left
};

// `from_client` and `from_server` came already, behind the heads. `extension`: one is in use.
[[nodiscard]] asio::awaitable<void> tunnel(std::shared_ptr<io::Stream> client, std::shared_ptr<io::Stream> server,
                                           Bytes from_client, Bytes from_server, bool extension, RelayFault fault,
                                           std::shared_ptr<RelayShared> shared);

}  // namespace ws::testing

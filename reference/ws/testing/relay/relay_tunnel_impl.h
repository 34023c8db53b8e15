// relay_tunnel_impl.h - the octets after a 101, both ways, until both ends are done.
#pragma once
#include <ws/io/net/stream.h>
#include <ws/testing/relay/relay_faults.h>

#include <asio/awaitable.hpp>

#include <memory>

namespace ws::testing {

// `from_client` and `from_server` came already, behind the heads. `extension`: one is in use.
[[nodiscard]] asio::awaitable<void> tunnel(std::shared_ptr<io::Stream> client, std::shared_ptr<io::Stream> server,
                                           Bytes from_client, Bytes from_server, bool extension, RelayFault fault);

}  // namespace ws::testing

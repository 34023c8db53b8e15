// dial_tcp.h - the parts of dial(): each gives a connected Stream or says at which stage it failed.
#pragma once
#include <ws/io/net/stream.h>
#include <ws/io/net/wait.h>

namespace ws::io {

using Dialed = std::expected<std::unique_ptr<Stream>, DialError>;

// Resolves the name and tries its addresses in turn, each with its share of the time that is left. `prepare` as in
// DialOptions.
[[nodiscard]] asio::awaitable<Dialed> dial_tcp(std::string host, std::uint16_t port, Family family,
                                               Clock::time_point deadline, std::function<void(int)> prepare = {});

[[nodiscard]] asio::awaitable<Dialed> dial_unix(std::string path, Clock::time_point deadline);

}  // namespace ws::io

// direct_sockets_elsewhere.cc - where there is no epoll: no socket is taken over, and each is served by its handler.
#ifndef __linux__
#include <ws/io/serve/direct_sockets.h>

namespace ws::io {

struct DirectSockets::Impl {};

DirectSockets::DirectSockets(asio::any_io_executor, OnMessage, OnEnd, OnException) {}
DirectSockets::~DirectSockets() = default;

asio::awaitable<bool> DirectSockets::adopt(WebSocket&) { co_return false; }
std::size_t DirectSockets::size() const noexcept { return 0; }
void DirectSockets::close(std::uint16_t, std::string_view) {}
std::size_t DirectSockets::sweep(unsigned, unsigned) { return 0; }
void DirectSockets::drop() {}

}  // namespace ws::io
#endif

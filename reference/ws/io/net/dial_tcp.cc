// dial_tcp.cc - from a name to a TCP connection: all its addresses are tried.
#include <ws/io/net/dial_tcp.h>
#include <ws/io/net/stream_socket.h>

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <vector>

namespace ws::io {
namespace {

using asio::ip::tcp;
using Endpoints = std::vector<tcp::endpoint>;

std::unexpected<DialError> unresolved(const std::error_code& code, const std::string& what, const std::string& why) {
  return std::unexpected(DialError{DialStage::resolve, code, what + ": " + why});
}

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

std::string in_family(Family family) {
  return family == Family::v4 ? " as an IPv4 address" : family == Family::v6 ? " as an IPv6 address" : "";
}

bool belongs(const asio::ip::address& address, Family family) {
  return family == Family::any || address.is_v6() == (family == Family::v6);
}

// The system's resolver cannot be interrupted, so its answer goes into shared memory that a late
// dial() leaves behind.
struct Resolution {
  explicit Resolution(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}
  tcp::resolver resolver;
  Signal done;
  bool answered = false;
  std::error_code error;
  Endpoints endpoints;
};

asio::awaitable<std::expected<Endpoints, DialError>> resolve(std::string host, std::uint16_t port, Family family,
                                                             Clock::time_point deadline) {
  const std::string what = "resolve " + host + in_family(family);
  std::error_code no_address;
  const auto address = asio::ip::make_address(host, no_address);
  if (!no_address && belongs(address, family)) co_return Endpoints(1, tcp::endpoint(address, port));
  if (!no_address) {
    co_return unresolved(asio::error::address_family_not_supported, what, "it is an address of the other family");
  }
  const auto state = std::make_shared<Resolution>(co_await asio::this_coro::executor);
  state->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                                [state](const std::error_code& error, const tcp::resolver::results_type& results) {
                                  state->answered = true;
                                  state->error = error;
                                  for (const auto& entry : results) state->endpoints.push_back(entry.endpoint());
                                  state->done.notify_all();
                                });
  while (!state->answered) {
    if (const auto error = co_await state->done.wait(deadline)) {
      co_return unresolved(error, what, error == asio::error::timed_out ? "no answer in time" : error.message());
    }
  }
  if (state->error) co_return unresolved(state->error, what, state->error.message());
  std::erase_if(state->endpoints, [family](const tcp::endpoint& e) { return !belongs(e.address(), family); });
  if (state->endpoints.empty())
    co_return unresolved(asio::error::host_not_found, what, "the name has no address of this family");
  co_return std::move(state->endpoints);
}

asio::awaitable<std::error_code> connect_one(tcp::socket& socket, tcp::endpoint endpoint, Clock::time_point deadline,
                                             const std::function<void(int)>& prepare) {
  const Watchdog watchdog(socket.get_executor(), deadline, [&socket] {
    std::error_code ignored;
    socket.close(ignored);
  });
  std::error_code error;
  if (prepare) {
    socket.open(endpoint.protocol(), error);
    if (error) co_return error;
    prepare(socket.native_handle());
  }
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  co_return watchdog.fired() ? make_error_code(asio::error::timed_out) : error;
}

asio::awaitable<std::expected<tcp::socket, DialError>> connect(Endpoints endpoints, Clock::time_point deadline,
                                                               std::function<void(int)> prepare) {
  std::string tried;
  std::error_code error;
  const auto executor = co_await asio::this_coro::executor;
  for (std::size_t i = 0; i < endpoints.size() && error != asio::error::operation_aborted; ++i) {
    // An address that swallows packets must not eat the time of those after it.
    const auto now = Clock::now();
    const auto share = (deadline - now) / static_cast<int>(endpoints.size() - i);
    tcp::socket socket(executor);
    error = co_await connect_one(socket, endpoints[i], i + 1 == endpoints.size() ? deadline : now + share, prepare);
    if (!error) co_return std::move(socket);
    tried += (tried.empty() ? "connect to " : "; connect to ") + to_text(endpoints[i]) + ": " + error.message();
  }
  DialError failed{DialStage::connect, error, tried};
  co_return std::unexpected(std::move(failed));
}

}  // namespace

asio::awaitable<Dialed> dial_tcp(std::string host, std::uint16_t port, Family family, Clock::time_point deadline,
                                 std::function<void(int)> prepare) {
  auto endpoints = co_await resolve(std::move(host), port, family, deadline);
  if (!endpoints) co_return std::unexpected(std::move(endpoints.error()));
  auto socket = co_await connect(std::move(*endpoints), deadline, std::move(prepare));
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  co_return std::make_unique<SocketStream>(std::move(*socket));
}

}  // namespace ws::io

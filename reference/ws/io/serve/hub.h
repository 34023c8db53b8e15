// hub.h - one message to many connections, none of which can hold up the others.
//
// A broadcast puts a pointer to the prepared message into a queue of each member and returns; a coroutine for each
// member writes them one after the other as the network takes them. So a member that reads slowly costs
// at most Options::queue pointers and kHighWater octets, and then is dropped or goes without, as configured.
// Everything belongs to one executor, that of the members. Who has several threads has a hub in each.
#pragma once
#include <ws/core/connection/prepared.h>
#include <ws/io/websocket.h>

namespace ws::io {

// What becomes of a member whose queue is full.
enum class SlowMember : std::uint8_t {
  drop,  // its connection ends at once
  skip,  // it does not get this message
};

struct HubOptions {
  std::size_t queue = 64;  // messages that may wait for one member, at least 1
  SlowMember slow = SlowMember::drop;
};

class Hub {
 public:
  Hub(asio::any_io_executor executor, HubOptions options);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  ~Hub();  // as leave() of all; the connections stay

  // From now on the connection gets what is broadcast, until it ends or leaves. Its owner goes on reading from it, and
  // may write to it, too.
  void join(std::shared_ptr<WebSocket> member);
  // What waits for it in the hub is not sent any more.
  void leave(const WebSocket& member) noexcept;

  // To all members but `except`; gives the number of those that will get it.
  std::size_t broadcast(std::shared_ptr<const PreparedMessage> message, const WebSocket* except = nullptr);

  [[nodiscard]] std::size_t size() const noexcept;
  // Since the beginning: messages that members went without, and members that were dropped.
  [[nodiscard]] std::size_t skipped() const noexcept;
  [[nodiscard]] std::size_t dropped() const noexcept;
  // Waits until all that was broadcast went to the kernel or nobody; asio::error::timed_out after the limit.
  [[nodiscard]] asio::awaitable<Result> drain(std::chrono::milliseconds limit = kNoLimit);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ws::io

// fast_way.h - what a server of thousands of connections on one thread does in another way than the loop of
// connection.h. No part of the public face: each trick relies on how the inside of a connection is laid out, which is
// held where it is (fast_way.cc). One user: ws/io/serve/direct_sockets.cc.
#pragma once
#include <ws/core/connection/connection.h>

#include <cstddef>
#include <span>

namespace ws {

class FastWay {
 public:
  // The short way, without a copy, for the usual case: where `in` begins with all of an uncompressed message of one
  // frame that breaks no rule, and nothing else is under way, unmasks it where it stands, takes it from the front of
  // `in` and gives it in place of its event. Otherwise gives nothing and leaves `in` to receive().
  [[nodiscard]] static std::optional<MessageView> read_in_place(Connection& connection, std::span<std::byte>& in);

  // Swaps the memory after output(), when nothing waits in it, with `memory`, whose content is lost: all connections
  // can share one piece, which stays in the processor's cache.
  static void swap_output_memory(Connection& connection, Bytes& memory) noexcept;

  // Whether it was moved from: no function of such a connection may be called.
  [[nodiscard]] static bool is_moved_from(const Connection& connection) noexcept;

  // Asks the processor to fetch what the next message will touch, while something else is being done.
  static void prefetch(const Connection& connection) noexcept;
};

}  // namespace ws

// limits.h - how much, and how long, a connection takes of its peer. RFC 6455 10.4.
#pragma once
#include <ws/core/http/http1.h>

#include <chrono>
#include <cstdint>

namespace ws {

struct Limits {
  HeadLimits head{};
  std::uint64_t frame = 64 * 1024 * 1024;    // payload octets of one frame
  std::uint64_t message = 64 * 1024 * 1024;  // after inflating
  std::uint32_t fragments = 1 << 20;         // empty fragments count too
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds close{5'000};  // from our Close to the end of TCP
};

}  // namespace ws

// seeded.h - masking keys and nonces from a seed, so that a connection sends the same octets in every run.
#pragma once
#include <ws/core/connection/options.h>

#include <random>

namespace ws::testing {

// Never for production: RFC 6455 5.3 and 10.3 want keys that nobody can predict.
class Seeded {
 public:
  explicit Seeded(std::uint64_t seed) : engine_(seed) {}

  [[nodiscard]] MaskKey mask_key();
  [[nodiscard]] std::string nonce();  // a Sec-WebSocket-Key. RFC 6455 4.1
  [[nodiscard]] Bytes octets(std::size_t count);

 private:
  std::mt19937_64 engine_;  // its sequence is the same with every standard library
};

// Gives a client's options a generator of their own; copies of the options share it.
void make_deterministic(Options& options, std::uint64_t seed);

}  // namespace ws::testing

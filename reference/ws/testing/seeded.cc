#include <ws/core/http/handshake.h>
#include <ws/testing/seeded.h>

#include <algorithm>
#include <memory>

namespace ws::testing {
namespace {

template <std::size_t N>
std::array<std::byte, N> draw(std::mt19937_64& engine) {
  std::array<std::byte, N> out{};
  std::ranges::generate(out, [&engine] { return static_cast<std::byte>(engine() & 0xFF); });
  return out;
}

}  // namespace

MaskKey Seeded::mask_key() { return draw<4>(engine_); }

std::string Seeded::nonce() { return encode_nonce(draw<16>(engine_)); }

Bytes Seeded::octets(std::size_t count) {
  Bytes out(count);
  std::ranges::generate(out, [this] { return static_cast<std::byte>(engine_() & 0xFF); });
  return out;
}

void make_deterministic(Options& options, std::uint64_t seed) {
  const auto random = std::make_shared<Seeded>(seed);
  options.mask_key = [random] { return random->mask_key(); };
  options.nonce = [random] { return random->nonce(); };
}

}  // namespace ws::testing

// random.cc - octets from OpenSSL's generator. RFC 6455 5.3, 10.3.
#include <openssl/rand.h>
#include <ws/core/http/handshake.h>
#include <ws/io/net/random.h>

#include <algorithm>
#include <stdexcept>

namespace ws::io {
namespace {

struct Pool {
  std::array<std::byte, 4096> octets;
  std::size_t used = sizeof octets;
};

void draw(std::span<std::byte> into) {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(into.data()), static_cast<int>(into.size())) != 1)
    throw std::runtime_error("OpenSSL has no random octets");
}

}  // namespace

void fill_random(std::span<std::byte> into) {
  thread_local Pool pool;
  if (into.size() > pool.octets.size() / 4) return draw(into);
  if (pool.octets.size() - pool.used < into.size()) {
    draw(pool.octets);
    pool.used = 0;
  }
  std::copy_n(pool.octets.begin() + static_cast<std::ptrdiff_t>(pool.used), into.size(), into.begin());
  pool.used += into.size();
}

MaskKey random_mask_key() {
  MaskKey key;
  fill_random(key);
  return key;
}

std::string random_nonce() {
  std::array<std::byte, 16> nonce;
  fill_random(nonce);
  return encode_nonce(nonce);
}

}  // namespace ws::io

// unlimited.h - the strict stack as a reader for who judges: without limits of its own, and without a voice.
#pragma once
#include <ws/core/connection/connection.h>

namespace ws::testing {

// An open connection whose limits never end it (C-15), and of whose output nothing is sent.
[[nodiscard]] inline Connection unlimited(Role role, const std::optional<DeflateParams>& deflate) {
  Options options;
  options.role = role;
  options.limits.frame = options.limits.message = 1ULL << 40;
  options.limits.fragments = UINT32_MAX;
  options.mask_key = [] { return MaskKey{}; };
  options.nonce = [] { return std::string(); };
  return Connection::opened(std::move(options), deflate);
}

[[nodiscard]] constexpr Role opposite(Role role) noexcept { return role == Role::server ? Role::client : Role::server; }

}  // namespace ws::testing

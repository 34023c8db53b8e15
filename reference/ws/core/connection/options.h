// options.h - what is fixed for the whole life of a connection.
#pragma once
#include <ws/core/connection/limits.h>
#include <ws/core/frame.h>
#include <ws/core/http/extensions.h>
#include <ws/core/state.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace ws {

struct Options {
  Role role = Role::client;
  Limits limits{};
  bool report_frames = false;
  // Client: what to offer, nothing for no offer.
  std::optional<DeflateOffer> deflate_offer = DeflateOffer{};
  // Server: what to prefer among acceptable answers, nothing to decline every offer.
  std::optional<DeflateParams> deflate_preference = DeflateParams{};
  int deflate_level = 1;              // zlib's
  std::size_t deflate_threshold = 0;  // messages shorter than this are sent uncompressed
  // Client only, which throws without; injected: strong in production, fixed in tests. RFC 6455 5.3
  std::function<MaskKey()> mask_key{};
  std::function<std::string()> nonce{};  // Sec-WebSocket-Key, client only. RFC 6455 4.1
};

}  // namespace ws

// deflate_settings.h - permessage-deflate in the words of an application. RFC 7692 7.1.
//
// The core has every parameter of both sides (Options, DeflateOffer, DeflateParams); this sets them together.
#pragma once
#include <ws/core/connection/options.h>

#include <expected>

namespace ws::io {

enum class Deflating : std::uint8_t {
  off,          // neither offered nor accepted
  no_takeover,  // each message by itself: no memory between messages, larger messages
  takeover,     // messages refer to those before them
};

struct DeflateSettings {
  Deflating mode = Deflating::takeover;
  int window_bits = 15;       // 8 to 15, in both directions; with 8 this endpoint sends uncompressed (zlib has no such)
  int level = 1;              // zlib's 0 to 9
  std::size_t threshold = 0;  // messages shorter than this are sent uncompressed, unless a message says otherwise
};

// Sets what a client offers and what a server prefers. The error is a sentence: a value is out of range.
[[nodiscard]] std::expected<void, std::string> apply(const DeflateSettings& settings, Options& options);

}  // namespace ws::io

// composer.h - turns steps into octets. All that is illegal on the wire is made here, by the tester, and
// never by a flag in the reference stack.
#pragma once
#include "runner/catalogue/case.h"

#include <ws/core/deflate/deflate.h>
#include <ws/core/frame.h>
#include <ws/core/http/extensions.h>
#include <ws/core/state.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>

namespace touchstone {

// Messages compressed without takeover compress the same each time; cases of a thousand messages times
// a dozen variants would otherwise spend most of their time in zlib. Bounded; not thread-safe.
class DeflateCache {
 public:
  using Entry = std::shared_ptr<const ws::Bytes>;
  // Level 1 keeps the tester light; what the endpoint must inflate is equally demanding at any level.
  static constexpr int kLevel = 1;
  [[nodiscard]] Entry compressed(ws::ByteView message, int window_bits);

 private:
  struct Key {
    std::size_t digest, length;
    int window_bits;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return key.digest ^ static_cast<std::size_t>(key.window_bits);
    }
  };
  static constexpr std::size_t kBound = 16 * 1024 * 1024;  // compressed octets
  std::unordered_map<Key, Entry, Hash> entries_;
  std::map<int, ws::Deflater> deflaters_;
  std::size_t size_ = 0;
};

// One frame ready to go: what the transcript says of it, and its octets on the wire.
struct WireFrame {
  ws::FrameHeader header;
  ws::ByteView payload;  // before masking; valid during the call that hands it over
  ws::Bytes octets;
  bool whole = true;            // the header tells the truth, and every octet goes out
  bool wrong_mask_bit = false;  // the header says that it is masked and is not, or the other way round
};

class Composer {
 public:
  // `role`: whose frames these are; a client masks (RFC 6455 5.3).
  Composer(ws::Role role, std::uint64_t seed, std::optional<ws::DeflateParams> deflate, DeflateCache& cache);

  // Takes the frame and its octets.
  using Sink = std::function<void(WireFrame&&)>;
  void frame(ws::Opcode opcode, bool fin, std::uint8_t rsv, ws::ByteView payload, const Sink& sink);
  // As the step says, with this payload. A frame that is cut or lies about its length or masking is not whole.
  void frame(const step::Frame& step, ws::ByteView payload, const Sink& sink);
  // `fragment`: payload octets a frame, 0 for one frame.
  void message(ws::Opcode opcode, ws::ByteView payload, std::uint64_t fragment, bool compress, const Sink& sink);
  // As the step says.
  void message(const step::Message& step, PayloadGenerator& payloads, const Sink& sink);
  void parts(ws::Opcode opcode, const std::vector<ws::Bytes>& parts, const Sink& sink);

 private:
  [[nodiscard]] ws::MaskKey fresh_key();
  void fragments(ws::Opcode opcode, std::uint8_t rsv, ws::ByteView payload, std::uint64_t fragment, const Sink& sink);

  ws::Role role_;
  std::mt19937_64 random_;
  std::optional<ws::DeflateParams> deflate_;
  std::optional<ws::Deflater> deflater_;  // with context takeover
  DeflateCache& cache_;
};

// The payload of a Close frame as a case tells it.
[[nodiscard]] ws::Bytes close_payload(std::optional<std::uint16_t> code, ws::ByteView reason);

}  // namespace touchstone

// deflate_blocks.h - DEFLATE data that are put together block by block (RFC 1951), so that a stimulus has the block
// types and the distances that it is about, and not those that a library chooses.
#pragma once
#include <ws/core/bytes.h>

#include <cstdint>

namespace touchstone::fuzz {

class DeflateBlocks {
 public:
  static constexpr std::uint32_t kMostStored = 65535, kMostDistance = 32768, kLeastMatch = 3, kMostMatch = 258;

  // A block of its own, at most kMostStored octets.
  void stored(ws::ByteView octets, bool final = false);
  // A block with the fixed codes: `literals`, then the octets that stand so far back, if `length` is not 0.
  void fixed(ws::ByteView literals, std::uint32_t distance = 0, std::uint32_t length = 0, bool final = false);
  // A block of the type that does not exist.
  void reserved();
  // The end of a message (RFC 7692 7.2.1): an empty stored block whose 00 00 FF FF stays away.
  [[nodiscard]] ws::Bytes take();

 private:
  void bits(std::uint32_t value, unsigned count);  // the lowest first
  void code(std::uint32_t value, unsigned count);  // of Huffman: the highest first
  void literal(unsigned symbol);
  void match(std::uint32_t distance, std::uint32_t length);
  void align();

  ws::Bytes out_;
  std::uint32_t hold_ = 0;
  unsigned held_ = 0;
};

}  // namespace touchstone::fuzz

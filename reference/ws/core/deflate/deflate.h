// deflate.h - RFC 7692 7.2: compressing and inflating messages.
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/violation.h>

#include <expected>
#include <memory>

namespace ws {

class Deflater {
 public:
  // window_bits: 9 to 15 (zlib has no raw streams with 8). level: zlib's 0 to 9.
  Deflater(int window_bits, bool no_context_takeover, int level = 1);
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) noexcept;
  ~Deflater();

  // Appends the compressed form of `in`. With `last` the message ends: the trailing 00 00 FF FF is
  // removed (RFC 7692 7.2.1), and without takeover the window is forgotten.
  void compress(ByteView in, bool last, Bytes& out);
  // Between two messages: the next one refers to nothing before it.
  void forget() noexcept;
  [[nodiscard]] int window_bits() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Inflater {
 public:
  // window_bits: 8 to 15. Distances beyond the window are deflate_corrupt. After an error the inflater
  // is of no more use.
  Inflater(int window_bits, bool no_context_takeover);
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  ~Inflater();

  // Appends what `in` inflates to, until `out` holds more than `limit` octets: message_too_big.
  // Works incrementally: cutting `in` differently never changes the result.
  [[nodiscard]] std::expected<void, Violation> inflate(ByteView in, std::uint64_t limit, Bytes& out);

  // The message ends: feeds the removed 00 00 FF FF back (RFC 7692 7.2.2).
  [[nodiscard]] std::expected<void, Violation> finish(std::uint64_t limit, Bytes& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws

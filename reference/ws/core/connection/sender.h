// sender.h - what goes out: frames, masked and compressed as agreed, in one buffer.
#pragma once
#include <ws/core/connection/command.h>
#include <ws/core/deflate/deflate.h>
#include <ws/core/frame.h>
#include <ws/core/utf8.h>

#include <expected>
#include <functional>

namespace ws {

class Sender {
 public:
  // `mask_key` is empty for a server.
  explicit Sender(std::function<MaskKey()> mask_key) : mask_key_(std::move(mask_key)) {}

  // permessage-deflate is in use: messages of at least `threshold` octets are compressed.
  void use_deflater(Deflater deflater, std::size_t threshold);

  // Data messages. RFC 6455 5.4, 5.6. A refusal changes nothing.
  [[nodiscard]] std::expected<void, Misuse> begin(Opcode opcode, ByteView data, bool fin, Compress compress);
  [[nodiscard]] std::expected<void, Misuse> proceed(ByteView data, bool fin);
  [[nodiscard]] std::expected<void, Misuse> prepared(const PreparedMessage& message);

  void control(Opcode opcode, ByteView payload);
  // The answer to a Ping. While much output waits, only the latest Ping is answered (RFC 6455 5.5.3), so
  // that a peer that pings and never reads costs a bounded amount of memory.
  void pong(ByteView payload);
  // Writes the Pong that waits, regardless of what else does: a Close comes next.
  void flush_pong();
  void raw(std::string_view text) { append(out_, as_octets(text)); }

  [[nodiscard]] ByteView output() const noexcept { return ByteView(out_).subspan(written_); }
  void wrote(std::size_t octets);
  void drop_output() noexcept;
  // Swaps the memory of an empty output with `memory`, whose content is lost.
  void swap_memory(Bytes& memory) noexcept;

 private:
  void data_frame(Opcode opcode, ByteView data, bool fin);

  // What every message needs comes first; see Connection::Impl.
  Bytes out_;
  std::size_t written_ = 0;  // octets at the front of out_ that the caller has written
  bool in_message_ = false, is_text_ = false, compressing_ = false;
  Utf8Validator utf8_;
  std::size_t threshold_ = 0;
  std::optional<Deflater> deflater_;
  std::function<MaskKey()> mask_key_;
  std::optional<Bytes> waiting_pong_;
  Bytes compressed_;  // scratch
};

}  // namespace ws

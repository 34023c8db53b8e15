// byte_stream.h - a WebSocket connection as a stream of octets, for protocols that know nothing of messages.
//
// What is written goes out as binary messages (or text, whose pieces have to be UTF-8 then), one for each write; what
// the peer's messages contain is read in order, without their borders. It is a Stream, so that TLS or another WebSocket
// runs over it; and it has Asio's AsyncReadStream and AsyncWriteStream, so that asio::async_read_until and the like do.
// RFC 6455 5.6 leaves the meaning of messages to the application: both sides have to agree that they have none.
#pragma once
#include <ws/io/websocket.h>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>

namespace ws::io {

class ByteStream final : public Stream {
 public:
  enum class Kind : std::uint8_t { binary, text };

  // A message of the other kind ends the connection with 1003 and reading with UseError::wrong_kind.
  explicit ByteStream(WebSocket socket, Kind kind = Kind::binary) : socket_(std::move(socket)), kind_(kind) {}

  // asio::error::eof after a Close with 1000, 1001 or without a code; asio::error::connection_aborted after one with
  // another code; what broke the transport, or connection_reset, when there was none.
  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override;
  asio::awaitable<std::error_code> write(ByteView octets) override;
  // Sends Close with 1000. The peer may go on until it answers.
  asio::awaitable<std::error_code> shutdown_send() override;
  void reset() noexcept override;
  void close() noexcept override { socket_.drop(); }

  [[nodiscard]] asio::any_io_executor executor() override { return socket_.stream().executor(); }
  [[nodiscard]] int descriptor() noexcept override { return socket_.stream().descriptor(); }
  [[nodiscard]] std::string peer() const override { return socket_.stream().peer(); }
  [[nodiscard]] bool secure() const noexcept override { return socket_.stream().secure(); }
  [[nodiscard]] PeerAddress peer_address() const override { return socket_.stream().peer_address(); }
  [[nodiscard]] WebSocket& socket() noexcept { return socket_; }

  // Asio's requirements of a stream. One read and one write at a time; the buffers live until the handler is called.
  using executor_type = asio::any_io_executor;
  [[nodiscard]] executor_type get_executor() { return executor(); }
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const asio::mutable_buffer into = first_of<asio::mutable_buffer>(buffers);
    return launch(read_some({static_cast<std::byte*>(into.data()), into.size()}), std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    const asio::const_buffer from = first_of<asio::const_buffer>(buffers);
    return launch(write_all({static_cast<const std::byte*>(from.data()), from.size()}), std::forward<Token>(token));
  }

 private:
  using Count = std::expected<std::size_t, std::error_code>;

  asio::awaitable<Count> write_all(ByteView octets);

  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it)
      if (const Buffer buffer(*it); buffer.size() != 0) return buffer;
    return Buffer();
  }

  // Runs a coroutine as an asynchronous operation of the handler's kind.
  template <class Token>
  auto launch(asio::awaitable<Count> operation, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code, std::size_t)>(
        [self = executor()](auto handler, asio::awaitable<Count> started) {
          const auto slot = asio::get_associated_cancellation_slot(handler);
          const auto wanted = asio::get_associated_executor(handler, self);
          auto done = [wanted, handler = std::move(handler)](std::exception_ptr thrown, Count count) mutable {
            if (thrown) count = std::unexpected(make_error_code(asio::error::no_memory));
            asio::dispatch(wanted, [handler = std::move(handler), count]() mutable {
              std::move(handler)(count ? std::error_code() : count.error(), count.value_or(0));
            });
          };
          asio::co_spawn(self, std::move(started), asio::bind_cancellation_slot(slot, std::move(done)));
        },
        token, std::move(operation));
  }

  mutable WebSocket socket_;
  Kind kind_;
  Bytes rest_;  // of a message, from taken_ on
  std::size_t taken_ = 0;
};

}  // namespace ws::io

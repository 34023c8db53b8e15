// stream_socket.h - a Stream that is a TCP or Unix socket.
#pragma once
#include <ws/io/net/stream.h>

#include <asio/generic/stream_protocol.hpp>

namespace ws::io {

class SocketStream final : public Stream {
 public:
  using Socket = asio::generic::stream_protocol::socket;  // made of a tcp::socket or a local one
  explicit SocketStream(Socket socket);                   // connected

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override;
  asio::awaitable<std::error_code> write(ByteView octets) override;
  std::size_t write_now(ByteView octets) noexcept override;
  void write_without_waiting(ByteView octets) noexcept override { (void)write_now(octets); }
  asio::awaitable<std::error_code> shutdown_send() override;
  void reset() noexcept override;
  void close() noexcept override;

  [[nodiscard]] asio::any_io_executor executor() override { return socket_.get_executor(); }
  [[nodiscard]] int descriptor() noexcept override { return socket_.is_open() ? socket_.native_handle() : -1; }
  [[nodiscard]] std::string peer() const override;
  [[nodiscard]] bool secure() const noexcept override { return false; }
  [[nodiscard]] PeerAddress peer_address() const override;

  // Lives as long as this, or as long as whoever took it keeps it.
  void attach(std::shared_ptr<void> ticket) noexcept { ticket_ = std::move(ticket); }
  [[nodiscard]] std::shared_ptr<void> take_ticket() noexcept { return std::move(ticket_); }

  // Hands the socket over, without Asio; operations under way end. -1: there is none.
  [[nodiscard]] int release() noexcept;

 private:
  Socket socket_;
  bool ended_ = false;  // the input: the kernel announces that once, and Asio would wait for the next announcement
  bool reset_by_peer_ = false;  // a write was told so
  std::shared_ptr<void> ticket_;
};

}  // namespace ws::io

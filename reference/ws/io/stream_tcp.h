// stream_tcp.h - a Stream that is a TCP socket.
#pragma once
#include <ws/io/stream.h>

namespace ws::io {

class TcpStream final : public Stream {
 public:
  explicit TcpStream(asio::ip::tcp::socket socket);  // connected

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override;
  asio::awaitable<std::error_code> write(ByteView octets) override;
  asio::awaitable<std::error_code> shutdown_send() override;
  void reset() noexcept override;
  void close() noexcept override;

  [[nodiscard]] asio::any_io_executor executor() override { return socket_.get_executor(); }
  [[nodiscard]] asio::ip::tcp::socket& socket() noexcept override { return socket_; }
  [[nodiscard]] bool secure() const noexcept override { return false; }

  // Hands the octets to the kernel as far as it takes them at once; what is left is dropped. For last words.
  void write_without_waiting(ByteView octets) noexcept;

 private:
  asio::ip::tcp::socket socket_;
  bool reset_by_peer_ = false;  // a write was told so
};

}  // namespace ws::io

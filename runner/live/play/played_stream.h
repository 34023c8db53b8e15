// played_stream.h - a connection that somebody watches, on a network as bad as the script wants it.
#pragma once
#include "runner/live/network.h"
#include "runner/live/watcher.h"

namespace touchstone::play {

// The watcher, the road and the stream outlive it or go with it. `role`: of who uses this stream.
class PlayedStream final : public ws::io::Stream {
 public:
  PlayedStream(std::unique_ptr<ws::io::Stream> stream, ws::Role role, Watcher& watcher, Road& road)
      : stream_(std::move(stream)), role_(role), watcher_(watcher), road_(road) {}

  // 0: as fast as it comes. The kernel takes no more for it than it must.
  void read_slowly(std::uint64_t bytes_per_s);

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override;
  asio::awaitable<std::error_code> write(ws::ByteView octets) override;
  void write_without_waiting(ws::ByteView octets) noexcept override;
  asio::awaitable<std::error_code> shutdown_send() override;
  void reset() noexcept override;
  void close() noexcept override;

  [[nodiscard]] asio::any_io_executor executor() override { return stream_->executor(); }
  [[nodiscard]] int descriptor() noexcept override { return stream_->descriptor(); }
  [[nodiscard]] std::string peer() const override { return stream_->peer(); }
  [[nodiscard]] bool secure() const noexcept override { return stream_->secure(); }
  [[nodiscard]] ws::io::PeerAddress peer_address() const override { return stream_->peer_address(); }

 private:
  void note_sent(ws::ByteView octets);
  void note_end(Watcher::End how);

  std::unique_ptr<ws::io::Stream> stream_;
  ws::Role role_;
  Watcher& watcher_;
  Road& road_;
  std::uint64_t read_rate_ = 0;
  ws::io::Clock::time_point read_again_{};
  bool has_ended_ = false;
};

}  // namespace touchstone::play

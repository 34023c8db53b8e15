// tap.h - a stream that begins with octets which were read already, and remembers what comes.
#pragma once
#include "runner/proxy/back.h"

#include <algorithm>
#include <utility>

#include <asio/error.hpp>

namespace touchstone::proxy {

class Tap final : public ws::io::Stream {
 public:
  // `seen` is written by the stream's thread only.
  Tap(std::unique_ptr<ws::io::Stream> inner, ws::Bytes read, std::shared_ptr<Arrived> seen, std::mutex& mutex)
      : inner_(std::move(inner)), read_(std::move(read)), seen_(std::move(seen)), mutex_(mutex) {
    note(read_);
  }

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override {
    if (at_ < read_.size()) {
      const std::size_t count = std::min(into.size(), read_.size() - at_);
      std::copy_n(read_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
      at_ += count;
      co_return count;
    }
    auto got = co_await inner_->read_some(into);
    if (got) {
      note(into.first(*got));
    } else {
      const std::lock_guard lock(mutex_);
      seen_->eof = seen_->eof || got.error() == asio::error::eof;
      seen_->reset = seen_->reset || got.error() == asio::error::connection_reset;
    }
    co_return got;
  }
  asio::awaitable<std::error_code> write(ws::ByteView octets) override { return inner_->write(octets); }
  std::size_t write_now(ws::ByteView octets) noexcept override { return inner_->write_now(octets); }
  void write_without_waiting(ws::ByteView octets) noexcept override { inner_->write_without_waiting(octets); }
  asio::awaitable<std::error_code> shutdown_send() override { return inner_->shutdown_send(); }
  void reset() noexcept override { inner_->reset(); }
  void close() noexcept override { inner_->close(); }
  asio::any_io_executor executor() override { return inner_->executor(); }
  int descriptor() noexcept override { return inner_->descriptor(); }
  std::string peer() const override { return inner_->peer(); }
  bool secure() const noexcept override { return inner_->secure(); }
  ws::io::PeerAddress peer_address() const override { return inner_->peer_address(); }

 private:
  static constexpr std::size_t kKept = 16 * 1024;

  void note(ws::ByteView octets) {
    const std::lock_guard lock(mutex_);
    seen_->total += octets.size();
    const std::size_t room = kKept - std::min(kKept, seen_->octets.size());
    ws::append(seen_->octets, octets.first(std::min(room, octets.size())));
  }

  std::unique_ptr<ws::io::Stream> inner_;
  ws::Bytes read_;
  std::size_t at_ = 0;
  std::shared_ptr<Arrived> seen_;
  std::mutex& mutex_;
};

}  // namespace touchstone::proxy

#include "runner/live/play/played_stream.h"

#include <sys/socket.h>
#include <ws/testing/oracle/unlimited.h>

#include <asio/error.hpp>
#include <asio/ssl/error.hpp>

#include <algorithm>
#include <utility>

namespace touchstone::play {
namespace {

constexpr std::uint64_t kReadsASecond = 20;
constexpr int kSmallestBuffer = 4096;

}  // namespace

void PlayedStream::read_slowly(std::uint64_t bytes_per_s) {
  read_rate_ = bytes_per_s;
  if (bytes_per_s == 0) return;
  (void)::setsockopt(stream_->descriptor(), SOL_SOCKET, SO_RCVBUF, &kSmallestBuffer, sizeof kSmallestBuffer);
}

asio::awaitable<std::expected<std::size_t, std::error_code>> PlayedStream::read_some(std::span<std::byte> into) {
  if (read_rate_ > 0) {
    co_await road_.wait_until(read_again_);
    into = into.first(std::min<std::size_t>(into.size(), std::max<std::uint64_t>(read_rate_ / kReadsASecond, 1)));
  }
  if (!co_await road_.pass()) co_return std::unexpected(asio::error::operation_aborted);
  const auto n = co_await stream_->read_some(into);
  if (n) {
    if (read_rate_ > 0) {
      read_again_ = ws::io::Clock::now() +
                    std::chrono::duration_cast<ws::io::Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(*n) / static_cast<double>(read_rate_)));
    }
    watcher_.spoke(ws::testing::opposite(role_), into.first(*n));
  } else if (n.error() == asio::error::eof || n.error() == asio::ssl::error::stream_truncated) {
    watcher_.ended(ws::testing::opposite(role_), Watcher::End::fin);
  } else if (n.error() != asio::error::operation_aborted && n.error() != asio::error::bad_descriptor) {
    watcher_.ended(ws::testing::opposite(role_), Watcher::End::reset);
  }
  co_return n;
}

void PlayedStream::note_sent(ws::ByteView octets) {
  watcher_.heard(ws::testing::opposite(role_), octets);
  watcher_.spoke(role_, octets);
}

asio::awaitable<std::error_code> PlayedStream::write(ws::ByteView octets) {
  const auto error = co_await road_.carry(*stream_, octets, [this](ws::ByteView piece) { note_sent(piece); });
  if (!road_.was_cut() || has_ended_) co_return error;
  if (road_.network().cut_by_reset) {
    reset();
  } else {
    (void)co_await shutdown_send();
    stream_->close();
  }
  co_return error;
}

void PlayedStream::write_without_waiting(ws::ByteView octets) noexcept {
  note_sent(octets);
  stream_->write_without_waiting(octets);
}

void PlayedStream::note_end(Watcher::End how) {
  if (std::exchange(has_ended_, true)) return;
  watcher_.left(ws::testing::opposite(role_));
  watcher_.ended(role_, how);
}

asio::awaitable<std::error_code> PlayedStream::shutdown_send() {
  note_end(Watcher::End::fin);
  co_return co_await stream_->shutdown_send();
}

void PlayedStream::reset() noexcept {
  note_end(Watcher::End::reset);
  stream_->reset();
}

void PlayedStream::close() noexcept {
  note_end(Watcher::End::fin);
  stream_->close();
}

}  // namespace touchstone::play

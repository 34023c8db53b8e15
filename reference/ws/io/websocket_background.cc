// websocket_background.cc - reading beside read(): pieces, Pings and their Pongs, and what runs by itself.
#include <ws/io/net/random.h>
#include <ws/io/websocket_impl.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <utility>

namespace ws::io {
namespace {

// DEFLATE makes at most 1032 octets of one (zlib's technical details), so that a piece has no more than 4 MiB.
constexpr std::size_t kPieceOfInput = 4 * 1024;

}  // namespace

std::error_code WebSocket::Impl::may_not_read() const noexcept {
  if (reading_given_up) return make_error_code(UseError::reading_given_up);
  return reading ? make_error_code(UseError::reader_is_waiting) : std::error_code{};
}

std::optional<ReceivedPiece> WebSocket::Impl::take_piece() {
  while (true) {
    if (!inbox.empty()) {
      Received message = std::move(inbox.front());
      inbox.erase(inbox.begin());
      charge();
      if (auto* const text = std::get_if<event::Text>(&message))
        return MessagePiece{.is_text = true, .data = to_bytes(as_octets(text->data)), .last = true};
      return MessagePiece{.data = std::move(std::get<event::Binary>(message).data), .last = true};
    }
    if (!discarding) {
      if (auto piece = connection.take_piece())
        return MessagePiece{.is_text = piece->is_text, .data = std::move(piece->data)};
    }
    if (ended) return ending;
    if (!feed(kPieceOfInput)) return std::nullopt;
  }
}

asio::awaitable<std::expected<ReceivedPiece, std::error_code>> WebSocket::read_piece(std::chrono::milliseconds limit) {
  return Impl::read_piece(impl_, deadline_after(limit));
}

asio::awaitable<std::expected<ReceivedPiece, std::error_code>> WebSocket::Impl::read_piece(std::shared_ptr<Impl> self,
                                                                                           Clock::time_point until) {
  if (const auto misuse = self->may_not_read()) co_return std::unexpected(misuse);
  const Reading reading(*self);
  while (true) {
    if (auto piece = self->take_piece()) co_return std::move(*piece);
    if (const auto error = co_await more(self, until)) co_return std::unexpected(error);
  }
}

asio::awaitable<std::expected<Clock::duration, std::error_code>> WebSocket::Impl::ping(std::shared_ptr<Impl> self,
                                                                                       Clock::time_point until) {
  const auto start = Clock::now();
  const auto ping = std::make_shared<OutstandingPing>(Bytes(8));
  fill_random(ping->payload);
  if (const auto queued = self->queue(command::Ping{ping->payload}); !queued)
    co_return std::unexpected(refusal(queued.error()));
  self->pings.push_back(ping);
  while (true) {
    while (!ping->answered && self->inbox.empty() && self->feed()) {
    }
    if (ping->answered) co_return Clock::now() - start;
    std::error_code error = self->ended ? make_error_code(UseError::closed) : std::error_code{};
    if (!error) error = co_await more(self, until);
    if (!error) continue;
    std::erase(self->pings, ping);
    co_return std::unexpected(error);
  }
}

asio::awaitable<std::expected<Clock::duration, std::error_code>> WebSocket::ping(std::chrono::milliseconds limit) {
  return Impl::ping(impl_, deadline_after(limit));
}

void WebSocket::on_ping(std::function<void(ByteView)> hook) {
  impl_->ping_hook = std::make_shared<const Impl::Hook>(std::move(hook));
}
void WebSocket::on_pong(std::function<void(ByteView)> hook) {
  impl_->pong_hook = std::make_shared<const Impl::Hook>(std::move(hook));
}

asio::awaitable<std::expected<Ended, std::error_code>> WebSocket::wait_ended(std::chrono::milliseconds limit) {
  return Impl::wait_ended(impl_, limit);
}

asio::awaitable<std::expected<Ended, std::error_code>> WebSocket::Impl::wait_ended(std::shared_ptr<Impl> self,
                                                                                   std::chrono::milliseconds limit) {
  const auto until = deadline_after(limit);
  while (!self->ended) {
    if (const auto error = co_await self->over.wait(until)) co_return std::unexpected(error);
  }
  co_return self->ending;
}

bool WebSocket::Impl::still_silent(unsigned ping_after, unsigned drop_after) {
  if (ended) return false;
  if (std::exchange(heard, false) || !pumping) {
    silent = 0;
  } else if (++silent >= drop_after) {
    end({.error = asio::error::timed_out});
    return true;
  } else if (silent == ping_after) {
    (void)queue(command::Ping{});  // refused: it is closing
  }
  return false;
}

void WebSocket::Impl::refuse_messages() {
  while (const auto received = take()) {
    if (std::holds_alternative<Ended>(*received)) return;
    if (discarding) continue;
    // RFC 6455 7.4.1. In the closing handshake there is nothing to add.
    (void)queue(command::Close{CloseReason{close_code::kPolicyViolation, "this endpoint takes no messages"}});
    discarding = true;
  }
}

asio::awaitable<void> WebSocket::Impl::read_for_nobody(std::shared_ptr<Impl> self) {
  while (!self->ended) {
    self->refuse_messages();
    if (!self->ended) (void)co_await more(self);
  }
}

asio::awaitable<void> WebSocket::Impl::read_until_read(std::shared_ptr<Impl> self, std::weak_ptr<WebSocket> theirs) {
  self->was_read = self->reading;
  while (!self->was_read && !self->reading_given_up && !self->ended) {
    if (theirs.use_count() <= self->hubs) {
      self->refuse_messages();
    } else {
      while (self->inbox.empty() && self->feed()) {
      }
    }
    if (!self->ended) (void)co_await more(self);
  }
  (void)co_await wait_ended(self, kNoLimit);
}

Result WebSocket::close_read() {
  if (const auto misuse = impl_->may_not_read()) return misuse;
  impl_->reading_given_up = true;
  asio::co_spawn(impl_->stream->executor(), Impl::read_for_nobody(impl_), [self = impl_](std::exception_ptr e) {
    if (e) self->end({});  // no memory
  });
  return {};
}

asio::awaitable<void> WebSocket::Impl::ping_again(std::shared_ptr<Impl> self, KeepAlive options) {
  const auto timed_out = make_error_code(asio::error::timed_out);
  while (true) {
    const auto woken = co_await self->over.wait(deadline_after(options.interval));
    if (woken != timed_out || self->ended) co_return;
    const auto answered = co_await ping(self, deadline_after(options.limit));
    if (answered) continue;
    if (answered.error() != timed_out) co_return;
    // What the peer sent and nobody read stands before the Pong; then it is not the peer who is late.
    const bool unread = !self->inbox.empty() || !self->input.empty();
    if (!unread) self->end({.error = timed_out});
  }
}

void WebSocket::keep_alive(KeepAlive options) {
  asio::co_spawn(impl_->stream->executor(), Impl::ping_again(impl_, options), [self = impl_](std::exception_ptr e) {
    if (e) self->end({});  // no memory
  });
}

}  // namespace ws::io

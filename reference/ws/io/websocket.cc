// websocket.cc - reading, writing and closing.
#include <ws/io/websocket_impl.h>

#include <algorithm>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <utility>

namespace ws::io {
namespace {

constexpr unsigned kAtOnce = 64;  // writes of one connection that may end at once, one after the other

}  // namespace

std::error_code WebSocket::Impl::refusal(Misuse misuse) noexcept {
  return misuse == Misuse::wrong_state ? make_error_code(UseError::closed) : make_error_code(misuse);
}

WebSocket::WebSocket(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
WebSocket::WebSocket(WebSocket&&) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&& other) noexcept {
  if (this != &other) {
    drop();
    impl_ = std::move(other.impl_);
  }
  return *this;
}
WebSocket::~WebSocket() { drop(); }

void WebSocket::drop() noexcept {
  if (impl_) impl_->end({.error = asio::error::operation_aborted});
}

const std::string& WebSocket::subprotocol() const noexcept { return impl_->opened->subprotocol; }
const std::optional<DeflateParams>& WebSocket::deflate() const noexcept { return impl_->opened->deflate; }
const RequestHead& WebSocket::request() const noexcept { return *impl_->requested; }
const ResponseHead& WebSocket::response() const noexcept { return impl_->opened->response; }
Stream& WebSocket::stream() noexcept { return *impl_->stream; }
asio::any_io_executor WebSocket::executor() const { return impl_->stream->executor(); }
const std::any& WebSocket::any_value() const noexcept { return impl_->value; }

std::optional<Received> WebSocket::Impl::take() {
  if (inbox.empty()) {
    if (auto message = take_whole()) return message;
  }
  while (inbox.empty() && feed()) {
  }
  if (!inbox.empty()) {
    std::optional<Received> message(std::move(inbox.front()));
    inbox.erase(inbox.begin());
    charge();
    return message;
  }
  if (ended) return ending;
  return std::nullopt;
}

std::optional<Received> WebSocket::next() {
  const auto self = impl_;  // a hook may destroy this object
  auto received = self->take();
  // Who asks a second time in vain, and does not wait in between, relies on us to read.
  if (!received && std::exchange(self->polled, true)) self->read_in_background();
  return received;
}

// An operation is the coroutine of a function that has the connection, not of this handle, which may be gone before it
// begins.
asio::awaitable<std::expected<Received, std::error_code>> WebSocket::read(std::chrono::milliseconds limit) {
  return Impl::read(impl_, deadline_after(limit));
}

asio::awaitable<std::expected<Received, std::error_code>> WebSocket::Impl::read(std::shared_ptr<Impl> self,
                                                                                Clock::time_point until) {
  if (const auto misuse = self->may_not_read()) co_return std::unexpected(misuse);
  const Reading reading(*self);
  self->polled = false;
  while (true) {
    if (auto received = self->take()) co_return std::move(*received);
    if (const auto error = co_await more(self, until)) co_return std::unexpected(error);
  }
}

asio::awaitable<std::error_code> WebSocket::Impl::wait_for_turn(std::shared_ptr<Impl> self, Clock::time_point until) {
  // Behind those who wait already.
  bool wait = self->turn.has_waiters() || self->busy();
  while (wait && !self->gone()) {
    if (const auto error = co_await self->turn.wait(until)) co_return error;
    wait = self->busy();
  }
  co_return self->gone();
}

asio::awaitable<std::error_code> WebSocket::Impl::write(std::shared_ptr<Impl> self, Command command,
                                                        Clock::time_point until) {
  if (self->turn.has_waiters() || self->busy() || self->gone()) {
    if (const auto error = co_await wait_for_turn(self, until)) co_return error;
  }
  const auto submitted = self->connection.submit(command);
  if (!submitted) {
    self->grant_turn();
    co_return refusal(submitted.error());
  }
  self->count_message(command);
  self->flush_due = true;  // by this
  self->settle();
  self->flush();
  self->grant_turn();
  if (self->pending() != 0) co_return co_await flushed(self, until);
  if (++self->unyielded >= kAtOnce) {
    self->unyielded = 0;
    co_await asio::post(asio::use_awaitable);  // others have their turn, too
  }
  co_return self->write_error;
}

asio::awaitable<std::error_code> WebSocket::Impl::flushed(std::shared_ptr<Impl> self, Clock::time_point until) {
  const std::uint64_t mine = self->sent + self->pending();
  while (self->sent < mine) {
    if (const auto error = self->gone()) co_return error;
    if (const auto error = co_await self->progress.wait(until)) co_return error;
  }
  co_return self->write_error;
}

namespace {

using Impl = WebSocket::Impl;

asio::awaitable<Result> write_whole(std::shared_ptr<Impl> self, std::string text, Clock::time_point until,
                                    Compress compress) {
  const Command command = command::Text{text, true, compress};
  co_return co_await Impl::write(self, command, until);
}

asio::awaitable<Result> write_whole(std::shared_ptr<Impl> self, Bytes data, Clock::time_point until,
                                    Compress compress) {
  const Command command = command::Binary{data, true, compress};
  co_return co_await Impl::write(self, command, until);
}

asio::awaitable<Result> write_whole(std::shared_ptr<Impl> self, std::shared_ptr<const PreparedMessage> message,
                                    Clock::time_point until) {
  const Command command = command::Prepared{message.get()};
  co_return co_await Impl::write(self, command, until);
}

asio::awaitable<Result> drain_to(std::shared_ptr<Impl> self, std::size_t octets, Clock::time_point until) {
  while (self->pending() > octets && !self->gone()) {
    if (const auto error = co_await self->progress.wait(until)) co_return error;
  }
  co_return self->gone();
}

}  // namespace

asio::awaitable<Result> WebSocket::write_text(std::string text, std::chrono::milliseconds limit, Compress compress) {
  return write_whole(impl_, std::move(text), deadline_after(limit), compress);
}

asio::awaitable<Result> WebSocket::write_binary(Payload data, std::chrono::milliseconds limit, Compress compress) {
  return write_whole(impl_, data.take(), deadline_after(limit), compress);
}

asio::awaitable<Result> WebSocket::write_prepared(std::shared_ptr<const PreparedMessage> message,
                                                  std::chrono::milliseconds limit) {
  return write_whole(impl_, std::move(message), deadline_after(limit));
}

std::expected<void, Misuse> WebSocket::Impl::queue(const Command& command) {
  if (ended) return std::unexpected(Misuse::wrong_state);
  const auto submitted = connection.submit(command);
  if (!submitted) return submitted;
  count_message(command);
  settle();
  return submitted;
}

std::expected<void, Misuse> WebSocket::queue(const Command& command) { return impl_->queue(command); }

std::size_t WebSocket::queued() const noexcept { return impl_->pending(); }

asio::awaitable<Result> WebSocket::drain(std::size_t octets, std::chrono::milliseconds limit) {
  return drain_to(impl_, octets, deadline_after(limit));
}

asio::awaitable<std::expected<Ended, std::error_code>> WebSocket::close(std::uint16_t code, std::string reason,
                                                                        std::chrono::milliseconds limit) {
  command::Close close;
  if (code != close_code::kNoStatus) close.reason.emplace(code, std::move(reason));
  return Impl::close(impl_, std::move(close), deadline_after(limit));
}

asio::awaitable<std::expected<Ended, std::error_code>> WebSocket::Impl::close(std::shared_ptr<Impl> self,
                                                                              command::Close close,
                                                                              Clock::time_point until) {
  // When the closing handshake has begun already, there is only its end to wait for.
  const auto queued = self->queue(close);
  if (!queued && queued.error() != Misuse::wrong_state) co_return std::unexpected(make_error_code(queued.error()));
  self->discarding = true;
  while (true) {
    while (self->feed()) {
    }
    if (self->ended) co_return self->ending;
    if (const auto error = co_await more(self, until)) co_return std::unexpected(error);
  }
}

}  // namespace ws::io

// message_writer.cc - messages that are written in pieces. RFC 6455 5.4.
#include <ws/io/websocket_impl.h>

#include <asio/system_executor.hpp>
#include <utility>

namespace ws::io {

asio::awaitable<std::expected<MessageWriter, std::error_code>> WebSocket::Impl::start(std::shared_ptr<Impl> self,
                                                                                      Command first,
                                                                                      std::chrono::milliseconds limit) {
  if (const auto error = co_await wait_for_turn(self, deadline_after(limit))) co_return std::unexpected(error);
  if (self->connection.state() != State::open) co_return std::unexpected(make_error_code(UseError::closed));
  self->streaming = true;
  co_return MessageWriter(self, std::move(first));
}

asio::awaitable<std::expected<MessageWriter, std::error_code>> WebSocket::start_text(std::chrono::milliseconds limit,
                                                                                     Compress compress) {
  return Impl::start(impl_, command::Text{{}, false, compress}, limit);
}

asio::awaitable<std::expected<MessageWriter, std::error_code>> WebSocket::start_binary(std::chrono::milliseconds limit,
                                                                                       Compress compress) {
  return Impl::start(impl_, command::Binary{{}, false, compress}, limit);
}

MessageWriter::MessageWriter(std::shared_ptr<WebSocket::Impl> impl, Command first) noexcept
    : impl_(std::move(impl)), first_(std::move(first)) {}

MessageWriter& MessageWriter::operator=(MessageWriter&& other) noexcept {
  if (this == &other) return *this;
  leave();
  impl_ = std::move(other.impl_);
  first_ = std::move(other.first_);
  begun_ = other.begun_;
  return *this;
}

MessageWriter::~MessageWriter() { leave(); }

asio::any_io_executor MessageWriter::executor() const {
  if (!impl_) return asio::system_executor();
  return impl_->stream->executor();
}

void MessageWriter::leave() noexcept {
  if (!impl_) return;
  const auto self = std::exchange(impl_, nullptr);
  if (begun_) (void)self->queue(command::Close{CloseReason{close_code::kInternalError, "a message was not finished"}});
  self->streaming = false;
  self->grant_turn();
}

asio::awaitable<Result> MessageWriter::write(ByteView octets, std::chrono::milliseconds limit) {
  return send(octets, false, limit);
}

asio::awaitable<Result> MessageWriter::finish(ByteView octets, std::chrono::milliseconds limit) {
  return send(octets, true, limit);
}

asio::awaitable<Result> MessageWriter::send(ByteView octets, bool fin, std::chrono::milliseconds limit) {
  const auto self = impl_;
  if (!self) co_return make_error_code(Misuse::no_message_in_progress);
  const auto until = deadline_after(limit);
  while (self->pending() > kHighWater && !self->gone()) {
    if (const auto error = co_await self->progress.wait(until)) co_return error;
  }
  if (const auto error = self->gone()) co_return error;
  Command command = command::Continue{octets, fin};
  if (!begun_) {
    command = first_;
    if (auto* const text = std::get_if<command::Text>(&command)) {
      text->data = as_text(octets);
      text->fin = fin;
    } else {
      auto& binary = std::get<command::Binary>(command);
      binary.data = octets;
      binary.fin = fin;
    }
  }
  if (const auto submitted = self->queue(command); !submitted) co_return WebSocket::Impl::refusal(submitted.error());
  begun_ = true;
  if (fin) {
    impl_.reset();
    self->streaming = false;
    self->grant_turn();
  }
  co_return co_await WebSocket::Impl::flushed(self, until);
}

}  // namespace ws::io

// websocket_pumps.cc - between the stream and the connection.
#include <ws/io/websocket_impl.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>

namespace ws::io {
namespace {

constexpr std::size_t kSmallRead = 4 * 1024;   // while little comes: idle connections are small
constexpr std::size_t kLargeRead = 64 * 1024;  // while much comes
constexpr std::size_t kWriteChunk = 256 * 1024;
constexpr std::chrono::seconds kGoodbye{1};  // a few octets, for a peer that has nothing more to say

}  // namespace

void Buffer::allocate(std::size_t size) {
  if (capacity != size) {
    memory = std::make_unique_for_overwrite<std::byte[]>(size);
    capacity = size;
  }
  begin = end = 0;
}

WebSocket::Impl::Impl(std::unique_ptr<Stream> given, Options options)
    : stream(std::move(given)),
      connection(std::move(options)),
      activity(stream->executor()),
      room(stream->executor()),
      progress(stream->executor()),
      turn(stream->executor()),
      over(stream->executor()) {}

void WebSocket::Impl::start_reading() {
  asio::co_spawn(stream->executor(), read_pump(shared_from_this()), [self = shared_from_this()](std::exception_ptr e) {
    if (e) self->end({});  // no memory
  });
}

asio::awaitable<void> WebSocket::Impl::read_pump(std::shared_ptr<Impl> self) {
  std::size_t wanted = kSmallRead;
  while (!self->ended) {
    self->ready.allocate(wanted);
    const auto count = co_await self->stream->read_some({self->ready.memory.get(), self->ready.capacity});
    if (!count) {
      self->input_ended = count.error();
      self->activity.notify_all();
      co_return;
    }
    self->ready.end = *count;
    wanted = *count >= kSmallRead ? kLargeRead : kSmallRead;
    self->activity.notify_all();
    while (!self->ready.empty() && !self->ended) {
      if (co_await self->room.wait()) co_return;
    }
  }
}

bool WebSocket::Impl::feed(std::size_t most) {
  if (ended) return false;
  if (input.empty()) {
    if (!ready.empty()) {
      std::swap(input, ready);
      ready.begin = ready.end = 0;
      room.notify_all();
    } else if (input_ended) {
      if (*input_ended != asio::error::eof) ending.error = *input_ended;
      connection.receive_eof();
      collect();
      return true;
    } else {
      if (input.capacity > kSmallRead) input = {};  // about to wait
      return false;
    }
  }
  const ByteView octets = input.octets();
  const std::size_t count = cutter.next(octets.first(std::min(octets.size(), most)), connection.state());
  connection.receive(input.octets().first(count));
  input.begin += count;
  collect();
  return true;
}

void WebSocket::Impl::collect() {
  bool any = false;
  while (auto event = connection.next_event()) {
    any = true;
    handle(std::move(*event));
  }
  settle();
  if (any) activity.notify_all();
}

void WebSocket::Impl::end(Ended how) {
  if (ended) return;
  ended = true;
  ending = std::move(how);
  watchdog.reset();
  // RFC 8446 6.1: who ends TLS in order says so, also when the peer was first.
  const bool in_order = stream->secure() && input_ended == make_error_code(asio::error::eof);
  if (in_order && !shut && !flushing && !write_error) {
    asio::co_spawn(stream->executor(), say_goodbye(shared_from_this()), asio::detached);
  } else {
    stream->close();
  }
  for (Signal* signal : {&activity, &room, &progress, &turn, &over}) signal->notify_all();
}

std::size_t WebSocket::Impl::pending() const noexcept { return connection.output().size() + in_flight.size(); }

bool WebSocket::Impl::busy() const noexcept { return streaming || pending() > kHighWater; }

void WebSocket::Impl::grant_turn() {
  if (!busy()) turn.notify_one();
}

std::error_code WebSocket::Impl::gone() const noexcept {
  if (write_error) return write_error;
  return ended ? make_error_code(UseError::closed) : std::error_code{};
}

void WebSocket::Impl::settle() {
  if (ended) return;
  if (connection.state() != timed_state) {
    timed_state = connection.state();
    watchdog.reset();
    if (const auto limit = connection.timer()) {
      watchdog.emplace(stream->executor(), deadline_after(*limit), [self = weak_from_this()] {
        if (const auto alive = self.lock()) {
          alive->ending.error = asio::error::timed_out;
          alive->connection.expire();
          alive->collect();
        }
      });
    }
  }
  const bool work = !connection.output().empty() || (connection.wants_shutdown() && !shut);
  if (!work || flushing || write_error) return;
  flushing = true;
  asio::co_spawn(stream->executor(), flush_pump(shared_from_this()), [self = shared_from_this()](std::exception_ptr e) {
    if (e) self->end({});  // no memory
  });
}

asio::awaitable<void> WebSocket::Impl::say_goodbye(std::shared_ptr<Impl> self) {
  const Watchdog late(self->stream->executor(), deadline_after(kGoodbye), [&self] { self->stream->close(); });
  (void)co_await self->stream->shutdown_send();
  self->stream->close();
}

asio::awaitable<void> WebSocket::Impl::flush_pump(std::shared_ptr<Impl> self) {
  while (!self->ended && !self->write_error) {
    const ByteView out = self->connection.output();
    if (!out.empty()) {
      // Copied, because the connection goes on meanwhile.
      const ByteView chunk = out.first(std::min(out.size(), kWriteChunk));
      self->in_flight.assign(chunk.begin(), chunk.end());
      self->connection.wrote(chunk.size());
      self->write_error = co_await self->stream->write(self->in_flight);
      self->sent += self->in_flight.size();
      self->in_flight.clear();
    } else if (self->connection.wants_shutdown() && !self->shut) {
      self->shut = true;
      if (co_await self->stream->shutdown_send()) break;
    } else {
      break;
    }
    // The peer may have said something before TCP broke, so that reading goes on; but nobody waits for writes.
    if (self->write_error) self->connection.wrote(self->connection.output().size());
    self->progress.notify_all();
    if (self->write_error) self->turn.notify_all();
    self->grant_turn();
  }
  if (self->in_flight.capacity() > kSmallRead) self->in_flight = {};
  self->flushing = false;
}

}  // namespace ws::io

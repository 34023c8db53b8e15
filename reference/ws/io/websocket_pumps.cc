// websocket_pumps.cc - between the stream and the connection.
#include <ws/core/connection/fast_way.h>
#include <ws/io/websocket_impl.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>

namespace ws::io {
namespace {

// A read is as large as the last ones let expect: idle connections are small.
constexpr std::size_t kSmallRead = 1024;
constexpr std::size_t kLargeRead = 64 * 1024;
constexpr std::size_t kReadStep = 8;
constexpr std::size_t kWriteChunk = 256 * 1024;
constexpr std::chrono::seconds kGoodbye{1};  // a few octets, for a peer that has nothing more to say

asio::awaitable<std::error_code> at_once() { co_return std::error_code{}; }

asio::awaitable<std::error_code> wait_for_activity(std::shared_ptr<WebSocket::Impl> self, Clock::time_point until) {
  co_return co_await self->activity.wait(until);
}

}  // namespace

void Buffer::allocate(std::size_t size) {
  if (capacity != size) {
    memory = std::make_unique_for_overwrite<std::byte[]>(size);
    capacity = size;
  }
  begin = end = 0;
}

WebSocket::Impl::Impl(std::unique_ptr<Stream> given, Options options)
    : stream(std::move(given)), connection(std::move(options)), wanted(kSmallRead) {}

WebSocket::Impl::~Impl() {
  if (account) account->kept -= charged;
}

asio::awaitable<std::error_code> WebSocket::Impl::read_stream(std::shared_ptr<Impl> self) {
  struct Mark {
    explicit Mark(Impl& given) : impl(given) { impl.pumping = true; }
    ~Mark() { impl.pumping = false; }
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;
    Impl& impl;
  };
  std::expected<std::size_t, std::error_code> count;
  {
    const Mark mark(*self);
    self->input.allocate(self->wanted);
    count = co_await self->stream->read_some({self->input.memory.get(), self->input.capacity});
  }
  const bool cancelled = (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none;
  if (count) {
    self->input.end = *count;
    if (*count == self->wanted) self->wanted = std::min(self->wanted * kReadStep, kLargeRead);
    if (*count < self->wanted / kReadStep) self->wanted = std::max(self->wanted / kReadStep, kSmallRead);
    self->heard = true;
    self->unyielded = 0;
    if (self->account) self->account->octets_received += *count;
  } else if (!cancelled || self->ended || count.error() != asio::error::operation_aborted) {
    self->input_ended = count.error();
  }
  self->activity.notify_all();
  if (!count && cancelled) co_return make_error_code(asio::error::operation_aborted);
  co_return std::error_code{};
}

// While messages wait that nobody took, the peer waits, too.
bool WebSocket::Impl::may_read_stream() const noexcept {
  const bool taken = inbox.empty() || discarding;
  return input.empty() && taken && !input_ended && !ended && !pumping;
}

void WebSocket::Impl::read_in_background() {
  if (!may_read_stream()) return;
  pumping = true;
  asio::co_spawn(stream->executor(), read_stream(shared_from_this()),
                 [self = shared_from_this()](const std::exception_ptr& e, const std::error_code&) {
                   if (e) self->end({});  // no memory
                 });
}

asio::awaitable<std::error_code> WebSocket::Impl::more(std::shared_ptr<Impl> self, Clock::time_point until) {
  if (self->flush_due) self->flush();
  // Whose time is limited does not read himself, so that nothing is lost when it is over.
  if (until == Clock::time_point::max() && self->may_read_stream()) return read_stream(std::move(self));
  const bool reads = self->may_read_stream();
  self->read_in_background();
  if (reads && !self->pumping) return at_once();  // TLS had some, say, and has told those who waited already
  return wait_for_activity(std::move(self), until);
}

std::optional<Received> WebSocket::Impl::take_whole() {
  if (discarding || deaf || input.empty()) return std::nullopt;
  std::span<std::byte> in(input.memory.get() + input.begin, input.end - input.begin);
  // The cutter, too, is between two frames then, and stays there.
  const auto message = FastWay::read_in_place(connection, in);
  if (!message) return std::nullopt;
  input.begin = input.end - in.size();
  if (account) ++account->messages_received;
  if (message->is_text) return event::Text{std::string(as_text(message->data))};
  return event::Binary{to_bytes(message->data)};
}

bool WebSocket::Impl::feed(std::size_t most) {
  if (ended) return false;
  if (input.empty()) {
    if (input_ended) {
      if (*input_ended != asio::error::eof) ending.error = *input_ended;
      connection.receive_eof();
      collect();
      return true;
    }
    return false;
  }
  if (deaf) {
    input.begin = input.end;
    return true;
  }
  const ByteView octets = input.octets();
  const std::size_t count = cutter.next(octets.first(std::min(octets.size(), most)), connection.state());
  connection.receive(input.octets().first(count));
  input.begin += count;
  collect();
  return true;
}

void WebSocket::Impl::count_message(const Command& command) noexcept {
  if (!account) return;
  const auto* const text = std::get_if<command::Text>(&command);
  const auto* const binary = std::get_if<command::Binary>(&command);
  const auto* const more = std::get_if<command::Continue>(&command);
  const bool whole = (text != nullptr && text->fin) || (binary != nullptr && binary->fin) ||
                     (more != nullptr && more->fin) || std::holds_alternative<command::Prepared>(command);
  if (whole) ++account->messages_sent;
}

void WebSocket::Impl::charge() {
  if (!account) return;
  std::size_t kept = ended ? 0 : connection.kept();
  for (const Received& message : inbox) {
    if (const auto* const text = std::get_if<event::Text>(&message)) kept += text->data.capacity();
    if (const auto* const binary = std::get_if<event::Binary>(&message)) kept += binary->data.capacity();
  }
  const std::size_t now = kept > kOwnMemory ? kept - kOwnMemory : 0;
  const bool grows = now > charged;
  account->kept += now - charged;
  charged = now;
  if (grows && account->kept > account->most && !deaf) fail_for_memory();
}

// Not 1009, which would blame the message: another time there is room for it.
void WebSocket::Impl::fail_for_memory() {
  ++account->out_of_memory;
  deaf = discarding = true;
  ending.error = asio::error::no_memory;
  (void)connection.submit(
      command::Close{CloseReason{close_code::kTryAgainLater, kNoMemoryLeft}});  // refused: it is closing already
  settle();
}

void WebSocket::Impl::collect() {
  bool any = false;
  while (auto event = connection.next_event()) {
    any = true;
    handle(std::move(*event));
  }
  settle();
  if (any) activity.notify_all();
  charge();
}

void WebSocket::Impl::end(Ended how) {
  if (ended) return;
  if (flush_due && !flushing && !write_error && !connection.output().empty())
    (void)stream->write_now(connection.output());  // what was queued before
  ended = true;
  ending = std::move(how);
  watchdog.reset();
  charge();
  // RFC 8446 6.1: who ends TLS in order says so, also when the peer was first.
  const bool in_order = stream->secure() && input_ended == make_error_code(asio::error::eof);
  if (in_order && !shut && !flushing && !write_error) {
    asio::co_spawn(stream->executor(), say_goodbye(shared_from_this()), asio::detached);
  } else {
    stream->close();
  }
  for (Signal* signal : {&activity, &progress, &turn, &over}) signal->notify_all();
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
  if (flush_due || flushing || write_error) return;
  if (connection.output().empty() && (!connection.wants_shutdown() || shut)) return;
  // Not at once, so that what is queued together goes out together.
  flush_due = true;
  asio::post(stream->executor(), [self = shared_from_this()] {
    if (self->flush_due) self->flush();
  });
}

void WebSocket::Impl::flush() {
  flush_due = false;
  if (ended || flushing || write_error) return;
  if (const ByteView out = connection.output(); !out.empty()) {
    if (const std::size_t count = stream->write_now(out)) {
      connection.wrote(count);
      sent += count;
      if (account) account->octets_sent += count;
      progress.notify_all();
    }
  }
  if (connection.output().empty() && (!connection.wants_shutdown() || shut)) return grant_turn();
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
      if (self->account) self->account->octets_sent += self->in_flight.size();
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

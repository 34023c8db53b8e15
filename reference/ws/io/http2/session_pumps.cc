// session_pumps.cc - the two coroutines that move octets between nghttp2 and the stream below, from the first SETTINGS
// to the end of the connection.
#include <ws/io/http2/session_impl.h>

#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <new>
#include <utility>

namespace ws::io::http2 {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;
constexpr std::size_t kWriteSize = 256 * 1024;  // octets that are serialized for one write
constexpr std::chrono::seconds kGoodbye{1};     // for GOAWAY, and for the peer to end TCP

nghttp2_session_callbacks* make_callbacks() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
  return callbacks;
}

// Debian's nghttp2 takes 8 CONTINUATION frames for an attack, and has this to say otherwise; older ones have no limit.
constexpr std::size_t kMostContinuations = 1000;
template <class Option>
auto allow_continuations(Option* option, int) -> decltype(nghttp2_option_set_max_continuations(option, 0)) {
  nghttp2_option_set_max_continuations(option, kMostContinuations);
}
template <class Option>
void allow_continuations(Option*, long) {}

nghttp2_option* make_option() {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) throw std::bad_alloc();
  nghttp2_option_set_no_auto_window_update(option, 1);  // windows open again as octets are read
  nghttp2_option_set_no_http_messaging(option, 1);      // what heads must say is core/http2's
  allow_continuations(option, 0);  // RFC 9113 6.10: there may be any number; head_limit bounds what is kept of them
  return option;
}

}  // namespace

void Session::Impl::start() {
  const Owned<nghttp2_session_callbacks> callbacks(make_callbacks());
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks.get(), begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks.get(), begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks.get(), header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks.get(), frame_recv);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks.get(), invalid_frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks.get(), frame_send);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks.get(), data_chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks.get(), stream_close);
  nghttp2_session_callbacks_set_select_padding_callback(callbacks.get(), select_padding);
  const Owned<nghttp2_option> option(make_option());
  nghttp2_session* made = nullptr;
  const bool server = options.role == Role::server;
  const int failed = server ? nghttp2_session_server_new2(&made, callbacks.get(), this, option.get())
                            : nghttp2_session_client_new2(&made, callbacks.get(), this, option.get());
  if (failed != 0) throw std::bad_alloc();
  session.reset(made);
  if (!server) nghttp2_session_set_next_stream_id(made, options.first_stream);
  holds = static_cast<bool>(options.stalled);
  std::vector<nghttp2_settings_entry> settings{{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.initial_window},
                                               {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_streams}};
  if (server && options.connect_protocol) settings.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
  if (!server) settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  for (const auto& [id, value] : options.settings) settings.push_back({id, value});
  nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, options.connection_window);
  const auto spawn = [self = shared_from_this()](asio::awaitable<void> pump) {
    asio::co_spawn(self->executor, std::move(pump), [self](std::exception_ptr e) {
      if (e) self->end(make_error_code(asio::error::no_memory));
    });
  };
  spawn(read_pump(shared_from_this()));
  spawn(write_pump(shared_from_this()));
}

asio::awaitable<void> Session::Impl::read_pump(std::shared_ptr<Impl> self) {
  Bytes buffer(kReadSize), filtered;
  while (!self->over) {
    const auto count = co_await self->under->read_some(buffer);
    if (!count) {
      self->end(count.error() == asio::error::eof ? connection_over() : count.error());
      co_return;
    }
    if (self->over) co_return;
    ++self->heard;
    self->changed.notify_all();
    const ByteView came = ByteView(buffer).first(*count);
    if (self->heard == 1 && as_text(came).starts_with("HTTP/1."))
      self->last_words = "the peer speaks HTTP/1.1, and no HTTP/2 here";
    self->take(self->options.received ? ByteView(filtered = self->options.received(came)) : came);
  }
}

void Session::Impl::take(ByteView octets) {
  if (closing) return;  // unread octets would turn the end of TCP into a reset, and GOAWAY might be lost
  const auto taken =
      nghttp2_session_mem_recv(session.get(), reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
  if (taken < 0) nghttp2_session_terminate_session(session.get(), NGHTTP2_PROTOCOL_ERROR);
  if (taken < 0 || nghttp2_session_want_read(session.get()) == 0) say_goodbye();
  settle();
}

void Session::Impl::say_goodbye() {
  closing = true;
  changed.notify_all();
  goodbye.emplace(executor, deadline_after(kGoodbye), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->end(connection_over());
  });
  settle();
}

asio::awaitable<void> Session::Impl::write_pump(std::shared_ptr<Impl> self) {
  Bytes buffer;
  while (!self->over) {
    buffer = std::exchange(self->injected, {});  // before what was written later
    bool any = false;
    ++self->round;
    while (buffer.size() < kWriteSize) {
      const std::uint8_t* octets = nullptr;
      const auto size = nghttp2_session_mem_send(self->session.get(), &octets);
      if (size < 0) co_return self->end(connection_over());
      if (size == 0) {
        if (!std::exchange(self->owes_goaway, false)) break;
        nghttp2_session_terminate_session(self->session.get(), NGHTTP2_NO_ERROR);
        continue;
      }
      any = true;
      const ByteView frame = std::as_bytes(std::span(octets, static_cast<std::size_t>(size)));
      if (self->options.rewrite) {
        append(buffer, self->options.rewrite(frame));
      } else {
        append(buffer, frame);
      }
    }
    if (self->options.sent && !buffer.empty()) self->options.sent(buffer);
    // RFC 9113 5.4.1: after GOAWAY for an error, which went out just now, TCP is closed.
    if (!self->closing && nghttp2_session_want_read(self->session.get()) == 0) self->say_goodbye();
    if (any || !buffer.empty()) {
      const auto error = co_await self->under->write(buffer);
      if (self->over) co_return;
      // What the peer said before is still to be read; but nobody waits for writes.
      if (error) co_return self->end(error);
      self->written = self->round;  // see Http2Stream::read_some()
      for (const auto& [id, stream] : self->streams)
        if (stream->out_round == self->round) stream->changed.notify_all();
      continue;
    }
    if (self->closing) {
      (void)co_await self->under->shutdown_send();
      co_return;  // read_pump() waits for the peer's end
    }
    (void)co_await self->work.wait();
  }
}

void Session::Impl::end(std::error_code why) {
  if (over) return;
  over = why;
  goodbye.reset();
  under->close();
  for (const auto& [id, stream] : streams) {
    const bool in_order = stream->in_ended && stream->out_ended;
    if (!in_order && !stream->broken) stream->broken = why;
    stream->gone = true;
    stream->changed.notify_all();
  }
  streams.clear();
  changed.notify_all();
  work.notify_all();
}

}  // namespace ws::io::http2

// session.cc - what nghttp2 calls, and the two coroutines that move octets between it and the stream below.
#include <nghttp2/nghttp2.h>
#include <ws/io/http2/session.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <cstring>
#include <map>
#include <new>
#include <utility>

namespace ws::io::http2 {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;
constexpr std::size_t kWriteSize = 256 * 1024;  // octets that are serialized for one write
constexpr std::chrono::seconds kGoodbye{1};     // for GOAWAY, and for the peer to end TCP

struct SessionFree {
  void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
  void operator()(nghttp2_session_callbacks* callbacks) const noexcept { nghttp2_session_callbacks_del(callbacks); }
  void operator()(nghttp2_option* option) const noexcept { nghttp2_option_del(option); }
};
template <class T>
using Owned = std::unique_ptr<T, SessionFree>;

class ErrorCategory final : public std::error_category {
 public:
  static constexpr int kOver = 1 << 16;
  [[nodiscard]] const char* name() const noexcept override { return "http2"; }
  [[nodiscard]] std::string message(int value) const override {
    if (value == kOver) return "the HTTP/2 connection ended";
    return "RST_STREAM with " + std::string(http2::name(static_cast<ErrorCode>(value - 1)));
  }
};
const ErrorCategory kCategory;

}  // namespace

std::error_code stream_reset(ErrorCode code) { return {static_cast<int>(code) + 1, kCategory}; }
std::error_code connection_over() { return {ErrorCategory::kOver, kCategory}; }

struct Http2Stream::State {
  explicit State(const asio::any_io_executor& executor) : changed(executor) {}

  std::int32_t id = 0;
  Fields section{};  // that comes in
  std::size_t section_octets = 0;
  std::deque<Fields> heads;  // that came in
  bool announced = false;    // server: accept() knows of it

  Bytes in;  // [taken, end) waits to be read
  std::size_t taken = 0;
  bool in_ended = false;  // END_STREAM came
  bool tunnel = false;
  bool abandoned = false;  // nobody reads: what comes is dropped
  std::error_code broken;  // no reading and no writing any more
  bool gone = false;       // nghttp2 has forgotten it

  ByteView out{};               // of the write under way
  std::uint64_t out_round = 0;  // of Session::Impl: the last octets of it went out with
  bool writing = false;
  bool out_ends = false, out_ended = false;
  bool end_sent = false;  // END_STREAM is serialized

  // RFC 9113 8.1: the answer is complete, and the rest of the request is not wanted.
  [[nodiscard]] bool wants_no_more() const noexcept { return abandoned && end_sent && !in_ended && !tunnel; }

  Signal changed;
};

struct Session::Impl : std::enable_shared_from_this<Impl> {
  using StreamState = Http2Stream::State;

  Impl(std::unique_ptr<Stream> given, SessionOptions wanted)
      : under(std::move(given)),
        options(std::move(wanted)),
        executor(under->executor()),
        changed(executor),
        work(executor) {}

  void start();
  static asio::awaitable<void> read_pump(std::shared_ptr<Impl> self);
  static asio::awaitable<void> write_pump(std::shared_ptr<Impl> self);
  void end(std::error_code why);
  void settle() { work.notify_all(); }
  void take(ByteView octets);
  void say_goodbye();
  std::shared_ptr<StreamState> find(std::int32_t id) const {
    const auto found = streams.find(id);
    return found == streams.end() ? nullptr : found->second;
  }
  void announce(const std::shared_ptr<StreamState>& stream);
  void stop_request(StreamState& stream);
  void fail_stream(StreamState& stream, ErrorCode code);
  void on_section(const nghttp2_frame& frame);
  void on_end_stream(StreamState& stream);

  static Impl& of(void* user) { return *static_cast<Impl*>(user); }
  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user);
  static int invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user);
  static int frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int data_chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                        void* user);
  static int stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user);
  static ssize_t read_source(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t size,
                             std::uint32_t* flags, nghttp2_data_source*, void* user);

  std::unique_ptr<Stream> under;
  SessionOptions options;
  asio::any_io_executor executor;
  Owned<nghttp2_session> session;
  std::map<std::int32_t, std::shared_ptr<StreamState>> streams;
  std::deque<std::shared_ptr<StreamState>> requests;  // server: for accept()
  std::uint64_t round = 0, written = 0;               // writes to the stream below: begun, done
  Bytes injected;
  std::string last_words;
  std::uint64_t pings = 0, pongs = 0;
  bool settings_came = false;
  bool closing = false;  // GOAWAY goes out, then the connection ends
  std::error_code over;  // the connection has ended
  Signal changed;        // requests, settings_came, closing, over
  Signal work;           // nghttp2 may have something to send
  std::optional<Watchdog> goodbye;
};

namespace {

nghttp2_session_callbacks* make_callbacks() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
  return callbacks;
}

nghttp2_option* make_option() {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) throw std::bad_alloc();
  nghttp2_option_set_no_auto_window_update(option, 1);  // windows open again as octets are read
  nghttp2_option_set_no_http_messaging(option, 1);      // what heads must say is core/http2's
  return option;
}

// The names and values live as long as the section does.
std::vector<nghttp2_nv> name_values(const Fields& section) {
  std::vector<nghttp2_nv> out;
  for (const Field& field : section) {
    const auto octets = [](const std::string& text) {
      return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    out.push_back(
        {octets(field.name), octets(field.value), field.name.size(), field.value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return out;
}

}  // namespace

// --- What nghttp2 tells
// ------------------------------------------------------------------------------------------------

int Session::Impl::begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Impl& self = of(user);
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  auto stream = self.find(frame->hd.stream_id);
  if (!stream) {
    stream = std::make_shared<StreamState>(self.executor);
    stream->id = frame->hd.stream_id;
    self.streams.emplace(stream->id, stream);
  }
  stream->section.clear();
  stream->section_octets = 0;
  return 0;
}

int Session::Impl::header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                          const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
  Impl& self = of(user);
  const auto stream = self.find(frame->hd.stream_id);
  if (!stream) return 0;
  constexpr std::size_t kOverhead = 32;  // RFC 9113 6.5.2
  stream->section_octets += name_size + value_size + kOverhead;
  if (stream->section_octets > self.options.head_limit) return 0;  // decoded all the same: HPACK has one state
  stream->section.push_back({std::string(reinterpret_cast<const char*>(name), name_size),
                             std::string(reinterpret_cast<const char*>(value), value_size)});
  return 0;
}

void Session::Impl::fail_stream(StreamState& stream, ErrorCode code) {
  if (stream.broken) return;
  stream.broken = stream_reset(code);
  nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, stream.id, static_cast<std::uint32_t>(code));
  stream.changed.notify_all();
}

void Session::Impl::announce(const std::shared_ptr<StreamState>& stream) {
  if (options.role != Role::server || std::exchange(stream->announced, true)) return;
  requests.push_back(stream);
  changed.notify_all();
}

void Session::Impl::on_section(const nghttp2_frame& frame) {
  const auto stream = find(frame.hd.stream_id);
  if (!stream) return;
  // RFC 9113 8.5: on a tunnel there is only DATA, and what manages the stream.
  if (stream->tunnel) return fail_stream(*stream, ErrorCode::protocol_error);
  if (stream->section_octets > options.head_limit) return fail_stream(*stream, ErrorCode::enhance_your_calm);
  stream->heads.push_back(std::exchange(stream->section, {}));
  constexpr std::size_t kMostHeads = 64;  // interim answers
  if (stream->heads.size() > kMostHeads) return fail_stream(*stream, ErrorCode::enhance_your_calm);
  announce(stream);
  stream->changed.notify_all();
}

void Session::Impl::on_end_stream(StreamState& stream) {
  stream.in_ended = true;
  stream.changed.notify_all();
}

int Session::Impl::frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Impl& self = of(user);
  if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
    self.settings_came = true;
    self.changed.notify_all();
  }
  if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
    ++self.pongs;
    self.changed.notify_all();
  }
  if (frame->hd.type == NGHTTP2_GOAWAY && self.last_words.empty())
    self.last_words = "GOAWAY with " + std::string(http2::name(static_cast<ErrorCode>(frame->goaway.error_code)));
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  const auto stream = self.find(frame->hd.stream_id);
  if (stream && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) self.on_end_stream(*stream);
  if (frame->hd.type == NGHTTP2_HEADERS) self.on_section(*frame);
  return 0;
}

int Session::Impl::invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
  Impl& self = of(user);
  if (self.last_words.empty())
    self.last_words =
        "a frame of type " + std::to_string(frame->hd.type) + " that breaks HTTP/2: " + nghttp2_strerror(error);
  return 0;
}

int Session::Impl::frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Impl& self = of(user);
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  const auto stream = self.find(frame->hd.stream_id);
  if (!stream || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  stream->end_sent = true;
  if (self.options.role == Role::server && stream->wants_no_more()) self.stop_request(*stream);
  return 0;
}

void Session::Impl::stop_request(StreamState& stream) {
  nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, stream.id,
                            static_cast<std::uint32_t>(ErrorCode::no_error));
}

int Session::Impl::data_chunk(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                              std::size_t size, void* user) {
  Impl& self = of(user);
  // One stream that is not read must not stop the others: the window of the connection opens at once.
  nghttp2_session_consume_connection(session, size);
  const auto stream = self.find(id);
  if (!stream || stream->abandoned || stream->broken) {
    nghttp2_session_consume_stream(session, id, size);
    return 0;
  }
  append(stream->in, std::as_bytes(std::span(data, size)));
  stream->changed.notify_all();
  return 0;
}

int Session::Impl::stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
  Impl& self = of(user);
  const auto found = self.streams.find(id);
  if (found == self.streams.end()) return 0;
  const auto stream = std::move(found->second);
  self.streams.erase(found);
  stream->gone = true;
  const bool in_order = stream->in_ended && stream->out_ended;
  if (!in_order && !stream->broken) stream->broken = stream_reset(static_cast<ErrorCode>(code));
  stream->changed.notify_all();
  return 0;
}

ssize_t Session::Impl::read_source(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t size,
                                   std::uint32_t* flags, nghttp2_data_source*, void* user) {
  const auto stream = of(user).find(id);
  if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const std::size_t count = std::min(size, stream->out.size());
  if (count == 0 && !stream->out_ends) return NGHTTP2_ERR_DEFERRED;
  if (count != 0) std::memcpy(into, stream->out.data(), count);
  stream->out = stream->out.subspan(count);
  if (stream->out.empty() && stream->out_ends) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    stream->out_ended = true;
  }
  stream->out_round = of(user).round;
  return static_cast<ssize_t>(count);
}

// --- The pumps
// ------------------------------------------------------------------------------------------------------------

void Session::Impl::start() {
  const Owned<nghttp2_session_callbacks> callbacks(make_callbacks());
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks.get(), begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks.get(), header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks.get(), frame_recv);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks.get(), invalid_frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks.get(), frame_send);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks.get(), data_chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks.get(), stream_close);
  const Owned<nghttp2_option> option(make_option());
  nghttp2_session* made = nullptr;
  const bool server = options.role == Role::server;
  const int failed = server ? nghttp2_session_server_new2(&made, callbacks.get(), this, option.get())
                            : nghttp2_session_client_new2(&made, callbacks.get(), this, option.get());
  if (failed != 0) throw std::bad_alloc();
  session.reset(made);
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
    const ByteView came = ByteView(buffer).first(*count);
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
      if (size == 0) break;
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

// --- The session
// ------------------------------------------------------------------------------------------------------------

Session::Session(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

std::shared_ptr<Session> Session::start(std::unique_ptr<Stream> under, SessionOptions options) {
  auto impl = std::make_shared<Impl>(std::move(under), std::move(options));
  impl->start();
  return std::make_shared<Session>(std::move(impl));
}

Session::~Session() { close(); }

void Session::close() noexcept {
  if (impl_->over || impl_->closing) return;
  nghttp2_session_terminate_session(impl_->session.get(), NGHTTP2_NO_ERROR);
  impl_->say_goodbye();
}

void Session::go_away() noexcept {
  if (impl_->over) return;
  nghttp2_submit_goaway(impl_->session.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(impl_->session.get()), NGHTTP2_NO_ERROR, nullptr, 0);
  impl_->settle();
}

asio::awaitable<std::error_code> Session::ready(Clock::time_point until) {
  const auto impl = impl_;
  while (!impl->settings_came && !impl->over && !impl->closing) {
    if (const auto error = co_await impl->changed.wait(until)) co_return error;
  }
  if (impl->settings_came && !impl->over) co_return std::error_code{};
  co_return impl->over ? impl->over : connection_over();
}

asio::awaitable<std::error_code> Session::ping(Clock::time_point until) {
  const auto impl = impl_;
  if (impl->over || impl->closing) co_return connection_over();
  const std::uint64_t mine = ++impl->pings;
  nghttp2_submit_ping(impl->session.get(), NGHTTP2_FLAG_NONE, nullptr);
  impl->settle();
  while (impl->pongs < mine) {
    if (impl->over || impl->closing) co_return connection_over();
    if (const auto error = co_await impl->changed.wait(until)) co_return error;
  }
  co_return std::error_code{};
}

void Session::inject(Bytes octets) {
  append(impl_->injected, octets);
  impl_->settle();
}

bool Session::change_settings(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings) {
  std::vector<nghttp2_settings_entry> entries;
  for (const auto& [id, value] : settings) entries.push_back({id, value});
  if (impl_->over || nghttp2_submit_settings(impl_->session.get(), NGHTTP2_FLAG_NONE, entries.data(), entries.size()))
    return false;
  impl_->settle();
  return true;
}

const std::string& Session::last_words() const noexcept { return impl_->last_words; }
bool Session::is_over() const noexcept { return impl_->over || impl_->closing; }

bool Session::peer_allows_connect() const noexcept {
  return impl_->settings_came && !impl_->over &&
         nghttp2_session_get_remote_settings(impl_->session.get(), NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

std::expected<std::unique_ptr<Http2Stream>, std::error_code> Session::request(const Fields& section, bool end) {
  if (impl_->over) return std::unexpected(impl_->over);
  auto state = std::make_shared<Http2Stream::State>(impl_->executor);
  state->out_ends = state->out_ended = end;
  const auto values = name_values(section);
  nghttp2_data_provider source{};
  source.read_callback = Impl::read_source;
  const auto id = nghttp2_submit_request(impl_->session.get(), nullptr, values.data(), values.size(),
                                         end ? nullptr : &source, nullptr);
  if (id < 0) return std::unexpected(connection_over());
  state->id = id;
  impl_->streams.emplace(id, state);
  impl_->settle();
  return std::make_unique<Http2Stream>(shared_from_this(), std::move(state));
}

asio::awaitable<std::expected<std::unique_ptr<Http2Stream>, std::error_code>> Session::accept() {
  const auto impl = impl_;
  const auto self = shared_from_this();
  while (impl->requests.empty()) {
    if (impl->over) co_return std::unexpected(impl->over);
    if (const auto error = co_await impl->changed.wait()) co_return std::unexpected(error);
  }
  auto state = std::move(impl->requests.front());
  impl->requests.pop_front();
  co_return std::make_unique<Http2Stream>(self, std::move(state));
}

asio::any_io_executor Session::executor() const noexcept { return impl_->executor; }
std::string Session::peer() const { return impl_->under->peer(); }
bool Session::secure() const noexcept { return impl_->under->secure(); }

// --- A stream of it
// ----------------------------------------------------------------------------------------------------------

Http2Stream::Http2Stream(std::shared_ptr<Session> session, std::shared_ptr<State> state) noexcept
    : session_(std::move(session)), state_(std::move(state)) {}

Http2Stream::~Http2Stream() { close(); }

asio::any_io_executor Http2Stream::executor() { return session_->executor(); }
std::string Http2Stream::peer() const { return session_->peer(); }
bool Http2Stream::secure() const noexcept { return session_->secure(); }
PeerAddress Http2Stream::peer_address() const { return session_->impl_->under->peer_address(); }
std::optional<Certificate> Http2Stream::peer_certificate() const { return session_->impl_->under->peer_certificate(); }
std::int32_t Http2Stream::id() const noexcept { return state_->id; }
bool Http2Stream::ended_by_peer() const noexcept { return state_->in_ended; }

void Http2Stream::becomes_tunnel() noexcept {
  state_->tunnel = true;
  if (!state_->heads.empty()) session_->impl_->fail_stream(*state_, ErrorCode::protocol_error);
}

asio::awaitable<std::expected<Fields, std::error_code>> Http2Stream::head() {
  const auto state = state_;
  while (state->heads.empty()) {
    if (state->broken) co_return std::unexpected(state->broken);
    if (state->in_ended) co_return std::unexpected(make_error_code(asio::error::eof));
    if (const auto error = co_await state->changed.wait()) co_return std::unexpected(error);
  }
  Fields section = std::move(state->heads.front());
  state->heads.pop_front();
  co_return section;
}

void Http2Stream::answer(const Fields& section, bool end) {
  const auto& impl = session_->impl_;
  if (impl->over || state_->gone) return;
  const auto values = name_values(section);
  nghttp2_data_provider source{};
  source.read_callback = Session::Impl::read_source;
  state_->out_ends = state_->out_ended = end;
  nghttp2_submit_response(impl->session.get(), state_->id, values.data(), values.size(), end ? nullptr : &source);
  impl->settle();
}

asio::awaitable<std::expected<std::size_t, std::error_code>> Http2Stream::read_some(std::span<std::byte> into) {
  const auto state = state_;
  const auto impl = session_->impl_;
  // An answer does not overtake the end of the write that it answers, which is on its way to the writer.
  const auto write_is_over = [&] {
    return state->writing && !state->broken && state->out.empty() && impl->written >= state->out_round;
  };
  while (write_is_over() || state->in.empty()) {
    const bool wait = write_is_over();
    if (!wait && state->broken) co_return std::unexpected(state->broken);
    if (!wait && state->in_ended) co_return std::unexpected(make_error_code(asio::error::eof));
    if (const auto error = co_await state->changed.wait()) co_return std::unexpected(error);
  }
  const std::size_t count = std::min(into.size(), state->in.size() - state->taken);
  std::memcpy(into.data(), state->in.data() + state->taken, count);
  state->taken += count;
  if (state->taken == state->in.size()) {
    state->in.clear();
    state->taken = 0;
    if (state->in.capacity() > kReadSize) state->in = {};
  }
  if (!state->gone && !impl->over) {
    nghttp2_session_consume_stream(impl->session.get(), state->id, count);
    impl->settle();
  }
  co_return count;
}

asio::awaitable<std::error_code> Http2Stream::write(ByteView octets) {
  const auto state = state_;
  const auto impl = session_->impl_;
  if (state->broken) co_return state->broken;
  if (state->out_ends) co_return make_error_code(asio::error::broken_pipe);
  state->out = octets;
  state->writing = true;
  nghttp2_session_resume_data(impl->session.get(), state->id);
  impl->settle();
  while (!state->out.empty() || impl->written < state->out_round) {
    std::error_code error = state->broken;
    if (!error) error = co_await state->changed.wait();
    if (!error) continue;
    state->out = {};
    state->writing = false;
    co_return error;
  }
  state->writing = false;
  state->changed.notify_all();
  co_return std::error_code{};
}

asio::awaitable<std::error_code> Http2Stream::shutdown_send() {
  const auto state = state_;
  const auto impl = session_->impl_;
  if (state->broken) co_return state->broken;
  if (std::exchange(state->out_ends, true)) co_return std::error_code{};
  if (!state->gone && !impl->over) {
    nghttp2_session_resume_data(impl->session.get(), state->id);
    impl->settle();
  }
  co_return std::error_code{};
}

void Http2Stream::reset_with(ErrorCode code) noexcept {
  const auto& impl = session_->impl_;
  if (!state_->gone && !impl->over) {
    nghttp2_submit_rst_stream(impl->session.get(), NGHTTP2_FLAG_NONE, state_->id, static_cast<std::uint32_t>(code));
    impl->settle();
  }
  state_->abandoned = true;
  if (!state_->broken) state_->broken = make_error_code(asio::error::operation_aborted);
  state_->changed.notify_all();
}

void Http2Stream::close() noexcept {
  if (std::exchange(state_->abandoned, true)) return;
  const auto& impl = session_->impl_;
  const bool open = !state_->gone && !impl->over;
  if (open && !state_->out_ends) {
    if (state_->in_ended) {
      state_->out_ends = true;
      nghttp2_session_resume_data(impl->session.get(), state_->id);
    } else {
      nghttp2_submit_rst_stream(impl->session.get(), NGHTTP2_FLAG_NONE, state_->id,
                                static_cast<std::uint32_t>(ErrorCode::cancel));
    }
    impl->settle();
  } else if (open && impl->options.role == Role::server && state_->wants_no_more()) {
    impl->stop_request(*state_);
    impl->settle();
  }
  if (!state_->broken) state_->broken = make_error_code(asio::error::operation_aborted);
  state_->changed.notify_all();
}

}  // namespace ws::io::http2

// session_impl.h - what a Session and its streams keep, for the .cc files of this folder.
#pragma once
#include <nghttp2/nghttp2.h>
#include <ws/io/http2/session.h>

#include <map>

namespace ws::io::http2 {

struct SessionFree {
  void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
  void operator()(nghttp2_session_callbacks* callbacks) const noexcept { nghttp2_session_callbacks_del(callbacks); }
  void operator()(nghttp2_option* option) const noexcept { nghttp2_option_del(option); }
};
template <class T>
using Owned = std::unique_ptr<T, SessionFree>;

// The names and values live as long as the section does.
[[nodiscard]] std::vector<nghttp2_nv> name_values(const Fields& section);

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
  bool keeps = false;     // keep_until_end()
  Bytes kept{};           // of it
  bool end_sent = false;  // END_STREAM is serialized

  // RFC 9113 8.1: the answer is complete, and the rest of the request is not wanted.
  [[nodiscard]] bool wants_no_more() const noexcept { return abandoned && end_sent && !in_ended && !tunnel; }

  Signal changed;
};

// The numbers that a client has left out: those streams are closed (RFC 9113 5.1.1).
class PassedOver {
 public:
  void opened(std::int32_t id);  // HEADERS came on it
  [[nodiscard]] bool has(std::int32_t id) const noexcept;

 private:
  std::int32_t newest_ = -1;
  std::deque<std::pair<std::int32_t, std::int32_t>> gaps_;  // the latest, first and last of each
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
  [[nodiscard]] static asio::awaitable<std::error_code> ping(std::shared_ptr<Impl> impl, Clock::time_point until);
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
  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user);
  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user);
  static int invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user);
  static int frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int data_chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                        void* user);
  void windows_have_settled();
  void give_back(std::int32_t id, std::size_t octets);
  static asio::awaitable<void> hold(std::shared_ptr<Impl> self);
  void watch_windows();
  [[nodiscard]] bool window_is_used_up() const;
  [[nodiscard]] bool gets_wide_windows(std::size_t padding) const;
  static ssize_t select_padding(nghttp2_session*, const nghttp2_frame* frame, std::size_t most, void* user);
  static int stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user);
  static ssize_t read_source(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t size,
                             std::uint32_t* flags, nghttp2_data_source*, void* user);

  std::unique_ptr<Stream> under;
  SessionOptions options;
  asio::any_io_executor executor;
  Owned<nghttp2_session> session;
  std::map<std::int32_t, std::shared_ptr<StreamState>> streams;
  std::deque<std::shared_ptr<StreamState>> requests;  // server: for accept()
  PassedOver passed_over;
  std::uint64_t round = 0, written = 0;  // writes to the stream below: begun, done
  Bytes injected;
  std::string last_words;
  std::uint64_t pings = 0, pongs = 0, heard = 0, acknowledged = 0;
  bool settings_came = false;
  bool closing = false;      // GOAWAY goes out, then the connection ends
  bool owes_goaway = false;  // it goes after END_STREAM of each stream that has ended (RFC 8441 5, RFC 6455 7.1.1)
  std::error_code over;      // the connection has ended
  Signal changed;            // requests, settings_came, acknowledged, heard, closing, over
  Signal work;               // nghttp2 may have something to send
  std::optional<Watchdog> goodbye;
  // While options.stalled holds the windows (hold()).
  bool holds = false, watches = false;
  std::size_t came = 0, owed = 0;               // octets of DATA; those not given back to the window of the connection
  std::map<std::int32_t, std::size_t> owed_to;  // to those of streams
};

}  // namespace ws::io::http2

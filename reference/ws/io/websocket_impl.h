// websocket_impl.h - what stands behind WebSocket: ws::Connection between two pumps.
//
// Who waits for an event reads the stream himself (more()), and gives what came to the connection, frame by frame
// (feed()). When several wait, one reads, and the others are told (activity). What is written goes to the kernel at
// once (flush()); flush_pump lives while the kernel does not take it. websocket.cc has the operations,
// message_writer.cc and websocket_background.cc more of them, websocket_pumps.cc the pumps, websocket_events.cc what
// events mean, accept.cc and connect.cc the opening handshake.
#pragma once
#include <ws/io/frame_cutter.h>
#include <ws/io/websocket.h>

#include <limits>
#include <vector>

namespace ws::io {

constexpr const char* kNoMemoryLeft = "no memory left";  // with 1013: see Account

// Memory that is not cleared first, and the octets in it.
struct Buffer {
  std::unique_ptr<std::byte[]> memory;
  std::size_t capacity = 0, begin = 0, end = 0;

  [[nodiscard]] bool empty() const noexcept { return begin == end; }
  [[nodiscard]] ByteView octets() const noexcept { return {memory.get() + begin, end - begin}; }
  void allocate(std::size_t size);  // empty, with exactly this capacity
};

struct WebSocket::Impl : std::enable_shared_from_this<Impl> {
  Impl(std::unique_ptr<Stream> given, Options options);
  ~Impl();

  // Input.
  // Gives the connection its next piece, of at most so many octets; false when there is none.
  bool feed(std::size_t most = std::numeric_limits<std::size_t>::max());
  // The short way of a small whole message; or nothing, and then feed() is the way.
  std::optional<Received> take_whole();
  // Waits until there is something to feed(), or another coroutine made something of it. Errors: the wait's.
  static asio::awaitable<std::error_code> more(std::shared_ptr<Impl> self,
                                               Clock::time_point until = Clock::time_point::max());
  static asio::awaitable<std::error_code> read_stream(std::shared_ptr<Impl> self);
  void read_in_background();  // once, if there is a need
  [[nodiscard]] bool may_read_stream() const noexcept;
  void fail_for_memory();
  // Called from time to time: sends a Ping after so many calls between which nothing came, and drops the connection
  // after so many. Says whether it did that. An application that does not read hears nothing; then nobody is blamed.
  bool still_silent(unsigned ping_after, unsigned drop_after);
  void charge();                   // what is kept, to the account
  std::optional<Received> take();  // what next() gives
  void collect();                  // events -> members; then settle()
  void handle(Event event);
  // Calls a hook of the application. It may put another one in its place, or drop the connection.
  using Hook = std::function<void(ByteView payload)>;
  void call(std::shared_ptr<const Hook> hook, ByteView payload);
  void fail_as_application();  // 1011: what the application was called for threw
  void end(Ended how);

  // Output.
  void settle();  // after each change of the connection: output, shutdown, timer
  void flush();   // gives the kernel what it takes; the rest is flush_pump's
  void count_message(const Command& command) noexcept;
  [[nodiscard]] std::size_t pending() const noexcept;
  [[nodiscard]] std::error_code gone() const noexcept;  // why nothing can be written any more

  static asio::awaitable<void> flush_pump(std::shared_ptr<Impl> self);
  static asio::awaitable<void> say_goodbye(std::shared_ptr<Impl> self);  // close_notify, then closes

  static asio::awaitable<std::expected<Received, std::error_code>> read(std::shared_ptr<Impl> self,
                                                                        Clock::time_point until);
  static asio::awaitable<std::expected<Ended, std::error_code>> close(std::shared_ptr<Impl> self, command::Close close,
                                                                      Clock::time_point until);
  // A whole message; the command's views must outlive the operation.
  static asio::awaitable<std::error_code> write(std::shared_ptr<Impl> self, Command command, Clock::time_point until);
  // Until the next message may begin.
  static asio::awaitable<std::error_code> wait_for_turn(std::shared_ptr<Impl> self, Clock::time_point until);
  // Until all that is pending now went to the kernel.
  static asio::awaitable<std::error_code> flushed(std::shared_ptr<Impl> self, Clock::time_point until);
  static asio::awaitable<std::expected<MessageWriter, std::error_code>> start(std::shared_ptr<Impl> self, Command first,
                                                                              std::chrono::milliseconds limit);
  std::expected<void, Misuse> queue(const Command& command);
  [[nodiscard]] bool busy() const noexcept;  // no message may begin now
  void grant_turn();                         // to the writer that waits longest, unless busy()
  // A connection that is handed out is open, so that a wrong state is a late one.
  [[nodiscard]] static std::error_code refusal(Misuse misuse) noexcept;

  // Reading, beside read().
  [[nodiscard]] std::error_code may_not_read() const noexcept;
  std::optional<ReceivedPiece> take_piece();  // what read_piece() would give without waiting
  static asio::awaitable<std::expected<ReceivedPiece, std::error_code>> read_piece(std::shared_ptr<Impl> self,
                                                                                   Clock::time_point until);
  static asio::awaitable<std::expected<Clock::duration, std::error_code>> ping(std::shared_ptr<Impl> self,
                                                                               Clock::time_point until);
  static asio::awaitable<std::expected<Ended, std::error_code>> wait_ended(std::shared_ptr<Impl> self,
                                                                           std::chrono::milliseconds limit);
  void refuse_messages();                                                    // in the background: 1008
  static asio::awaitable<void> read_for_nobody(std::shared_ptr<Impl> self);  // close_read()
  // For a connection that was handed over by its handler: until somebody reads it himself, the octets of its peer are
  // looked at up to a message that waits for him; or, when only hubs have it, who never read, as close_read() does.
  static asio::awaitable<void> read_until_read(std::shared_ptr<Impl> self, std::weak_ptr<WebSocket> theirs);
  static asio::awaitable<void> ping_again(std::shared_ptr<Impl> self, KeepAlive options);  // keep_alive()

  // Until the opening handshake has news (a request, or its end), the connection has ended, or `until`.
  static asio::awaitable<std::error_code> opening(std::shared_ptr<Impl> self, Clock::time_point until);
  // Why there is no open connection.
  [[nodiscard]] OpenError not_opened(const std::error_code& error) const;

  // Marks the one reader while it lives.
  struct Reading {
    explicit Reading(Impl& given) : impl(given) { impl.reading = impl.was_read = true; }
    ~Reading() { impl.reading = false; }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    Impl& impl;
  };

  struct OutstandingPing {
    Bytes payload;
    bool answered = false;
  };

  std::unique_ptr<Stream> stream;
  Connection connection;
  FrameCutter cutter;

  Buffer input;                                // being fed
  std::optional<std::error_code> input_ended;  // after `input`
  bool pumping = false;                        // somebody is in read_stream()
  std::size_t wanted;                          // octets of the next read
  bool polled = false;                         // next() found nothing, and nobody waited since then
  bool deaf = false;                           // what comes is dropped: there is no memory for it
  bool heard = false;                          // anything, since the service looked
  unsigned silent = 0;                         // how often it looked in vain
  std::vector<Received> inbox;
  std::vector<std::shared_ptr<OutstandingPing>> pings;
  bool discarding = false;  // close() was called
  bool reading = false, reading_given_up = false;
  bool was_read = false;  // by whom it belongs to now
  long hubs = 0;          // that have it
  std::shared_ptr<const Hook> ping_hook, pong_hook;

  Bytes in_flight;         // being written
  std::uint64_t sent = 0;  // octets that the kernel has taken
  bool flushing = false, shut = false;
  bool flush_due = false;  // somebody will call flush()
  unsigned unyielded = 0;  // writes that ended at once, since the last one that waited
  bool streaming = false;  // a MessageWriter has the turn
  std::error_code write_error;

  std::string peer;                         // for people
  std::optional<RequestHead> requested;     // server
  std::unique_ptr<RequestFacts> undecided;  // server: of a request that waits for our answer
  std::optional<event::Opened> opened;
  std::unique_ptr<ResponseHead> rejected;
  std::any value;  // Answer::value
  std::shared_ptr<Account> account;
  std::size_t charged = 0;  // of Account::kept
  Ended ending;             // filled as it becomes known
  bool ended = false;

  State timed_state = State::closed;  // the state that the watchdog watches
  std::optional<Watchdog> watchdog;

  Signal activity;  // input came, or an event
  Signal progress;  // octets went out
  Signal turn;      // not busy() any more: one writer more
  Signal over;      // the connection ended
};

}  // namespace ws::io

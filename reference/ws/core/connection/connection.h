// connection.h - one WebSocket connection as a sans-I/O state machine (RFC 6455, RFC 7692).
//
// It owns no socket, clock, thread or random source; equal inputs give equal outputs, however the
// input is cut. The caller's loop is always the same:
//
//   conn.receive(octets);                 // or receive_eof(), or expire()
//   while (auto event = conn.next_event()) handle(*event);
//   conn.wrote(write(conn.output()));
//   arm(conn.timer()); if (conn.wants_shutdown()) shutdown_send();
//
// Where the RFCs leave a choice, this endpoint takes these (ids: cases/choices.json):
//   C-09  a key decodes to 16 octets; its pad bits may be anything
//   C-10  quoted strings and empty list elements pass, any other grammar error is refused
//   C-14  each header octet is judged as soon as it is there; 1002
//   C-15  limits are judged on the announced length, for compressed messages on what was inflated; 1009
//   C-16  lengths that are not minimal fail the connection
//   C-18  Pings are answered at once, also while our own Close waits for its answer
//   C-19  a Close is answered at once; the tail of a half-sent message is not sent
//   C-22  the reply to a Close has the same code and no reason; a server answers 1010 with 1000
//   C-23  what comes after the peer's Close is dropped; the first octet of it is reported (frame_after_close)
//   C-26  every Ping is answered, but only the latest one while more than 256 KiB of output wait
//   C-29  1012-1014 pass, other unassigned codes below 3000 do not; 1002
//   C-30  bad DEFLATE data and bad UTF-8, also in a Close, are 1007
//   C-31  UTF-8 fails at the first impossible octet, also as it comes out of the inflater
//   C-32  repeated Host, Key, Version, Accept and (in an answer) Protocol fields are refused
//   C-33  a server declines server_max_window_bits=8; a client that is told to keep to 8 sends uncompressed
//   C-37  a compressed message without any octet is corrupt; an empty one is a single 00
//   C-39  bare LF is refused, leading empty lines pass, a request with a body is refused, 100 goes before 101
//   C-40  the end of TCP without a Close is 1006, and nothing more is sent
#pragma once
#include <ws/core/connection/command.h>
#include <ws/core/connection/event.h>
#include <ws/core/connection/options.h>

#include <chrono>
#include <expected>
#include <memory>
#include <optional>

namespace ws {

class Connection {
 public:
  explicit Connection(Options options);
  // A connection that is already open: the caller made the opening handshake elsewhere.
  static Connection opened(Options options, std::optional<DeflateParams> deflate);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // Input. Never fails: what the peer does wrong becomes event::Failed.
  void receive(ByteView octets);
  void receive_eof();
  void expire();  // the deadline named by timer() passed

  [[nodiscard]] std::expected<void, Misuse> submit(const Command& command);

  // Results.
  [[nodiscard]] std::optional<Event> next_event();
  // For readers of messages that are too long to wait for: what came of the one being read and was not taken yet, if
  // anything. Its event then has only the rest. Limits::message counts all of it.
  [[nodiscard]] std::optional<Piece> take_piece();
  [[nodiscard]] ByteView output() const noexcept;  // valid until the next non-const call
  void wrote(std::size_t octets);

  [[nodiscard]] bool wants_shutdown() const noexcept;  // output() is drained and the send side is done
  [[nodiscard]] std::optional<std::chrono::milliseconds> timer() const noexcept;  // how long the present state may last
  [[nodiscard]] State state() const noexcept;
  // Octets of memory that hold what came and is not a whole message or head yet, and what goes out. Buffers that are
  // kept for later count; what compression needs by itself does not.
  [[nodiscard]] std::size_t kept() const noexcept;

 private:
  friend class FastWay;
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ws

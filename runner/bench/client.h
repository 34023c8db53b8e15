// client.h - one connection of the load generator: the opening handshake by ws::Connection, then frames straight
// through the core's codec, with every echo compared octet by octet as it comes.
#pragma once
#include <ws/core/connection/connection.h>
#include <ws/core/connection/header_reader.h>
#include <ws/core/deflate/deflate.h>
#include <ws/io/frame_cutter.h>

#include "runner/bench/channel.h"
#include "runner/bench/message.h"
#include "runner/bench/options.h"

namespace touchstone::bench {

// What all connections share.
struct Shared {
  const LoadOptions& options;
  Message message;
  ws::Limits limits{};      // of one frame; a message may come in any number of them
  ws::Bytes input{};        // of the one that is reading
  ws::Bytes frame{};        // of the one that is writing
  ws::Bytes scratch{};      // compressed or inflated
  Clock::time_point now{};  // of what is going on
  std::string address{};    // for people
};

class Client {
 public:
  enum class State : std::uint8_t { connecting, opening, open, closing, ended };
  struct Told {
    bool opened = false;       // just now
    std::size_t echoes = 0;    // just now; their latencies went to `on_echo`
    bool wants_write = false;  // besides reading
  };
  // Gets the moment for which the message was meant.
  using OnEcho = std::function<void(Clock::time_point)>;

  Client(Shared& shared, Channel channel);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] int descriptor() const noexcept { return channel_.descriptor(); }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }  // why it ended
  [[nodiscard]] bool was_open() const noexcept { return was_open_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return sent_ - echoed_; }
  [[nodiscard]] bool deflate() const noexcept { return deflater_.has_value(); }
  [[nodiscard]] Clock::time_point begun() const noexcept { return begun_; }

  // The socket is readable or writable.
  Told ready(const OnEcho& on_echo);
  // Sends the next message, which was meant for `due`. Needs waiting() < in_flight. True: wants to write.
  bool send(Clock::time_point due);
  // Says goodbye: Close, and TCP's end with the answer. True: wants to write.
  bool close();
  void end(std::string reason);

 private:
  void connect(Told& told);
  void open(Told& told);
  void read(Told& told, const OnEcho& on_echo);
  void take(ws::ByteView in, Told& told, const OnEcho& on_echo);
  ws::ByteView take_handshake(ws::ByteView in, Told& told);
  void decide(const ws::Event& event, Told& told);
  void agree(const ws::DeflateParams& agreed);
  bool begin_frame(const ws::FrameHeader& header);
  bool take_payload(ws::ByteView piece);
  bool compare(ws::ByteView piece);
  bool end_frame(Told& told, const OnEcho& on_echo);
  bool end_control(ws::Opcode opcode);
  void put_frame(ws::Opcode opcode, ws::ByteView payload, bool compressed);
  bool flush();

  Shared& shared_;
  Channel channel_;
  State state_ = State::connecting;
  bool was_open_ = false;
  std::string reason_;
  Clock::time_point begun_;
  std::unique_ptr<ws::Connection> handshake_;  // until the connection is open
  ws::Bytes waiting_output_;                   // that the kernel did not take at once
  std::size_t written_ = 0;
  // Messages.
  std::vector<Clock::time_point> due_;  // of those that wait for their echo: a ring
  std::uint64_t sent_ = 0, echoed_ = 0;
  std::optional<ws::Deflater> deflater_;
  std::optional<ws::Inflater> inflater_;
  // The frame and the message that are coming in.
  ws::HeaderReader header_reader_;
  std::optional<ws::FrameHeader> frame_;
  std::uint64_t frame_left_ = 0;
  bool in_message_ = false, compressed_ = false;
  std::uint32_t fragments_ = 0;
  std::size_t position_ = 0;  // octets of the echo that came, inflated
  ws::Bytes control_;
};

}  // namespace touchstone::bench

#include <ws/core/http/handshake.h>
#include <ws/io/net/wait.h>
#include <ws/testing/ask.h>
#include <ws/testing/oracle/unlimited.h>
#include <ws/testing/run.h>
#include <ws/testing/seeded.h>

#include <asio/co_spawn.hpp>
#include <asio/error.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace ws::testing {
namespace {

Frame frame(Opcode opcode, std::string_view payload, bool fin = true) {
  Frame made;
  made.header.opcode = opcode;
  made.header.fin = fin;
  made.payload = to_bytes(payload);
  return made;
}

Bytes request_for(const Url& url, const AskOptions& options, Seeded& random) {
  RequestHead head;
  head.method = "GET";
  head.target = url.target;
  head.fields = {{"Host", host_field(url)},
                 {"Upgrade", "websocket"},
                 {"Connection", "Upgrade"},
                 {"Sec-WebSocket-Key", random.nonce()},
                 {"Sec-WebSocket-Version", "13"}};
  head.fields.insert(head.fields.end(), options.fields.begin(), options.fields.end());
  return to_bytes(serialize(head));
}

constexpr std::string_view kStillThere = "are you still there?";

bool has_close(const std::vector<Frame>& frames) {
  return std::ranges::any_of(frames, [](const Frame& f) { return f.header.opcode == Opcode::close; });
}

// How many messages a strict server takes from the frames; none when it fails the connection for them.
std::size_t messages_in(ByteView frames) {
  Connection server = unlimited(Role::server, std::nullopt);
  server.receive(frames);
  std::size_t count = 0;
  while (const auto event = server.next_event()) {
    if (std::holds_alternative<event::Failed>(*event)) return 0;
    if (std::holds_alternative<event::Text>(*event) || std::holds_alternative<event::Binary>(*event)) ++count;
  }
  return count;
}

// The frames wait for the answer: what is sent before it may be dropped (C-12). The Close waits for what the server has
// to say before it: once it is there, a server need not answer anything any more (RFC 6455 5.5.1, 7.1.7), and one that
// answers later than it reads does not.
class Asking : public std::enable_shared_from_this<Asking> {
 public:
  Asking(std::unique_ptr<io::Stream> given, const std::vector<Frame>& frames, const AskOptions& options)
      : stream(tap(std::move(given), transcript)), question_(octets_of(frames, Role::client, options.seed)) {
    answers_ = options.answers.value_or(messages_in(question_));
    append(question_, octets_of({ping(kStillThere)}, Role::client, options.seed + 1));
    if (!has_close(frames)) goodbye_ = octets_of({close_frame(close_code::kNormal)}, Role::client, options.seed + 2);
  }

  // Says what there is to say after what came.
  void go_on() {
    if (!question_.empty() || !goodbye_.empty()) follow(hear(*transcript));
  }

  // No answer comes: what the server does with a Close is still to be heard.
  void say_goodbye() {
    if (question_.empty()) say(std::exchange(goodbye_, {}));
  }

  std::shared_ptr<Transcript> transcript = std::make_shared<Transcript>();
  std::unique_ptr<io::Stream> stream;

 private:
  void follow(const Heard& heard) {
    if (!heard.error.empty() || heard.status != 101) return;
    if (!question_.empty()) return say(std::exchange(question_, {}));
    const bool answered = answers_ > 0 ? heard.messages.size() >= answers_
                                       : std::ranges::find(heard.pongs, kStillThere) != heard.pongs.end();
    if (answered) say_goodbye();
  }

  void say(const Bytes& octets) {
    append(outbox_, octets);
    if (writing_ || outbox_.empty()) return;
    writing_ = true;
    asio::co_spawn(stream->executor(), write(shared_from_this()), [](std::exception_ptr) {});
  }

  // Beside the reading: who fails the connection stops to read.
  static asio::awaitable<void> write(std::shared_ptr<Asking> self) {
    while (!self->outbox_.empty()) {
      const Bytes now = std::exchange(self->outbox_, {});
      if (co_await self->stream->write(now)) co_return;
    }
    self->writing_ = false;
  }

  Bytes question_, goodbye_, outbox_;
  std::size_t answers_ = 0;
  bool writing_ = false;
};

}  // namespace

Frame text(std::string_view data) { return frame(Opcode::text, data); }
Frame binary(std::string_view data) { return frame(Opcode::binary, data); }
Frame ping(std::string_view payload) { return frame(Opcode::ping, payload); }
Frame continuation(std::string_view data, bool fin) { return frame(Opcode::cont, data, fin); }

Frame close_frame(std::uint16_t code, std::string_view reason) {
  return frame(Opcode::close, as_text(encode_close(CloseReason{code, std::string(reason)})));
}

Frame unfinished(Frame first) {
  first.header.fin = false;
  return first;
}

Frame with(Bit bit, Frame frame) {
  (bit == Bit::rsv1 ? frame.header.rsv1 : bit == Bit::rsv2 ? frame.header.rsv2 : frame.header.rsv3) = true;
  return frame;
}

Bytes octets_of(const std::vector<Frame>& frames, Role sender, std::uint64_t seed) {
  Seeded random(seed);
  Bytes out;
  for (const Frame& each : frames) {
    FrameHeader header = each.header;
    if (sender == Role::client && !header.mask) header.mask = random.mask_key();
    encode_frame(header, each.payload, out);
  }
  return out;
}

asio::awaitable<Heard> ask(std::unique_ptr<io::Stream> stream, Url url, Frames frames, AskOptions options) {
  const auto asking = std::make_shared<Asking>(std::move(stream), frames.list(), options);
  Seeded random(options.seed);
  const io::Watchdog watchdog(asking->stream->executor(), io::deadline_after(options.limit), [&] {
    asking->transcript->add(Transcript::Kind::nothing_came);
    asking->stream->close();
  });
  const io::Watchdog patience(asking->stream->executor(), io::deadline_after(options.limit / 2),
                              [&] { asking->say_goodbye(); });
  const Bytes request = request_for(url, options, random);
  (void)co_await asking->stream->write(request);
  Bytes buffer(64 * 1024);
  while (co_await asking->stream->read_some(buffer)) asking->go_on();
  Transcript transcript = *asking->transcript;  // before our own end
  asking->stream->close();
  co_return hear(std::move(transcript));
}

Heard ask(const Url& url, const Frames& frames, const AskOptions& options) {
  Heard heard;
  run([&]() -> asio::awaitable<void> {
    io::DialOptions dialing;
    dialing.host = url.host;
    dialing.port = url.port;
    dialing.deadline = options.limit;
    if (url.secure) dialing.tls = options.tls;
    auto stream = co_await io::dial(std::move(dialing));
    if (stream) {
      heard = co_await ask(std::move(*stream), url, frames, options);
    } else {
      heard.error = std::move(stream.error().text);
    }
  });
  return heard;
}

}  // namespace ws::testing

#include <ws/core/http/handshake.h>
#include <ws/io/net/wait.h>
#include <ws/testing/ask.h>
#include <ws/testing/run.h>
#include <ws/testing/seeded.h>

#include <asio/co_spawn.hpp>
#include <asio/error.hpp>

#include <algorithm>
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

// The question, and what shows how the server went on.
std::vector<Frame> with_an_end(std::vector<Frame> frames) {
  const bool closes = std::ranges::any_of(frames, [](const Frame& f) { return f.header.opcode == Opcode::close; });
  frames.push_back(ping("are you still there?"));
  if (!closes) frames.push_back(close_frame(close_code::kNormal));
  return frames;
}

// The frames wait for the answer: what is sent before it may be dropped (C-12).
struct Asking {
  explicit Asking(std::unique_ptr<io::Stream> given)
      : transcript(std::make_shared<Transcript>()), stream(tap(std::move(given), transcript)) {}
  std::shared_ptr<Transcript> transcript;
  std::unique_ptr<io::Stream> stream;
  Bytes frames;

  static asio::awaitable<void> write(std::shared_ptr<Asking> self) {
    (void)co_await self->stream->write(self->frames);  // who fails the connection stops to read
  }
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

asio::awaitable<Heard> ask(std::unique_ptr<io::Stream> stream, Url url, std::vector<Frame> frames, AskOptions options) {
  const auto asking = std::make_shared<Asking>(std::move(stream));
  Seeded random(options.seed);
  const io::Watchdog watchdog(asking->stream->executor(), io::deadline_after(options.limit), [&] {
    asking->transcript->add(Transcript::Kind::nothing_came);
    asking->stream->close();
  });
  const Bytes request = request_for(url, options, random);
  (void)co_await asking->stream->write(request);
  asking->frames = octets_of(with_an_end(std::move(frames)), Role::client, options.seed);
  Bytes buffer(64 * 1024), answer;
  bool asked = false;
  while (true) {
    const auto count = co_await asking->stream->read_some(buffer);
    if (!count) break;
    if (asked) continue;
    append(answer, ByteView(buffer).first(*count));
    const auto end = head_end(answer, HeadLimits{});
    if (!end) break;
    if (!*end) continue;
    if (!as_text(answer).starts_with("HTTP/1.1 101")) break;
    asked = true;
    asio::co_spawn(asking->stream->executor(), Asking::write(asking), [](std::exception_ptr) {});
  }
  Transcript transcript = *asking->transcript;  // before our own end
  asking->stream->close();
  co_return hear(std::move(transcript));
}

Heard ask(const Url& url, const std::vector<Frame>& frames, const AskOptions& options) {
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

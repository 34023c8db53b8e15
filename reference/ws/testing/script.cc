#include <ws/core/http/handshake.h>
#include <ws/testing/script.h>
#include <ws/testing/script_session.h>

#include <asio/error.hpp>

#include <algorithm>
#include <utility>

namespace ws::testing {
namespace {

using Result = asio::awaitable<std::optional<std::string>>;

std::optional<std::string> came(std::string what) { return "came " + what; }

std::string with(std::string what, const Script::Payload& payload) {
  return payload ? std::move(what) + " " + describe(as_octets(*payload)) : what;
}

bool fits(const Script::Payload& wanted, ByteView payload) { return !wanted || *wanted == as_text(payload); }

bool is_plain(const FrameHeader& header) { return header.fin && !header.rsv1 && !header.rsv2 && !header.rsv3; }

FrameHeader plain(Opcode opcode) {
  FrameHeader header;
  header.opcode = opcode;
  return header;
}

// A whole message of this kind.
Result expect_message(Script::Session& session, Opcode opcode, Script::Payload wanted) {
  Frame message;
  for (Opcode next = opcode;; next = Opcode::cont) {
    auto frame = co_await session.next_frame_but_pings(next);
    if (!frame) co_return came(frame.error());
    const FrameHeader& header = frame->header;
    if (header.opcode != next || header.rsv1 || header.rsv2 || header.rsv3) {
      co_return came(describe(*frame) + (next == Opcode::cont ? " inside the message" : ""));
    }
    append(message.payload, frame->payload);
    if (header.fin) break;
  }
  if (fits(wanted, message.payload)) co_return std::nullopt;
  co_return came(describe(message.payload));
}

Result expect_control(Script::Session& session, Opcode opcode, Script::Payload wanted) {
  const auto frame = co_await session.next_frame_but_pings(opcode);
  if (!frame) co_return came(frame.error());
  if (frame->header.opcode == opcode && is_plain(frame->header) && fits(wanted, frame->payload)) co_return std::nullopt;
  co_return came(describe(*frame));
}

Result expect_closing(Script::Session& session, std::optional<std::uint16_t> code) {
  const auto frame = co_await session.next_frame_but_pings(Opcode::close);
  if (!frame) co_return came(frame.error());
  if (frame->header.opcode != Opcode::close || !is_plain(frame->header)) co_return came(describe(*frame));
  const auto reason = decode_close(frame->payload);
  if (!reason) co_return came(describe(*frame) + ". " + std::string(rule(reason.error()).text));
  const std::uint16_t seen = *reason ? (*reason)->code : close_code::kNoStatus;
  if (!code || *code == seen) co_return std::nullopt;
  co_return came(describe(*frame));
}

Result expect_valid_request(Script::Session& session) {
  const auto head = co_await session.next_head();
  if (!head) co_return came(head.error());
  const auto request = parse_request(*head, HeadLimits{});
  if (!request) co_return came("a request that is no HTTP: " + std::string(rule(request.error()).text));
  const auto facts = check_request(*request);
  if (!facts) co_return came("a request that breaks a rule: " + std::string(rule(facts.error()).text));
  session.key = facts->key;
  co_return std::nullopt;
}

Result expect_valid_answer(Script::Session& session, int status) {
  const auto head = co_await session.next_head();
  if (!head) co_return came(head.error());
  const auto answer = parse_response(*head, HeadLimits{});
  if (!answer) co_return came("an answer that is no HTTP: " + std::string(rule(answer.error()).text));
  if (answer->status != status) co_return came("status " + std::to_string(answer->status));
  if (status != 101) co_return std::nullopt;
  RequestPromise promise;
  promise.key = session.key;
  const auto facts = check_response(*answer, promise);
  if (!facts) co_return came("a 101 that breaks a rule: " + std::string(rule(facts.error()).text));
  co_return std::nullopt;
}

}  // namespace

Script& Script::then(std::string name, Step body) {
  steps_.push_back({std::move(name), std::move(body)});
  return *this;
}

Script& Script::open() {
  return role_ == Role::server ? expect_request().send_answer() : send_request().expect_answer();
}

Script& Script::expect_request() {
  return then("expect a request", [](Session& session) { return expect_valid_request(session); });
}

Script& Script::send_answer(int status, std::vector<Field> fields) {
  return then("send status " + std::to_string(status), [=](Session& session) -> Result {
    ResponseHead head;
    head.status = status;
    head.fields = fields;
    if (status == 101) {
      head.fields.insert(head.fields.begin(), {Field{"Upgrade", "websocket"}, Field{"Connection", "Upgrade"},
                                               Field{"Sec-WebSocket-Accept", accept_key(session.key)}});
    }
    const std::string text = serialize(head);
    co_return co_await session.send(as_octets(text));
  });
}

Script& Script::send_request(std::string host, std::string target, std::vector<Field> fields) {
  return then("send a request", [=](Session& session) -> Result {
    session.key = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 1.3
    RequestHead head;
    head.method = "GET";
    head.target = target;
    head.fields = {{"Host", host},
                   {"Upgrade", "websocket"},
                   {"Connection", "Upgrade"},
                   {"Sec-WebSocket-Key", session.key},
                   {"Sec-WebSocket-Version", "13"}};
    head.fields.insert(head.fields.end(), fields.begin(), fields.end());
    const std::string text = serialize(head);
    co_return co_await session.send(as_octets(text));
  });
}

Script& Script::expect_answer(int status) {
  return then("expect status " + std::to_string(status),
              [=](Session& session) { return expect_valid_answer(session, status); });
}

Script& Script::expect_text(Payload text) {
  return then(with("expect the text", text),
              [=](Session& session) { return expect_message(session, Opcode::text, text); });
}

Script& Script::expect_binary(Payload data) {
  return then(with("expect the binary message", data),
              [=](Session& session) { return expect_message(session, Opcode::binary, data); });
}

Script& Script::expect_ping(Payload payload) {
  return then(with("expect a Ping", payload),
              [=](Session& session) { return expect_control(session, Opcode::ping, payload); });
}

Script& Script::expect_pong(Payload payload) {
  return then(with("expect a Pong", payload),
              [=](Session& session) { return expect_control(session, Opcode::pong, payload); });
}

Script& Script::expect_close(std::optional<std::uint16_t> code) {
  const std::string name =
      !code ? "a Close"
            : describe(*code == close_code::kNoStatus ? std::optional<CloseReason>{} : CloseReason{*code, {}});
  return then("expect " + name, [=](Session& session) { return expect_closing(session, code); });
}

Script& Script::expect_frame(FrameHeader header, Payload payload) {
  Frame wanted;
  wanted.header = header;
  wanted.payload = payload ? to_bytes(*payload) : Bytes{};
  return then("expect " + describe(wanted), [=](Session& session) -> Result {
    const auto frame = co_await session.next_frame();
    if (!frame) co_return came(frame.error());
    FrameHeader seen = frame->header;
    seen.mask = header.mask;
    seen.length = header.length;
    if (seen == header && fits(payload, frame->payload)) co_return std::nullopt;
    co_return came(describe(*frame));
  });
}

Script& Script::expect_end() {
  return then("expect the end of TCP", [](Session& session) -> Result {
    const auto end = co_await session.next_end();
    co_return end ? std::nullopt : came(end.error());
  });
}

Script& Script::expect_reset() {
  return then("expect a reset", [](Session& session) -> Result {
    const auto end = co_await session.next_end();
    if (!end) co_return came(end.error());
    co_return *end == asio::error::connection_reset ? std::nullopt : came("the end of TCP in order");
  });
}

Script& Script::answer_pings() {
  return then("answer Pings", [](Session& session) -> Result {
    session.answers_pings = true;
    co_return std::nullopt;
  });
}

Script& Script::send(FrameHeader header, std::string payload) {
  Frame frame;
  frame.header = header;
  frame.payload = to_bytes(payload);
  return then("send " + describe(frame),
              [=](Session& session) -> Result { co_return co_await session.send(frame.header, frame.payload); });
}

Script& Script::send_text(std::string text) { return send(plain(Opcode::text), std::move(text)); }
Script& Script::send_binary(std::string data) { return send(plain(Opcode::binary), std::move(data)); }
Script& Script::send_ping(std::string payload) { return send(plain(Opcode::ping), std::move(payload)); }
Script& Script::send_pong(std::string payload) { return send(plain(Opcode::pong), std::move(payload)); }

Script& Script::send_close(std::uint16_t code, std::string reason) {
  std::optional<CloseReason> body;
  if (code != close_code::kNoStatus) body = CloseReason{code, std::move(reason)};
  return send(plain(Opcode::close), to_string(encode_close(body)));
}

Script& Script::send_octets(std::string octets) {
  return then("send the octets " + describe(as_octets(octets)),
              [=](Session& session) -> Result { co_return co_await session.send(as_octets(octets)); });
}

Script& Script::end() {
  return then("end sending", [](Session& session) -> Result {
    const auto error = co_await session.stream().shutdown_send();
    co_return error ? came("an error: " + error.message()) : std::nullopt;
  });
}

Script& Script::reset() {
  return then("reset", [](Session& session) -> Result {
    session.stream().reset();
    co_return std::nullopt;
  });
}

asio::awaitable<std::expected<void, std::string>> Script::play(io::Stream& stream,
                                                               std::chrono::milliseconds limit) const {
  Session session(stream, role_);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const io::Watchdog late(stream.executor(), io::deadline_after(limit), [&] {
      session.late = limit;
      stream.close();
    });
    const auto wrong = co_await steps_[i].body(session);
    if (!wrong) continue;
    std::string text = "step " + std::to_string(i + 1) + " of " + std::to_string(steps_.size());
    co_return std::unexpected(text + ", " + steps_[i].name + ": " + *wrong);
  }
  co_return std::expected<void, std::string>{};
}

}  // namespace ws::testing

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ws/core/http/handshake.h>
#include <ws/testing/oracle/oracle.h>
#include <ws/testing/seeded.h>

#include <functional>

namespace ws::testing {
namespace {

using Kind = Transcript::Kind;
using ::testing::ElementsAre;
using ::testing::StartsWith;

// Writes a transcript as a test tells it, after the opening handshake.
struct Tale {
  explicit Tale(Role endpoint, std::optional<DeflateParams> deflate = std::nullopt) {
    transcript.endpoint = endpoint;
    transcript.opened = deflate;
  }
  Bytes frame(bool from_client, Opcode opcode, std::string_view payload, bool fin, int rsv) {
    FrameHeader header;
    header.opcode = opcode;
    header.fin = fin;
    header.rsv1 = (rsv & 4) != 0;
    header.rsv2 = (rsv & 2) != 0;
    header.rsv3 = (rsv & 1) != 0;
    if (from_client) header.mask = keys.mask_key();
    Bytes out;
    encode_frame(header, as_octets(payload), out);
    return out;
  }
  Tale& sent(Opcode opcode, std::string_view payload = {}, bool fin = true, int rsv = 0) {
    transcript.sent(frame(transcript.endpoint == Role::server, opcode, payload, fin, rsv));
    return *this;
  }
  Tale& came(Opcode opcode, std::string_view payload = {}, bool fin = true, int rsv = 0) {
    transcript.came(frame(transcript.endpoint == Role::client, opcode, payload, fin, rsv));
    return *this;
  }
  Tale& sent_octets(std::string_view octets) { return transcript.sent(as_octets(octets)), *this; }
  Tale& came_octets(std::string_view octets) { return transcript.came(as_octets(octets)), *this; }
  Tale& then(Kind kind) { return transcript.add(kind), *this; }

  Transcript transcript;
  Seeded keys{3};
};

std::string close_payload(std::uint16_t code) { return to_string(encode_close(CloseReason{code, {}})); }
const std::string k1000 = close_payload(1000), k1002 = close_payload(1002), k1007 = close_payload(1007);

// The first complaint, up to the colon.
std::string verdict(const Tale& tale, bool echoes = true) {
  JudgeOptions options;
  options.echoes = echoes;
  const Judgment judgment = judge(tale.transcript, options);
  if (judgment.complaints.empty()) return "";
  const std::string text = describe(judgment.complaints.front());
  return text.substr(0, text.find(':'));
}

Tale server() { return Tale(Role::server); }
Tale client() { return Tale(Role::client); }

TEST(Oracle, AcceptsWhatTheRfcLeavesFree) {
  using enum Opcode;
  EXPECT_EQ(
      verdict(server().sent(text, "a").came(text, "a").sent(close, k1000).came(close, k1000).then(Kind::it_ended)), "");
  // C-20: another cut. C-25: a Ping and a Pong of the endpoint's own.
  EXPECT_EQ(verdict(server().sent(text, "ab").came(ping, "?").came(text, "a", false).came(pong).came(cont, "b")), "");
  // C-26: one Pong for two Pings.
  EXPECT_EQ(verdict(server().sent(ping, "one").sent(ping, "two").came(pong, "two").then(Kind::nothing_came)), "");
  EXPECT_EQ(verdict(server().sent(ping, "same").sent(ping, "same").came(pong, "same").then(Kind::nothing_came)), "");
  // C-19: no echo before a Close. C-22: another code, or none.
  EXPECT_EQ(verdict(server().sent(text, "a").sent(close, k1000).came(close).then(Kind::it_ended)), "");
  EXPECT_EQ(verdict(server().sent(close, k1000).came(close, close_payload(4000)).then(Kind::it_ended)), "");
  // C-27: a Close for a message that was too much, which crosses ours.
  EXPECT_EQ(verdict(server().sent(text, "a").sent(close, k1000).came(close, close_payload(1009))), "");
  // C-13, C-14: a fault before which a message is not answered; a Close without a code.
  EXPECT_EQ(verdict(server().sent(text, "a").sent(text, "b", true, 2).came(close).then(Kind::it_ended)), "");
  // C-15: a limit. C-27: a Close for no reason of the protocol.
  EXPECT_EQ(verdict(server().sent(text, "a").came(close, close_payload(1009))), "");
  EXPECT_EQ(verdict(server().came(close, close_payload(1001)).then(Kind::it_ended)), "");
  // C-16: a length that is not minimal, taken and refused.
  const std::string odd("\x82\xfe\x00\x01\x00\x00\x00\x00x", 9);
  EXPECT_EQ(
      verdict(server().sent_octets(odd).came(binary, "x").sent(ping, "p").came(pong, "p").then(Kind::nothing_came)),
      "");
  EXPECT_EQ(verdict(server().sent_octets(odd).came(close, k1002).then(Kind::it_ended)), "");
  // C-29: a Close with a code that nobody should send, taken and refused.
  EXPECT_EQ(verdict(server().sent(close, close_payload(2000)).came(close, k1000).then(Kind::it_ended)), "");
  EXPECT_EQ(verdict(server().sent(close, close_payload(2000)).came(close, k1002).then(Kind::it_ended)), "");
  // C-40: the tester is gone.
  EXPECT_EQ(verdict(server().sent(text, "a").then(Kind::we_ended).then(Kind::it_reset)), "");
  // A fault of which only the beginning was sent (C-31: the end of the message may be waited for).
  EXPECT_EQ(
      verdict(server().sent(text, "\xff", false).sent(ping, "alive").came(pong, "alive").then(Kind::nothing_came)), "");
  // Another fault, which is noticed before the first one has to be.
  EXPECT_EQ(verdict(server()
                        .sent(text, "\xff", false)
                        .sent(ping, std::string(126, 'p'))
                        .sent(cont)
                        .came(close, k1002)
                        .then(Kind::it_ended)),
            "");
  // The first octet of a header is enough to refuse it.
  EXPECT_EQ(verdict(server().sent_octets("\xf1").came(close, k1002).then(Kind::it_ended)), "");
}

// RFC 6455 5.5.1: whatever its code says. C-29 only lets an endpoint refuse it.
TEST(Oracle, WantsAnAnswerToACloseWithAnyCode) {
  using enum Opcode;
  EXPECT_EQ(verdict(server().sent(close, close_payload(0)).then(Kind::nothing_came)), "MUST rfc6455-5.5.1-10");
  EXPECT_EQ(verdict(server().sent(close, close_payload(2000)).then(Kind::nothing_came)), "MUST rfc6455-5.5.1-10");
  EXPECT_EQ(verdict(server().sent(close, close_payload(2000)).then(Kind::it_ended)), "");
}

TEST(Oracle, FindsIllegalOctets) {
  using enum Opcode;
  EXPECT_EQ(verdict(server().came(text, "a", true, 2)), "MUST rfc6455-5.2-2 (reserved-bit)");
  EXPECT_EQ(verdict(server().came(text, "\xff")), "MUST rfc6455-5.6-1 (text-not-utf8)");
  EXPECT_EQ(verdict(server().came(close, close_payload(1005))), "MUST rfc6455-7.4.1-2 (close-code-invalid)");
  EXPECT_EQ(verdict(server().came(ping, "a", false)), "MUST rfc6455-5.4-8 (control-fragmented)");
  EXPECT_EQ(verdict(client().came_octets(std::string("\x81\x01x", 3))), "MUST rfc6455-5.1-1 (mask-missing)");
  EXPECT_EQ(verdict(server().came_octets(std::string("\x81\x81\x00\x00\x00\x00x", 7))),
            "MUST rfc6455-5.1-5 (mask-present)");
  EXPECT_EQ(verdict(server().came_octets("\xb1").then(Kind::it_ended)), "MUST rfc6455-5.2-2 (reserved-bit)");
  EXPECT_EQ(verdict(server().came(close, k1000).came(text, "late")), "MUST rfc6455-5.5.1-9");
  EXPECT_EQ(verdict(server().came(close, k1000).came(close, k1000)), "MUST rfc6455-5.5.1-14");
  EXPECT_EQ(verdict(server().came(close, k1000).came(pong)), "") << "a Pong is no data frame";
  EXPECT_EQ(verdict(server().came(close, close_payload(1010))), "MUST rfc6455-7.4.1-16");
  EXPECT_EQ(verdict(Tale(Role::server, DeflateParams{}).came(text, "", true, 4)), "SHOULD rfc7692-7.2.2-12");
  // C-29: our own code without a meaning comes back, which is weak; another one is the endpoint's own fault.
  EXPECT_EQ(verdict(server().sent(close, close_payload(2000)).came(close, close_payload(2000))),
            "SHOULD rfc6455-7.4.2-5 (close-code-invalid)");
  EXPECT_EQ(verdict(server().sent(close, close_payload(2000)).came(close, close_payload(2001))),
            "MUST rfc6455-7.4.2-5 (close-code-invalid)");
  EXPECT_EQ(verdict(server().sent(close, close_payload(1006)).came(close, close_payload(1006))),
            "MUST rfc6455-7.4.1-3 (close-code-invalid)");
  Tale constant = client();
  for (int i = 0; i < 4; ++i) constant.came_octets(std::string("\x81\x80\x00\x00\x00\x07", 6));
  EXPECT_EQ(verdict(constant, false), "MUST rfc6455-5.3-4");
  Tale stuck = client();  // the highest bit of every key
  for (int i = 0; i < 64; ++i) {
    MaskKey key = stuck.keys.mask_key();
    key[0] &= std::byte{0x7F};
    Bytes frame;
    encode_frame({.opcode = ping, .mask = key}, {}, frame);
    stuck.transcript.came(frame);
  }
  EXPECT_EQ(verdict(stuck, false), "SHOULD rfc6455-5.3-4") << "C-17";
}

TEST(Oracle, FindsWhatDoesNotFitWhatWasSent) {
  using enum Opcode;
  // A fault that is overlooked: a Ping after it answered, a message after it echoed, silence, a mere Close.
  EXPECT_EQ(verdict(server().sent(text, "a", true, 2).sent(ping, "alive").came(pong, "alive"), false),
            "MUST rfc6455-5.2-3 (reserved-bit)");
  EXPECT_EQ(verdict(server().sent(text, "a", true, 2).came(text, "a")), "MUST rfc6455-7.1.7-7 (reserved-bit)");
  EXPECT_EQ(verdict(server().sent(text, "\xff").then(Kind::nothing_came), false), "MUST rfc6455-8.1-1 (text-not-utf8)");
  EXPECT_EQ(verdict(server().sent(text, "\xff").came(close, k1002)), "SHOULD rfc6455-7.1.7-5 (text-not-utf8)");
  EXPECT_EQ(verdict(server().sent(text, "\xff").then(Kind::it_reset)), "SHOULD rfc6455-7.1.7-5 (text-not-utf8)");
  // A Ping after the fault answered, and then failed for it all the same: two parts of it read and write (C-14).
  const auto late = [] { return server().sent(text, "a", true, 2).sent(ping, "alive").came(pong, "alive"); };
  EXPECT_EQ(verdict(late().came(close, k1002)), "SHOULD rfc6455-7.1.7-7 (reserved-bit)");
  EXPECT_EQ(verdict(late().came(close, k1000)), "MUST rfc6455-5.2-3 (reserved-bit)");
  EXPECT_EQ(verdict(late().then(Kind::it_ended)), "SHOULD rfc6455-7.1.7-5 (reserved-bit)");
  // What is legal, refused.
  EXPECT_EQ(verdict(server().sent(text, "a").came(close, k1002)), "MUST rfc6455-7.4.1-9");
  EXPECT_EQ(verdict(server().sent(text, "a").came(close, k1007), false), "MUST rfc6455-7.4.1-11");
  EXPECT_EQ(verdict(server().sent(text, std::string(2000, 'a')).came(close, k1007)), "MUST rfc6455-7.4.1-11");
  EXPECT_EQ(verdict(server().sent(text, std::string(2000, 'a')).came(close, k1002)), "") << "C-15";
  EXPECT_EQ(verdict(server().sent(text, "a").then(Kind::it_ended)), "MUST rfc6455-7.3-3");
  EXPECT_EQ(verdict(server().came(close, k1002).sent(text, "a", true, 2)), "MUST rfc6455-7.4.1-9")
      << "too late to be the reason";
  // Answers that fail to come.
  EXPECT_EQ(verdict(server().sent(ping, "p").then(Kind::nothing_came), false), "MUST rfc6455-5.5.2-2");
  EXPECT_EQ(verdict(server().sent(ping, "p").then(Kind::nothing_came).sent(text, "a").came(pong, "p").came(text, "a")),
            "SHOULD rfc6455-5.5.2-3");
  EXPECT_EQ(verdict(server().sent(text, "a", false).sent(ping, "p").then(Kind::nothing_came), false),
            "SHOULD rfc6455-5.5.2-3");
  EXPECT_EQ(verdict(server().sent(close, k1000).then(Kind::nothing_came), false), "MUST rfc6455-5.5.1-10");
  EXPECT_EQ(verdict(server().sent(close, k1000).then(Kind::it_ended), false), "MUST rfc6455-5.5.1-10");
  EXPECT_EQ(verdict(server().sent(close, k1000).then(Kind::it_reset), false), "SHOULD rfc6455-5.5.1-10")
      << "a Close may have been lost";
  EXPECT_EQ(verdict(server().sent(close, k1000).came(close, k1000).then(Kind::nothing_came)), "MUST rfc6455-5.5.1-17");
  const auto kept = [] { return server().sent(close, k1000).came(close, k1000).then(Kind::nothing_came); };
  EXPECT_EQ(verdict(kept().then(Kind::we_ended).then(Kind::it_ended)), "MUST rfc6455-5.5.1-17");
  EXPECT_EQ(verdict(kept().then(Kind::we_ended).then(Kind::nothing_came)), "MUST rfc6455-5.5.1-17");
  EXPECT_EQ(verdict(server().sent(text, "a", true, 2).came(close, k1002).then(Kind::nothing_came)),
            "SHOULD rfc6455-7.1.1-3");
  // RFC 6455 7.1.7: from its Close for a fault on it only ends TCP. Pings before the fault may have been on their way.
  const auto failed = [] { return server().sent(ping, "before").sent(text, "a", true, 2).sent(ping, "after"); };
  EXPECT_EQ(verdict(failed().came(close, k1002).came(pong, "after")), "MUST rfc6455-7.1.7-7");
  EXPECT_EQ(verdict(failed().came(close, k1002).came(pong, "before").came(ping, "own").came(pong, "own")), "");
  EXPECT_EQ(verdict(server().sent(text, "a").then(Kind::nothing_came)), "MUST rfc6455-6.2-4");
  EXPECT_EQ(verdict(server().sent(text, "a").then(Kind::nothing_came), false), "") << "not every endpoint echoes";
  // Answers that are wrong.
  EXPECT_EQ(verdict(server().sent(text, "a").came(text, "b")), "MUST rfc6455-6.2-4");
  EXPECT_EQ(verdict(server().sent(text, "a").came(binary, "a")), "MUST rfc6455-6.2-3");
  EXPECT_EQ(verdict(server()
                        .sent(text,
                              "\xef\xbb\xbf"
                              "a")
                        .came(text, "a")),
            "SHOULD rfc3629-6-1");
  EXPECT_EQ(verdict(server().sent(text, "a", false).came(text, "a")), "MUST rfc6455-6.2-4") << "it was not finished";
  EXPECT_EQ(verdict(server().came(text, "a").sent(text, "a")), "MUST rfc6455-6.2-4") << "it was not sent yet";
  EXPECT_EQ(verdict(server().sent(pong, "mine").came(pong, "mine"), false), "MUST rfc6455-5.5.3-4");
  EXPECT_EQ(verdict(server().sent(ping, "once").came(pong, "once").came(pong, "once")), "SHOULD rfc6455-5.5.3-2");
  EXPECT_EQ(verdict(server().sent(close, k1000).came(close, k1002)), "SHOULD rfc6455-5.5.1-11");
  EXPECT_EQ(verdict(server().sent(close, k1000).came(close, close_payload(1011))), "SHOULD rfc6455-5.5.1-11");
}

TEST(Oracle, TellsWhatTheStrictStackWouldHaveDone) {
  const auto judgment = judge(server().sent(Opcode::ping, "p").sent(Opcode::text, "a", true, 2).transcript);
  ASSERT_EQ(judgment.reaction.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<event::Ping>(judgment.reaction[0]));
  EXPECT_EQ(std::get<event::Failed>(judgment.reaction[1]).violation, Violation::reserved_bit);
}

// --- The opening handshake ---

const std::string kRequest =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const std::string kAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";  // RFC 6455 1.3

Tale opening(Role endpoint) {
  Tale tale(endpoint);
  tale.transcript.opened.reset();
  return tale;
}

std::string without(std::string head, std::string_view line) {
  const auto at = head.find(line);
  return head.erase(at, head.find("\n", at) + 1 - at);
}

TEST(Oracle, JudgesTheAnswerOfAServer) {
  const auto tale = [](const std::string& request, const std::string& answer) {
    return opening(Role::server).sent_octets(request + "\r\n").came_octets(answer + "\r\n");
  };
  EXPECT_EQ(verdict(tale(kRequest, kAnswer)), "");
  EXPECT_EQ(verdict(tale(kRequest, kAnswer).came(Opcode::text, "a", true, 1)), "MUST rfc6455-5.2-2 (reserved-bit)");
  EXPECT_EQ(verdict(tale(kRequest, "HTTP/1.1 403 No\r\n")), "") << "C-08";
  EXPECT_EQ(verdict(tale(kRequest, "HTTP/1.1 103 Early\r\n\r\n" + kAnswer)), "");
  EXPECT_EQ(verdict(tale(kRequest, without(kAnswer, "Sec-"))), "MUST rfc6455-4.2.2-18 (accept-missing)");
  EXPECT_EQ(verdict(tale(kRequest, kAnswer + "Sec-WebSocket-Protocol: chat\r\n")),
            "MUST rfc6455-4.2.2-10 (subprotocol-not-offered)");
  EXPECT_EQ(verdict(tale(kRequest, kAnswer + "Sec-WebSocket-Extensions: permessage-deflate\r\n")),
            "MUST rfc6455-4.2.2-13 (extension-not-offered)");
  EXPECT_EQ(
      verdict(tale(kRequest + "Sec-WebSocket-Extensions: x-own\r\n", kAnswer + "Sec-WebSocket-Extensions: x-own\r\n")
                  .came_octets("\xff\xff")),
      "")
      << "an extension that the oracle does not know";
  const auto faults = judge(tale(kRequest, without(kAnswer, "Sec-") + "Sec-WebSocket-Protocol: chat\r\n").transcript);
  EXPECT_EQ(faults.complaints.size(), 2U) << "each fault of an answer is told: " << describe(faults);
  EXPECT_EQ(verdict(tale(kRequest, "hello\r\n")), "MUST rfc6455-4.2.2-15 (head-malformed)");
  EXPECT_EQ(verdict(tale(without(kRequest, "Upgrade"), kAnswer)), "MUST rfc6455-4.2.1-6 (upgrade-missing)");
  EXPECT_EQ(verdict(tale(without(kRequest, "Sec-WebSocket-Version") + "Sec-WebSocket-Version: 8\r\n", kAnswer)),
            "MUST rfc6455-4.2.1-13 (version-unsupported)");
  EXPECT_EQ(verdict(tale(without(kRequest, "Sec-WebSocket-Version") + "Sec-WebSocket-Version: 013\r\n", kAnswer)),
            "SHOULD rfc6455-4.2.1-13 (version-unsupported)");
  EXPECT_EQ(verdict(opening(Role::server).sent_octets("GET ").came_octets(kAnswer + "\r\n")), "MUST rfc6455-4.2.1-20");
  EXPECT_EQ(verdict(opening(Role::server).sent_octets("GET ").came_octets("HTTP/1.1 400 Bad\r\n\r\n")), "");
  EXPECT_EQ(verdict(opening(Role::server).sent_octets(kRequest + "\r\n").then(Kind::nothing_came)),
            "MUST rfc6455-4.2.1-1");
}

TEST(Oracle, TakesTheParametersOfDeflateFromTheHandshake) {
  const std::string offers =
      "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9, permessage-deflate\r\n";
  // "Hello" compressed: RFC 7692 7.2.3.1.
  const std::string hello("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", 9);
  const auto tale = [&](const std::string& answer) {
    return opening(Role::server)
        .sent_octets(kRequest + offers + "\r\n")
        .came_octets(kAnswer + answer + "\r\n")
        .came_octets(hello);
  };
  EXPECT_EQ(verdict(tale("Sec-WebSocket-Extensions: permessage-deflate\r\n"), false), "") << "the second offer";
  EXPECT_EQ(verdict(tale(""), false), "MUST rfc6455-5.2-2 (reserved-bit)") << "declined, and used";
  EXPECT_THAT(verdict(tale("Sec-WebSocket-Extensions: permessage-deflate; x=1\r\n"), false),
              StartsWith("MUST rfc6455-9.1-4"));
}

TEST(Oracle, JudgesAClient) {
  const auto tale = [](const std::string& request, const std::string& answer) {
    return opening(Role::client).came_octets(request + "\r\n").sent_octets(answer + "\r\n");
  };
  EXPECT_EQ(verdict(tale(kRequest, kAnswer).sent(Opcode::ping, "p").came(Opcode::pong, "p")), "");
  EXPECT_EQ(verdict(tale(without(kRequest, "Host"), kAnswer)), "MUST rfc6455-4.1-20 (host-missing)");
  EXPECT_EQ(verdict(opening(Role::client).came_octets(kRequest + "\r\n").came(Opcode::ping)), "MUST rfc6455-4.1-35");
  const std::string wrong = without(kAnswer, "Sec-") + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n";
  EXPECT_EQ(verdict(tale(kRequest, wrong).then(Kind::it_ended)), "");
  EXPECT_EQ(verdict(tale(kRequest, wrong).came(Opcode::text, "a")), "MUST rfc6455-4.1-45 (accept-wrong)");
  EXPECT_EQ(verdict(tale(kRequest, wrong).came(Opcode::close, k1002)), "SHOULD rfc6455-4.1-36 (accept-wrong)")
      << "C-34";
  // C-39: heads that it need not take; whoever goes on has taken them.
  EXPECT_THAT(verdict(tale(kRequest, kAnswer).then(Kind::it_ended)), StartsWith("MUST rfc6455-7.3-3"));
  for (const auto& unusual :
       {kAnswer + "X-Large: " + std::string(5000, 'x') + "\r\n", kAnswer + "X-Folded: a\r\n b\r\n",
        kAnswer + "X-Latin: \xe9\r\n", "HTTP/1.1 103 Early\r\n\r\n" + kAnswer}) {
    EXPECT_EQ(verdict(tale(kRequest, unusual).then(Kind::it_ended)), "") << unusual;
    EXPECT_EQ(verdict(tale(kRequest, unusual).came(Opcode::text, "a", true, 1)), "MUST rfc6455-5.2-2 (reserved-bit)");
  }
  EXPECT_EQ(verdict(tale(kRequest, "HTTP/1.1 401 Who\r\n").came_octets(kRequest + "\r\n")), "") << "C-06";
}

}  // namespace
}  // namespace ws::testing

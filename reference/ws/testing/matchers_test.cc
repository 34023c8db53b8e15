#include <gtest/gtest.h>
#include <ws/io/serve/echo_server.h>
#include <ws/testing/faults/deviant_endpoints.h>
#include <ws/testing/matchers.h>
#include <ws/testing/scripted_endpoints.h>

namespace ws::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What EXPECT_THAT says after "Expected: ... Actual: ...".
template <class T, class M>
std::string explanation(const T& value, const M& matcher) {
  ::testing::StringMatchResultListener listener;
  const ::testing::Matcher<const T&> concrete = matcher;
  EXPECT_FALSE(concrete.MatchAndExplain(value, &listener));
  return listener.str();
}

template <class M>
std::string words(const M& matcher) {
  std::ostringstream out;
  ::testing::Matcher<const Heard&>(matcher).DescribeTo(&out);
  return out.str();
}

class Matchers : public ::testing::Test {
 protected:
  static Url strict() {
    static const auto server = io::EchoServer::start({});
    return *parse_url("ws://127.0.0.1:" + std::to_string((*server)->port()) + "/");
  }
};

TEST_F(Matchers, MatchWhatTheStrictServerDoes) {
  const Bytes octets = to_bytes("\xff");
  EXPECT_THAT(ask(strict(), {text("hello"), binary("\xff")}), Echoes("hello", octets));
  EXPECT_THAT(ask(strict(), {unfinished(text("hel")), ping("within"), continuation("lo")}), Echoes("hello"));
  EXPECT_THAT(ask(strict(), {text("hello")}), ClosesWith(1000));
  EXPECT_THAT(ask(strict(), {close_frame(1001, "bye")}), ClosesWith(1001));
  EXPECT_THAT(ask(strict(), {with(Bit::rsv2, text("hello"))}), FailsWith(Violation::reserved_bit));
  EXPECT_THAT(ask(strict(), {with(Bit::rsv2, text("hello"))}), ClosesWith(1002));
  EXPECT_THAT(ask(strict(), {text("\xc0\xaf")}), FailsWith(Violation::text_not_utf8));
  EXPECT_THAT(ask(strict(), {continuation("x")}), AllOf(ObeysTheRfc(), Not(Echoes("x"))));
}

TEST_F(Matchers, SayWhatCameInstead) {
  const Heard heard = ask(strict(), {text("hello")});
  EXPECT_EQ(explanation(heard, ClosesWith(1001)), "which sent Close 1000");
  EXPECT_EQ(explanation(heard, Echoes("hullo")), "whose message 1 is text \"hello\"");
  EXPECT_EQ(explanation(heard, Echoes("hello", "you")), "which sent 1 messages, not 2");
  EXPECT_EQ(explanation(heard, FailsWith(Violation::reserved_bit)), "but what was sent breaks no rule");
  EXPECT_EQ(explanation(ask(strict(), {text("\xff")}), FailsWith(Violation::reserved_bit)),
            "but what was sent breaks another rule, text-not-utf8");
  EXPECT_EQ(::testing::PrintToString(heard),
            "status 101; text \"hello\"; Pong \"are you still there?\"; Close 1000; the end of TCP");
  EXPECT_EQ(words(FailsWith(Violation::reserved_bit)), "fails the connection for reserved-bit");
  EXPECT_EQ(words(Echoes("a", to_bytes("\xff"))), "sends back text \"a\" binary 0xff");
}

TEST_F(Matchers, FindAServerThatOverlooksAFault) {
  auto server = DeviantServer::start(Fault::accepts_rsv2, {});
  ASSERT_TRUE(server) << server.error();
  const auto url = parse_url("ws://127.0.0.1:" + std::to_string((*server)->port()) + "/");
  const Heard heard = ask(*url, {with(Bit::rsv2, text("hello"))});
  EXPECT_THAT(explanation(heard, FailsWith(Violation::reserved_bit)),
              HasSubstr("it answered a Ping that was sent after the fault"));
  EXPECT_THAT(explanation(heard, ObeysTheRfc()), HasSubstr("MUST rfc6455-5.2-3 (reserved-bit)"));
}

TEST_F(Matchers, TellOfAServerThatIsNotThereOrRefuses) {
  Script refusing(Role::server);
  refusing.expect_request().send_answer(403).end().expect_end();
  auto server = ScriptedServer::start(refusing);
  ASSERT_TRUE(server) << server.error();
  const Heard heard = ask(*parse_url((*server)->url()), {text("hello")});
  EXPECT_EQ(heard.status, 403);
  EXPECT_EQ(explanation(heard, Echoes("hello")), "which did not open: refused with status 403");
  const std::string gone = (*server)->url();
  server->reset();
  EXPECT_THAT(explanation(ask(*parse_url(gone), {}), Echoes()), HasSubstr("Connection refused"));
}

TEST_F(Matchers, TellOfAServerThatSaysNothing) {
  Script silent(Role::server);
  silent.open().expect_text().expect_ping().expect_close().expect_end();
  auto server = ScriptedServer::start(silent);
  ASSERT_TRUE(server) << server.error();
  AskOptions options;
  options.limit = std::chrono::milliseconds(300);
  const Heard heard = ask(*parse_url((*server)->url()), {text("hello")}, options);
  EXPECT_EQ(explanation(heard, ClosesWith(1000)), "which sent no Close");
  EXPECT_THAT(explanation(heard, ObeysTheRfc()), HasSubstr("MUST rfc6455-5.5.1-10: expected: it answers a Close"));
}

// Of ws::io: an end, a message, the result of an operation.
TEST_F(Matchers, TakeWhatTheStackTells) {
  io::Ended ended;
  ended.code = 1002;
  ended.violation = Violation::mask_missing;
  const io::Received received = ended;
  const std::expected<io::Received, std::error_code> result = received;
  EXPECT_THAT(ended, ClosesWith(1002));
  EXPECT_THAT(received, AllOf(ClosesWith(1002), Not(ClosesWith(1000))));
  EXPECT_THAT(result, FailsWith(Violation::mask_missing));
  EXPECT_EQ(explanation(result, FailsWith(Violation::mask_present)),
            "which ended with 1002, not clean, after mask-missing");
  const std::expected<io::Received, std::error_code> message = io::Received(event::Text{"hello"});
  EXPECT_THAT(message, Echoes("hello"));
  EXPECT_EQ(explanation(message, ClosesWith(1000)), "which is the message text \"hello\"");
  const std::expected<io::Received, std::error_code> error = std::unexpected(make_error_code(std::errc::timed_out));
  EXPECT_THAT(explanation(error, Echoes("hello")), HasSubstr("which is an error: "));
}

}  // namespace
}  // namespace ws::testing

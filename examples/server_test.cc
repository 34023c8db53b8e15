// Test your server: frames of your choice go to it, legal or not, and matchers say what it has to do with them. The
// server may be of any library: all that is needed is its URL. Here a small one stands for yours, which answers every
// text in capital letters.
#include <gtest/gtest.h>
#include <ws/io/serve/service.h>
#include <ws/testing/matchers.h>
#include <ws/testing/service_thread.h>

#include <algorithm>
#include <cctype>

namespace {

using namespace ws::testing;
using ws::Violation;

asio::awaitable<void> shout(std::shared_ptr<ws::io::WebSocket> socket) {
  while (auto received = co_await socket->read()) {
    auto* message = std::get_if<ws::event::Text>(&*received);
    if (message == nullptr) co_return;
    std::ranges::transform(message->data, message->data.begin(), [](unsigned char c) { return std::toupper(c); });
    if (co_await socket->write_text(message->data)) co_return;
  }
}

ws::io::ServiceOptions only_from_example_test() {
  ws::io::ServiceOptions options;
  options.accept.origins.patterns = {"https://example.test"};
  return options;
}

class YourServer : public testing::Test {
 protected:
  ServiceThread server{only_from_example_test(), shout};
  const ws::Url url = *ws::parse_url(server.url());
};

TEST_F(YourServer, AnswersInCapitals) {
  EXPECT_THAT(ask(url, {text("hello")}), Echoes("HELLO"));
  EXPECT_THAT(ask(url, {unfinished(text("he")), ping("between"), continuation("llo")}), Echoes("HELLO"));
}

TEST_F(YourServer, ClosesInOrder) { EXPECT_THAT(ask(url, {close_frame(1000, "bye")}), ClosesWith(1000)); }

TEST_F(YourServer, FailsTheConnectionForAFault) {
  EXPECT_THAT(ask(url, {with(Bit::rsv2, text("hello"))}), FailsWith(Violation::reserved_bit));
  EXPECT_THAT(ask(url, {continuation("nothing to continue")}), FailsWith(Violation::continuation_unexpected));
  EXPECT_THAT(ask(url, {text("\xc0\xaf")}), AllOf(FailsWith(Violation::text_not_utf8), ClosesWith(1007)));
}

TEST_F(YourServer, ObeysTheRfcWhateverItIsTold) {
  for (int opcode = 0; opcode < 16; ++opcode) {
    Frame frame = text("data");
    frame.header.opcode = static_cast<ws::Opcode>(opcode);
    EXPECT_THAT(ask(url, {ping("before"), frame}), ObeysTheRfc()) << "opcode " << opcode;
  }
}

TEST_F(YourServer, RefusesOtherOrigins) {
  AskOptions foreign;
  foreign.fields = {{"Origin", "https://evil.test"}};
  EXPECT_EQ(ask(url, {text("hello")}, foreign).status, 403);
}

}  // namespace

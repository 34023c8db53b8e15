// Test your client: a scripted server says exactly what the test wants, right or wrong, and a deviant one has a single
// fault of a long list (ws/testing/faults/faults.h). Here a small client stands for yours, which asks one question.
#include <gtest/gtest.h>
#include <ws/io/websocket.h>
#include <ws/testing/faults/deviant_endpoints.h>
#include <ws/testing/matchers.h>
#include <ws/testing/run.h>
#include <ws/testing/scripted_endpoints.h>

namespace {

using namespace ws::testing;
using ws::Role;
using Answer = std::expected<ws::io::Received, std::error_code>;

Answer your_client(const std::string& url, const std::string& question) {
  Answer answer = std::unexpected(std::make_error_code(std::errc::not_connected));
  run([&]() -> asio::awaitable<void> {
    const ws::io::ConnectOptions options;
    auto socket = co_await ws::io::connect(*ws::parse_url(url), options);
    if (!socket) co_return;
    (void)co_await socket->write_text(question);
    answer = co_await socket->read(std::chrono::seconds(5));
    (void)co_await socket->close();
  });
  return answer;
}

// What your client answers to a server that goes on as the script says once the question is there.
Answer told(const std::function<void(Script&)>& reply) {
  Script script(Role::server);
  script.open().expect_text("time?");
  reply(script);
  auto server = ScriptedServer::start(script);
  EXPECT_TRUE(server) << server.error();
  Answer answer = your_client((*server)->url(), "time?");
  const auto played = (*server)->result();
  EXPECT_TRUE(played) << played.error();
  return answer;
}

TEST(YourClient, TakesAnAnswer) {
  EXPECT_THAT(told([](Script& s) { s.send_text("noon").expect_close(1000).send_close().end(); }), Echoes("noon"));
}

TEST(YourClient, AnswersAPingBetweenTwoFragments) {
  const auto fragments = [](Script& script) {
    script.send(unfinished(text("no")).header, "no").send_ping("are you there?").expect_pong("are you there?");
    script.send(continuation("").header, "on").expect_close().send_close().end();
  };
  EXPECT_THAT(told(fragments), Echoes("noon"));
}

TEST(YourClient, FailsTheConnectionForAReservedBit) {
  const auto reserved = [](Script& s) { s.send(with(Bit::rsv3, text("")).header, "noon").expect_close(1002).end(); };
  EXPECT_THAT(told(reserved), FailsWith(ws::Violation::reserved_bit));
}

TEST(YourClient, SeesThatTheServerIsGone) {
  EXPECT_THAT(told([](Script& s) { s.reset(); }), ClosesWith(ws::close_code::kAbnormal));
}

TEST(YourClient, TakesNoMaskedFrames) {
  auto server = DeviantServer::start(find_fault("masks-frames")->fault, {});
  ASSERT_TRUE(server) << server.error();
  const auto url = "ws://127.0.0.1:" + std::to_string((*server)->port()) + "/";
  EXPECT_THAT(your_client(url, "time?"), FailsWith(ws::Violation::mask_present));
}

}  // namespace

#include "runner/engine/attempt.h"

#include "runner/catalogue/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

namespace touchstone {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A port of this machine at which nobody listens any more.
Target nobody() {
  asio::io_context context;
  asio::ip::tcp::acceptor unused(context, {asio::ip::address_v4::loopback(), 0});
  Target target;
  target.url = {false, "127.0.0.1", unused.local_endpoint().port(), "/"};
  target.name = "nobody";
  return target;
}

struct Unheard : RunObserver {
  void finished(const Result&) override {}
  bool endpoint_died(const std::vector<const Case*>&, const std::string&) override { return false; }
};

template <class Made>
Made wait_for(asio::awaitable<Made> coroutine) {
  asio::io_context context{1};
  std::optional<Made> made;
  asio::co_spawn(context, std::move(coroutine),
                 [&](std::exception_ptr, Made value) { made.emplace(std::move(value)); });
  context.run();
  return std::move(*made);
}

// However the compiler orders the arguments of a call: clang's order once took the observation away before it was
// judged, and a refused connection became a broken rule of the endpoint's.
TEST(Attempts, AccusesNobodyOfARefusedConnection) {
  const Target target = nobody();
  const Greeting greeting;
  const RunOptions options;
  const Case* c = Catalogue::built_in().find("framing/echo/text-125-whole");
  ASSERT_NE(c, nullptr);
  Unheard unheard;
  Attempts attempts(target, greeting, options, unheard);
  const Attempt attempt = wait_for(attempts.run(*c));
  EXPECT_TRUE(attempt.no_connection);
  EXPECT_EQ(attempt.result.behavior, Behavior::errored);
  EXPECT_THAT(attempt.result.findings, IsEmpty());
  EXPECT_THAT(attempt.result.summary, HasSubstr(attempt.why));
  EXPECT_THAT(attempt.why, HasSubstr("127.0.0.1"));
}

TEST(Attempts, SaysWhyNobodyAnswersAKnock) {
  const Target target = nobody();
  const Greeting greeting;
  const RunOptions options;
  Unheard unheard;
  Attempts attempts(target, greeting, options, unheard);
  const auto answered = wait_for(attempts.knock());
  ASSERT_FALSE(answered);
  EXPECT_THAT(answered.error().text, HasSubstr("127.0.0.1"));
}

}  // namespace
}  // namespace touchstone

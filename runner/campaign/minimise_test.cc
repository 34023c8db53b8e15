#include "runner/campaign/minimise.h"

#include <gtest/gtest.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <algorithm>

namespace touchstone::fuzz {
namespace {

Case small(const Case& c, const std::function<bool(const Case&)>& shows, int tries = 300) {
  asio::io_context context;
  std::optional<Case> out;
  int asked = 0;
  const StillShows ask = [&](const Case& candidate) -> asio::awaitable<bool> {
    ++asked;
    co_return shows(candidate);
  };
  const auto run = [&]() -> asio::awaitable<void> { out = co_await minimise(c, ask, tries); };
  asio::co_spawn(context, run, asio::detached);
  context.run();
  EXPECT_LE(asked, tries);
  return out.value();
}

Step text(const std::string& content) {
  step::Message message;
  message.payload = {recipe::Literal{ws::to_bytes(content)}};
  message.fragment = 3;
  return {message};
}

Step ping(std::uint8_t rsv) {
  step::Frame frame;
  frame.opcode = ws::Opcode::ping;
  frame.rsv = rsv;
  frame.payload = {recipe::Literal{ws::to_bytes("a payload that has nothing to do with it")}};
  return {frame};
}

bool has_ping_with_rsv(const Case& c) {
  return std::ranges::any_of(c.steps, [](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    return frame != nullptr && frame->opcode == ws::Opcode::ping && frame->rsv == 2;
  });
}

TEST(Minimise, ShrinksToThePlantedCore) {
  Case c;
  for (int i = 0; i < 7; ++i) c.steps.push_back(text("nothing"));
  c.steps.insert(c.steps.begin() + 4, ping(2));
  c.wire = {Wire::Cut::octets, 7};
  c.needs_deflate = true;
  const Case out = small(c, has_ping_with_rsv);
  ASSERT_EQ(out.steps.size(), 1u);
  EXPECT_TRUE(has_ping_with_rsv(out));
  EXPECT_EQ(length(std::get<step::Frame>(out.steps[0].action).payload), 0u);
  EXPECT_EQ(out.wire.cut, Wire::Cut::whole);
  EXPECT_FALSE(out.needs_deflate);
}

// Two steps that only show it together, and three octets of one of them.
TEST(Minimise, KeepsWhatBelongsTogether) {
  Case c;
  for (const char* content : {"one", "find the needle here", "two", "needle", "three"})
    c.steps.push_back(text(content));
  const auto count = [](const Case& candidate) {
    return std::ranges::count_if(candidate.steps, [](const Step& step) {
      const auto* message = std::get_if<step::Message>(&step.action);
      return message != nullptr && ws::to_string(PayloadGenerator(1).make(message->payload)).contains("nee");
    });
  };
  const Case out = small(c, [&](const Case& candidate) { return count(candidate) == 2; });
  ASSERT_EQ(out.steps.size(), 2u);
  for (const Step& step : out.steps) EXPECT_EQ(length(std::get<step::Message>(step.action).payload), 3u);
}

TEST(Minimise, MakesOneFrameOfFragments) {
  const auto fragment = [](ws::Opcode opcode, bool fin, std::string_view content) {
    step::Frame frame;
    frame.opcode = opcode;
    frame.fin = fin;
    frame.payload = {recipe::Literal{ws::to_bytes(content)}};
    return Step{frame};
  };
  Case c;
  c.steps = {fragment(ws::Opcode::binary, false, "ab"), ping(0), fragment(ws::Opcode::cont, false, "cd"),
             fragment(ws::Opcode::cont, true, "e")};
  // All octets of the message are what it takes, however they come.
  const Case out = small(c, [](const Case& each) {
    std::string all;
    for (const Step& step : each.steps) {
      const auto* frame = std::get_if<step::Frame>(&step.action);
      if (frame != nullptr && frame->opcode != ws::Opcode::ping)
        all += ws::to_string(PayloadGenerator(1).make(frame->payload));
    }
    return all == "abcde";
  });
  ASSERT_EQ(out.steps.size(), 1u);
  EXPECT_TRUE(std::get<step::Frame>(out.steps.front().action).fin);
}

TEST(Minimise, StopsAskingInTime) {
  Case c;
  for (int i = 0; i < 16; ++i) c.steps.push_back(text(std::string(1000, 'x')));
  const Case out = small(c, [](const Case&) { return false; }, 40);
  EXPECT_EQ(out.steps.size(), 16u);
}

}  // namespace
}  // namespace touchstone::fuzz

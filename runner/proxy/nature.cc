#include "runner/proxy/nature.h"

#include "runner/catalogue/two_sided.h"
#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/until_set.h"
#include "runner/proxy/conversation.h"
#include "runner/proxy/relay_judge.h"

#include <fmt/format.h>
#include <asio/co_spawn.hpp>

#include <algorithm>
#include <random>
#include <utility>

namespace touchstone::proxy {
namespace {

constexpr std::chrono::milliseconds kLeastPatience{5000};
constexpr int kRoundTrips = 50;  // that patience lasts for at least

RelayStep octets_of(Side as, std::string_view text) {
  step::Octets octets;
  octets.octets = {recipe::Literal{ws::to_bytes(text)}};
  RelayStep step;
  step.as = as;
  step.action = std::vector<Step>{Step{std::move(octets)}};
  return step;
}

Case case_with(std::vector<RelayStep> steps) {
  Case c;
  c.id = "nature";
  auto both = std::make_shared<TwoSided>();
  both->steps = std::move(steps);
  c.two_sided = std::move(both);
  return c;
}

// One message of the client's: do its octets arrive, or what they say?
Case message() {
  step::Message message;
  message.payload = {recipe::Literal{ws::to_bytes(std::string_view("tunnel?"))}};
  RelayStep step;
  step.action = std::vector<Step>{Step{std::move(message)}};
  return case_with({std::move(step)});
}

// Does anybody read what is said as HTTP?
Case no_http() {
  RelayHead head;
  head.script.start = kNoRequest;
  RelayStep asked;
  asked.action = std::move(head);
  return case_with({std::move(asked), octets_of(Side::server, kNoAnswer)});
}

bool is_as_it_was(const HeadSeen& got, const HeadSeen& sent) {
  return got.start == sent.start &&
         std::ranges::equal(got.fields, sent.fields, [](const ws::Field& a, const ws::Field& b) {
           return a.name == b.name && a.value == b.value;
         });
}

// The heads of an ordinary opening handshake, both ways.
bool keeps_heads(const Relayed& seen) {
  return std::ranges::equal(seen.at_server.heads, seen.by_client.heads, is_as_it_was) &&
         std::ranges::equal(seen.at_client.heads, seen.by_server.heads, is_as_it_was);
}

asio::awaitable<void> look(const UnderTest& test, Nature& nature) {
  ConversationOptions talk;
  talk.patience = patience_of(test);
  const std::uint32_t run = std::random_device{}();
  const Case tunnel = message(), relay = no_http();
  talk.token = fmt::format("tn{:x}-1", run);
  const Relayed carried = co_await converse(tunnel, test.front, test.back, talk);
  nature.takes_part = takes_part(carried);
  if (test.greeting.over_http2) {  // who speaks HTTP/2 is a party to it, and can be asked nothing else
    test.back.context().stop();
    co_return;
  }
  talk.token = fmt::format("tn{:x}-2", run);
  const Relayed passed = co_await converse(relay, test.front, test.back, talk);
  // Some relay what they do not understand, and are party to the rest.
  nature.blind = is_blind(passed) && keeps_heads(carried) && !nature.takes_part;
  test.back.context().stop();
}

}  // namespace

std::chrono::milliseconds patience_of(const UnderTest& test) {
  if (test.options.timeout.count() > 0) return test.options.timeout;
  return std::max(kLeastPatience,
                  std::chrono::duration_cast<std::chrono::milliseconds>(kRoundTrips * test.greeting.round_trip));
}

Nature look_at_nature(const UnderTest& test, const std::atomic<bool>& stop) {
  Nature nature;
  const auto watch = [&]() -> asio::awaitable<void> {
    co_await until_set(stop);
    test.back.context().stop();
  };
  test.back.context().restart();
  asio::co_spawn(test.back.context(), look(test, nature), rethrown);
  asio::co_spawn(test.back.context(), watch(), rethrown);
  test.back.context().run();
  return nature;
}

bool is_blind(const Relayed& seen) {
  return seen.at_server.heads.size() == 1 && seen.by_client.heads.size() == 1 &&
         is_as_it_was(seen.at_server.heads.front(), seen.by_client.heads.front()) &&
         ws::as_text(seen.at_client.octets) == kNoAnswer;
}

}  // namespace touchstone::proxy

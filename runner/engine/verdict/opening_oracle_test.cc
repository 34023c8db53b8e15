// What the catalogue expects of opening handshakes against the strict stack: what it must or should do is what the
// stack does, with a status that the case names.
#include "runner/catalogue/catalogue.h"
#include "runner/engine/compose/http2_section.h"
#include "runner/engine/talk/opening.h"

#include <ws/core/connection/connection.h>
#include <ws/core/http2/tunnel.h>
#include <ws/rules/answer.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

using Level = ExpectOpening::Level;
using Outcome = ExpectOpening::Outcome;

ws::Options server_options() {
  ws::Options options;
  options.role = ws::Role::server;
  return options;
}

// The strict server's answer to the request of the case; nothing when the request never ends.
std::optional<ws::ResponseHead> strict_answer(const Case& c) {
  Target target;
  target.url = {false, "127.0.0.1", 9001, "/"};
  ws::Bytes octets = opening_request(c, target, 1).octets;
  if (c.request && c.request->stop) octets.resize(std::min<std::size_t>(octets.size(), c.request->stop->after));
  ws::Connection server(server_options());
  server.receive(octets);
  while (auto event = server.next_event()) {
    if (std::holds_alternative<ws::event::Requested>(*event)) {
      EXPECT_TRUE(server.submit(ws::Command{ws::command::Accept{}}).has_value()) << c.id;
    }
  }
  const auto out = server.output();
  const auto end = ws::head_end(out, {});
  if (!end || !*end) return std::nullopt;
  return ws::parse_response(out.first(**end), {}).value();
}

void expect_agreement(const Case& c, const ExpectOpening& expect, bool opens, const ws::ResponseHead* refusal) {
  if (expect.level == Level::may || expect.outcome == Outcome::judge) return;
  EXPECT_EQ(opens, expect.outcome == Outcome::open) << c.id << ": the strict stack does the other thing";
  if (refusal == nullptr || opens) return;
  const auto names_errors = std::ranges::any_of(expect.statuses, [](auto status) { return status >= 400; });
  const auto status = static_cast<std::uint16_t>(refusal->status);
  EXPECT_TRUE(!names_errors || std::ranges::find(expect.statuses, status) != expect.statuses.end())
      << c.id << ": the strict stack answers " << status;
  for (const ws::Field& field : expect.with) {
    EXPECT_TRUE(ws::list_has_token(refusal->fields, field.name, field.value)) << c.id << ": " << field.name;
  }
}

// The answer over HTTP/2 as the case edits it.
bool opens_over_http2(const Case& c, const ws::RequestFacts& facts) {
  const auto response = ws::http2::read_response(http2::edited({{":status", "200"}}, c.http2->fields));
  if (!response || response->status / 100 != 2) return false;
  return ws::rules::read_answer(ws::http2::upgrade_answer(*response, facts.key), facts).faults.empty();
}

TEST(OpeningOracle, AgreesWithEveryCaseForAServer) {
  int seen = 0;
  for (const Case& c : Catalogue::built_in().cases()) {
    if (!c.expect || !c.expect->opening || c.sides.front() != Side::server) continue;
    ++seen;
    const auto answer = strict_answer(c);
    expect_agreement(c, *c.expect->opening, answer && answer->status == 101, answer ? &*answer : nullptr);
  }
  EXPECT_GT(seen, 200);
}

TEST(OpeningOracle, AgreesWithEveryCaseForAClient) {
  int seen = 0;
  ws::RequestHead request{.method = "GET", .target = "/", .fields = {{"Host", "localhost"}}};
  const ws::RequestFacts facts{
      "AAAAAAAAAAAAAAAAAAAAAA==", {"chat"}, {{"permessage-deflate", {{"client_max_window_bits", std::nullopt}}}}};
  for (const Case& c : Catalogue::built_in().cases()) {
    if (!c.expect || !c.expect->opening || c.sides != std::vector{Side::client}) continue;
    ++seen;
    const bool cut = c.answer && c.answer->stop;
    const bool opens = c.http2 ? opens_over_http2(c, facts) : opening_answer(c, request, facts, 1).lawful && !cut;
    expect_agreement(c, *c.expect->opening, opens, nullptr);
  }
  EXPECT_GT(seen, 100);
}

}  // namespace
}  // namespace touchstone

// What the catalogue says must, should or may be refused in an opening handshake, against ws/rules/refusals.h, which
// the testing kit judges by.
#include "runner/catalogue/catalogue.h"
#include "runner/engine/talk/opening.h"

#include <ws/core/http/handshake.h>
#include <ws/rules/refusals.h>

#include <gtest/gtest.h>

namespace touchstone {
namespace {

using Outcome = ExpectOpening::Outcome;
using ws::rules::Refusal;

constexpr ws::HeadLimits kNoLimits{1024 * 1024, 10'000};

struct Asked {
  ws::RequestHead request;
  ws::Violation fault;
};

// What the strict stack holds against the request of the case, if it is a whole one.
std::optional<Asked> fault_of(const Case& c) {
  Target target;
  target.url = {false, "127.0.0.1", 9001, "/"};
  const ws::Bytes octets = opening_request(c, target, 1).octets;
  const auto end = ws::head_end(octets, kNoLimits);
  if (!end) return Asked{{}, end.error()};
  if (!*end) return std::nullopt;
  const auto request = ws::parse_request(ws::ByteView(octets).first(**end), kNoLimits);
  if (!request) return Asked{{}, request.error()};
  const auto facts = ws::check_request(*request);
  if (facts) return std::nullopt;
  return Asked{*request, facts.error()};
}

Refusal expected(ExpectOpening::Level level) {
  switch (level) {
    case ExpectOpening::Level::must:
      return Refusal::must;
    case ExpectOpening::Level::should:
      return Refusal::should;
    case ExpectOpening::Level::may:
      return Refusal::may;
  }
  return Refusal::may;
}

TEST(Refusals, AgreeWithEveryCaseForAServer) {
  int seen = 0;
  for (const Case& c : Catalogue::built_in().cases()) {
    if (!c.expect || !c.expect->opening || c.sides.front() != Side::server) continue;
    if (c.expect->opening->outcome != Outcome::refuse) continue;
    const auto asked = fault_of(c);
    if (!asked) continue;
    ++seen;
    const Refusal refusal = ws::rules::refusal_of_request(asked->fault, asked->request);
    const Refusal level = expected(c.expect->opening->level);
    // The forms of a malformed head differ in weight; the rules keep to what holds for all of them.
    const bool agrees = asked->fault == ws::Violation::head_malformed ? refusal <= level : refusal == level;
    EXPECT_TRUE(agrees) << c.id << ": " << ws::rule(asked->fault).name;
  }
  EXPECT_GT(seen, 30);
}

}  // namespace
}  // namespace touchstone

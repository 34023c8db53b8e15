// What the suites pressure, connections, idle and earlier are for: each of these faults is found by the clause that it
// breaks, and the same server without one is not accused.
#include "runner/catalogue/catalogue.h"
#include "runner/engine/talk/session.h"
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/strict_expectation.h"
#include "runner/engine/verdict/weigh.h"

#include <ws/testing/faults/deviant_endpoints.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

using Lapse = ws::testing::Fault;

struct Shown {
  Lapse fault;
  std::string id;           // of the case
  FindingKind kind;         // the gravest finding
  std::string requirement;  // that it cites
};

struct Played {
  Verdict verdict;
  Transcript transcript;
};

Played played(const ws::testing::FaultSet& faults, const std::string& id) {
  const auto server = ws::testing::DeviantServer::start(faults, {});
  const Case* c = Catalogue::built_in().find(id);
  if (!server || c == nullptr) {
    ADD_FAILURE() << "no server, or no case " << id;
    return {};
  }
  const std::vector<Case> cases{with_expectation(*c, 1)};
  Target target;
  target.url = {false, "127.0.0.1", (*server)->port(), "/"};
  SessionOptions options;
  options.timeout = std::chrono::seconds(2);
  auto observed = observe_all(cases, target, options);
  if (!observed.front()) {
    ADD_FAILURE() << id << ": " << observed.front().error().text;
    return {};
  }
  Played out{judge(cases.front(), *observed.front(), 1), {}};
  out.transcript = std::move(observed.front()->transcript);
  return out;
}

const std::vector<Shown> kShown{
    {Lapse::tears_frames_when_full, "pressure/whole-messages/binary-65536", FindingKind::message_differs,
     "rfc6455-6.2-4"},
    {Lapse::drops_frames_when_full, "pressure/whole-messages/binary-125", FindingKind::message_differs,
     "rfc6455-6.2-4"},
    {Lapse::drops_pongs_when_full, "pressure/pings/alone", FindingKind::pong_missing, "rfc6455-5.5.2-2"},
    {Lapse::blocks_for_slow_reader, "pressure/others/ping-20000", FindingKind::endpoint_harmed, "rfc6455-10.4-1"},
    {Lapse::ends_idle_connection, "idle/after-opening/0.2", FindingKind::tcp_ended_unasked, "rfc6455-7.3-3"},
    {Lapse::ends_busy_connection, "idle/now-and-then/4", FindingKind::tcp_ended_unasked, "rfc6455-7.3-3"},
    {Lapse::ends_after_earlier_request, "earlier/get-then-idle/0.2", FindingKind::tcp_ended_unasked, "rfc6455-7.3-3"},
    {Lapse::shares_fragments, "connections/fragments/text-two", FindingKind::connections_mixed, "rfc6455-5.4-2"},
    {Lapse::shares_window, "connections/deflate/3000", FindingKind::connections_mixed, "rfc6455-6.2-4"},
    {Lapse::ends_all_with_one, "connections/ends/close", FindingKind::tcp_ended_unasked, "rfc6455-7.3-3"},
    {Lapse::ends_all_for_a_fault, "connections/ends/fault", FindingKind::tcp_ended_unasked, "rfc6455-7.3-3"},
};

TEST(Scenarios, ShowEachFaultByItsClause) {
  for (const Shown& shown : kShown) {
    const auto& [verdict, transcript] = played(shown.fault, shown.id);
    EXPECT_EQ(verdict.behavior, Behavior::failed) << shown.id << ": " << verdict.summary;
    const auto found = std::ranges::find_if(verdict.findings, [&](const Finding& finding) {
      // Where a frame is torn is a matter of the sockets: what comes is another message, or none any more.
      const bool torn =
          shown.fault == Lapse::tears_frames_when_full && finding.kind == ws::rules::name(FindingKind::message_missing);
      return (torn || finding.kind == ws::rules::name(shown.kind)) && finding.requirement == shown.requirement;
    });
    EXPECT_NE(found, verdict.findings.end()) << shown.id << ": " << verdict.summary << " by "
                                             << (verdict.findings.empty() ? "" : verdict.findings.front().requirement);
  }
}

TEST(Scenarios, LeaveTheFaithfulTwinWithoutBlame) {
  for (const Shown& shown : kShown) {
    const auto verdict = played(Lapse::none, shown.id).verdict;
    const bool fine = verdict.behavior == Behavior::ok || verdict.behavior == Behavior::not_applicable;
    EXPECT_TRUE(fine) << shown.id << ": " << verdict.summary;
  }
}

// Who answers an earlier request goes on: the case is judged, not left out.
TEST(Scenarios, AskAfterAnEarlierRequest) {
  EXPECT_EQ(played(Lapse::ends_after_earlier_request, "earlier/get").verdict.behavior, Behavior::ok);
  EXPECT_EQ(played(Lapse::none, "earlier/get").verdict.behavior, Behavior::not_applicable);
}

TEST(Scenarios, TellOfAllConnectionsInTheOrderOfTime) {
  const Transcript transcript = played(Lapse::none, "connections/fragments/binary-two").transcript;
  std::int64_t last = 0;
  std::vector<std::string> names;
  for (const Entry& entry : transcript.entries) {
    EXPECT_GE(entry.at_us, last);
    last = entry.at_us;
    if (std::ranges::find(names, entry.connection) == names.end()) names.push_back(entry.connection);
    if (entry.same_as) {
      ASSERT_LT(*entry.same_as, transcript.entries.size());
      EXPECT_EQ(transcript.entries[*entry.same_as].connection, entry.connection);
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"a", "c0"}));
}

}  // namespace
}  // namespace touchstone

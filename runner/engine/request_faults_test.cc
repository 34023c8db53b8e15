// Clients that begin every connection with a wrong request, and have a second fault in their frames: both are found,
// each by its own clause, and nothing else is.
#include "runner/catalogue/catalogue.h"
#include "runner/engine/talk/test_taken_client.h"

#include <ws/testing/faults/deviant_endpoints.h>

#include <gtest/gtest.h>

#include <set>

namespace touchstone {
namespace {

using Deviation = ws::testing::Fault;
using ws::testing::FaultSet;

asio::awaitable<void> connect(std::uint16_t port, FaultSet faults) {
  (void)co_await ws::testing::run_deviant_client(ws::Url("127.0.0.1", port), faults, {});
}

Verdict judged(const FaultSet& faults, const std::string& id) {
  return TakenClient::verdict_on(*Catalogue::built_in().find(id),
                                 [&](std::uint16_t port) { return connect(port, faults); });
}

// An echo, a compressed echo, RSV2, and a Close.
const std::vector<std::string> kCases{"framing/echo/binary-125-whole", "deflate/parameters/defaults-16-whole",
                                      "reserved/rsv-after-message/2-whole", "close/code-valid/1000"};

// "rfc6455-4.1-20 request-illegal host-missing": what all the cases together hold against the client.
std::set<std::string> held(const FaultSet& faults) {
  std::set<std::string> all;
  for (const std::string& id : kCases) {
    const Verdict verdict = judged(faults, id);
    EXPECT_FALSE(verdict.hidden) << id << ": " << verdict.summary;
    for (const Finding& finding : verdict.findings) {
      if (finding.weight == Finding::Weight::choice) continue;
      const bool of_the_request = finding.kind == "request-illegal";
      all.insert(finding.requirement + (of_the_request ? " " + finding.evidence : ""));
    }
  }
  return all;
}

struct Asked {
  Deviation fault;
  std::string told;
} const kAsked[] = {
    {Deviation::asks_without_host, "rfc6455-4.1-20 host-missing"},
    {Deviation::sends_short_key, "rfc6455-4.1-24 key-invalid"},
    {Deviation::asks_without_version, "rfc6455-4.1-29 version-missing"},
    {Deviation::asks_for_version_8, "rfc6455-4.1-29 version-unsupported"},
    {Deviation::sends_post, "rfc6455-4.1-17 method-not-get"},
    {Deviation::sends_http_1_0, "rfc6455-4.1-18 http-version-too-low"},
    {Deviation::asks_without_upgrade, "rfc6455-4.1-21 upgrade-missing"},
    {Deviation::asks_without_connection, "rfc6455-4.1-22 connection-upgrade-missing"},
    {Deviation::sends_two_keys, "rfc6455-11.3.1-1 handshake-field-repeated"},
    {Deviation::asks_for_bad_extension, "rfc6455-9.1-3 extensions-malformed"},
    {Deviation::asks_for_window_16, "rfc7692-7.1.2.2-2"},
};

TEST(RequestFaults, OneIsOneCauseAndHidesNothing) {
  for (const Asked& asked : kAsked) EXPECT_EQ(held(asked.fault), std::set<std::string>{asked.told});
}

TEST(RequestFaults, ASecondFaultInTheFramesIsFoundBesideIt) {
  for (const Deviation second : {Deviation::sends_unmasked, Deviation::sends_1005, Deviation::accepts_rsv2}) {
    const auto alone = held(second);
    EXPECT_FALSE(alone.empty());
    for (const Asked& asked : kAsked) {
      auto both = alone;
      both.insert(asked.told);
      EXPECT_EQ(held({asked.fault, second}), both) << asked.told;
    }
  }
}

TEST(RequestFaults, WithoutAKeyNothingIsSaidOfTheAnswer) {
  const Verdict verdict = judged(Deviation::asks_without_key, "opening-answer/accept-missing");
  ASSERT_EQ(verdict.findings.size(), 1u);
  EXPECT_EQ(verdict.findings.front().requirement, "rfc6455-4.1-23");
}

}  // namespace
}  // namespace touchstone

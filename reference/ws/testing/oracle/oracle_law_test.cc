// The two laws of the oracle: it never accuses the strict stack, whatever is said to it and however the network cuts
// and delays it; and of the peers with one fault it accuses those whose fault shows.
#include <gtest/gtest.h>
#include <ws/testing/oracle/oracle.h>

#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

#include "ws/testing/test_support.h"

namespace ws::testing {
namespace {

using chance::Dice;

TEST(OracleLaw, NeverAccusesTheStrictStack) {
  std::size_t failed = 0, closed = 0, polite = 0;
  for (std::uint64_t seed = 0; seed < 2500; ++seed) {
    Dice dice(seed);
    const Role role = dice.once_in(2) ? Role::server : Role::client;
    const bool deflate = dice.once_in(2);
    chance::StrictEndpoint endpoint(role, deflate, dice);
    const auto transcript = chance::converse(endpoint, role, deflate, dice);
    JudgeOptions options;
    options.echoes = dice.once_in(2);
    const Judgment judgment = judge(transcript, options);
    ASSERT_TRUE(judgment.obeys()) << "seed " << seed << ": " << describe(judgment);
    ASSERT_TRUE(judgment.is_strict() || options.echoes) << "seed " << seed << ": " << describe(judgment);
    const auto saw = [&]<class E>(std::type_identity<E>) {
      return std::ranges::any_of(judgment.reaction, [](const Event& e) { return std::holds_alternative<E>(e); });
    };
    const bool fails = saw(std::type_identity<event::Failed>{}), closes = saw(std::type_identity<event::Close>{});
    ++(fails ? failed : closes ? closed : polite);
  }
  // The law was asked about all kinds of ends.
  EXPECT_GT(failed, 300U);
  EXPECT_GT(closed, 200U);
  EXPECT_GT(polite, 300U);
}

// The complaints of one that is judged while it goes on, in pieces of so many octets.
std::string judged_alive(const Transcript& transcript, const JudgeOptions& options, std::size_t octets) {
  LiveJudge live(transcript.endpoint, transcript.opened, options);
  std::size_t known = 0;
  for (const auto& piece : transcript.pieces) {
    if (piece.octets.empty()) live.take(piece.kind);
    for (std::size_t at = 0; at < piece.octets.size(); at += octets) {
      live.take(piece.kind, ByteView(piece.octets).subspan(at, std::min(octets, piece.octets.size() - at)));
      EXPECT_GE(live.complaints().size(), std::exchange(known, live.complaints().size()));
    }
  }
  live.finish();
  return describe(std::move(live).result());
}

TEST(OracleLaw, SaysTheSameBesideALiveConnection) {
  std::size_t accused = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Dice dice(seed);
    const Role role = dice.once_in(2) ? Role::server : Role::client;
    const bool deflate = dice.once_in(2);
    const auto& row = faults()[seed % faults().size()];
    if (!(role == Role::server ? row.server : row.client)) continue;
    chance::DeviantEndpoint endpoint(role, row.fault, dice);
    const auto transcript = chance::converse(endpoint, role, deflate, dice);
    JudgeOptions options;
    options.echoes = dice.once_in(2);
    const std::string whole = describe(judge(transcript, options));
    accused += whole.empty() ? 0 : 1;
    for (const std::size_t octets : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20})
      ASSERT_EQ(judged_alive(transcript, options, octets), whole) << "seed " << seed << ", " << row.name;
  }
  EXPECT_GT(accused, 30U);
}

// Of each fault: is it found in some of 100 conversations? And the peer without any is never accused.
std::set<std::string> found(Role role) {
  std::set<std::string> names;
  const auto accused = [&](Fault fault, std::uint64_t seed) {
    Dice dice(seed);
    const bool deflate = dice.once_in(2);
    chance::DeviantEndpoint endpoint(role, fault, dice);
    const auto transcript = chance::converse(endpoint, role, deflate, dice);
    JudgeOptions options;
    options.echoes = true;
    return !judge(transcript, options).is_strict();
  };
  for (std::uint64_t seed = 0; seed < 300; ++seed) EXPECT_FALSE(accused(Fault::none, seed)) << seed;
  for (const FaultRow& row : faults()) {
    if (!(role == Role::server ? row.server : row.client)) continue;
    for (std::uint64_t seed = 0; seed < 100 && !names.contains(std::string(row.name)); ++seed)
      if (accused(row.fault, seed)) names.emplace(row.name);
  }
  return names;
}

std::string missed(Role role, const std::set<std::string>& names) {
  std::string out;
  for (const FaultRow& row : faults()) {
    const bool has = role == Role::server ? row.server : row.client;
    if (has && !names.contains(std::string(row.name))) out.append(row.name).append(" ");
  }
  return out;
}

TEST(OracleLaw, AccusesServersWithOneFault) {
  const auto names = found(Role::server);
  EXPECT_GE(names.size(), 100U) << "missed: " << missed(Role::server, names);
}

TEST(OracleLaw, AccusesClientsWithOneFault) {
  const auto names = found(Role::client);
  EXPECT_GE(names.size(), 100U) << "missed: " << missed(Role::client, names);
}

}  // namespace
}  // namespace ws::testing

// One set of rules: the same octets go through the runner's judge, the fuzzer's evaluation and the testing kit's
// oracle, and all three have to find the same kinds of faults, with the same requirement and the same weight.
//
// The octets are those between the tester and a peer with one fault. What one of the three cannot know is written down
// below with the reason; nothing else may differ.
#include "runner/campaign/evaluate.h"
#include "runner/campaign/test_relay.h"
#include "runner/catalogue/catalogue.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <ws/rules/codes.h>
#include <ws/testing/faults/deviant_endpoints.h>
#include <ws/testing/oracle/oracle.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace touchstone::fuzz {
namespace {

constexpr std::string_view kBadCode = "close/code-invalid/2000", kPing = "pings/answered/text",
                           kDeflate = "deflate/payload/json-16-whole";

using ws::testing::DeviantServer;
using DeviantFault = ws::testing::Fault;

struct Held {
  std::string kind, requirement;
  bool must = false;
  auto operator<=>(const Held&) const = default;
};
using HeldSet = std::set<Held>;

HeldSet held(const std::vector<Finding>& findings) {
  HeldSet out;
  for (const Finding& finding : findings) {
    if (finding.weight == Finding::Weight::choice) continue;
    out.insert({finding.kind, finding.requirement, finding.weight == Finding::Weight::violation});
  }
  return out;
}

HeldSet held(const ws::testing::Judgment& judgment) {
  HeldSet out;
  for (const auto& complaint : judgment.complaints) {
    out.insert({std::string(name(complaint)), complaint.requirement,
                complaint.weight == ws::testing::Complaint::Weight::must});
  }
  return out;
}

std::string words(const HeldSet& all) {
  std::string out;
  for (const Held& one : all) out += (one.must ? " MUST " : " SHOULD ") + one.requirement + " " + one.kind + ";";
  return out.empty() ? " nothing" : out;
}

// --- Differences by design ---

struct Design {
  std::string_view kind, reason;
};

// The runner and the fuzzer find these; the kit does not.
constexpr Design kBeyondTheKit[] = {
    {"pong-late", "it has no marks: when the tester waited for the Pong is not in a transcript"},
    {"tcp-left-open-after-fin", "C-40: whoever is gone is owed nothing, unless both have sent a Close"},
    {"opening-refused", "C-08: a server may refuse anybody, and no case says that this request is plain"},
    {"refusal-status", "how an endpoint refuses is not judged (C-08)"},
    {"refusal-by-end-of-tcp", "how an endpoint refuses is not judged (C-08)"},
    {"refusal-says-no-error", "how an endpoint refuses is not judged (C-08)"},
    {"refusal-field-missing", "how an endpoint refuses is not judged (C-08)"},
    {"refusal-upgrade-missing", "how an endpoint refuses is not judged (C-08)"},
    {"refusal-allow-missing", "how an endpoint refuses is not judged (C-08)"},
    {"refusal-challenge-missing", "how an endpoint refuses is not judged (C-08)"},
    {"answer-has-length", "it reads heads as the strict stack does, which ignores the field (RFC 9112 6.3)"},
    {"answer-has-coding", "it reads heads as the strict stack does, which ignores the field (RFC 9112 6.3)"},
    {"length-beside-coding", "it reads heads as the strict stack does"},
    {"request-has-length", "it reads heads as the strict stack does"},
    {"mask-key-sequence", "it sees one connection at a time"},
    {"tcp-reset-after-failing", "how TCP ended is a race without a case that is about it"},
    {"tls-not-closed", "it sees what TLS carries"},
    {"offer-refused", "C-36: a server may refuse anybody"},
    {"limit-not-repeated", "it does not ask what an answer could have said besides (C-33)"},
    {"list-element-empty", "it reads heads as the strict stack does, which takes empty elements"},
    {"field-repeated", "it reads heads as the strict stack does"},
    {"offer-unknown-parameter", "of an offer it reads no more than the strict server does"},
    {"field-folded", "it reads heads as the strict stack does"},
};

// The requirement is what the case is about; without a case it is that of the fault.
constexpr std::string_view kOfTheCase[] = {"fault-ignored", "opening-accepted", "answer-accepted"};

template <class All>
bool names(const All& all, std::string_view kind) {
  return std::ranges::any_of(all, [&](const auto& one) {
    if constexpr (requires { one.kind; }) {
      return one.kind == kind;
    } else {
      return one == kind;
    }
  });
}

// Of a fault that nobody has to refuse (C-15, C-16, C-29) the kit leaves open all that follows; a case may ask for
// more.
constexpr std::string_view kOfAFaultLeftOpen[] = {"fault-ignored",         "failing-code-wrong", "tcp-left-open",
                                                  "failed-without-close",  "tcp-ended-second",   "tcp-kept-open",
                                                  "answered-after-failing"};

// How long a request's body is said to be: the kit reads heads as the strict stack does, which needs no body.
constexpr std::string_view kOfABody = "rfc9112-6.";

// One finding brings another with it where a case is known, or where it is not.
bool is_excused(const HeldSet& all, std::string_view kind) {
  const auto has = [&](std::string_view other) { return names(all, other); };
  // The case waits for what the refused message or Ping asked for; without a case the refusal says it all.
  if (kind == "pong-missing" || kind == "message-missing") return has("legal-octets-refused");
  // The runner knows which of them shows the fault; the kit says each as it comes.
  if (kind == "message-after-fault") return has("fault-ignored");
  // The kit reads nothing more of a client that does not wait for the answer.
  return kind == "answer-accepted" && has("octets-before-request");
}

// With what is different by design made equal.
HeldSet comparable(const HeldSet& all, bool of_a_case, bool left_open) {
  HeldSet out;
  for (Held one : all) {
    if (names(kBeyondTheKit, one.kind) || is_excused(all, one.kind)) continue;
    if (left_open && names(kOfAFaultLeftOpen, one.kind)) continue;
    if (one.kind == "opening-accepted" && one.requirement.starts_with(kOfABody)) continue;
    if (of_a_case && names(kOfTheCase, one.kind)) one.requirement = "(the case's)";
    out.insert(std::move(one));
  }
  return out;
}

bool leaves_its_fault_open(const ws::testing::Judgment& judgment) {
  const auto* failed = judgment.reaction.empty() ? nullptr : std::get_if<ws::event::Failed>(&judgment.reaction.back());
  return failed != nullptr && ws::rules::may_be_taken(failed->violation);
}

// --- Putting it to all three ---

constexpr std::uint64_t kSeed = 1;

SessionOptions patient() {
  SessionOptions options;
  options.timeout = std::chrono::milliseconds(400);  // silence of a peer that is beside us
  options.seed = kSeed;
  return options;
}

std::vector<const Case*> chosen(std::string_view family, std::size_t most, Side side = Side::server) {
  std::vector<const Case*> all, out;
  for (const Case& c : Catalogue::built_in().cases()) {
    const bool fits = std::ranges::find(c.sides, side) != c.sides.end();
    if (c.id.starts_with(family) && fits && c.steps.size() < 50 && c.informational.empty()) all.push_back(&c);
  }
  for (std::size_t i = 0; i < std::min(most, all.size()); ++i) out.push_back(all[i * all.size() / most]);
  return out;
}

const std::vector<Case>& representative() {
  static const std::vector<Case> kCases = [] {
    std::vector<Case> out;
    for (const std::string_view family : {"close/", "closing/", "reserved/", "fragmentation/", "pings/",
                                          "opening-request/", "opening-head/", "opening-offer/", "framing/"}) {
      for (const Case* c : chosen(family, 2)) out.push_back(with_expectation(*c, kSeed));
    }
    return out;
  }();
  return kCases;
}

std::string difference(const std::string& who, const HeldSet& theirs, const HeldSet& kits) {
  if (theirs == kits) return {};
  return "\n  " + who + ":" + words(theirs) + "\n  kit:" + words(kits);
}

// What was compared, so that a test is not green for want of anything to compare.
struct Compared {
  std::size_t with_runner = 0, with_fuzzer = 0;
  std::set<std::string> kinds{};  // that were found, and equal
};
Compared& compared() {
  static Compared all;
  return all;
}

// What differs between the three, and not by design; empty when nothing does.
std::string differences(const Case& c, const Observation& o, const ws::testing::Transcript& transcript) {
  const Verdict verdict = judge(c, o, kSeed);
  if (verdict.behavior == Behavior::errored || verdict.hidden) return {};
  const auto judgment = ws::testing::judge(transcript, {.echoes = c.expect->compares_messages});
  const HeldSet kit = held(judgment);
  const bool left_open = leaves_its_fault_open(judgment);
  const auto compare = [&](const std::string& who, const HeldSet& theirs, bool of_a_case) {
    return difference(who, comparable(theirs, of_a_case, left_open), comparable(kit, of_a_case, left_open));
  };
  ++compared().with_runner;
  for (const Held& one : comparable(kit, true, left_open)) compared().kinds.insert(one.kind);
  std::string out = compare("runner", held(verdict.findings), true);
  Case stimulus = c;
  stimulus.expect.reset();
  stimulus = expected(std::move(stimulus), kSeed);
  // It may ask something else than the case does.
  const Expect &asked = *c.expect, &asks = *stimulus.expect;
  const bool same = stimulus.steps.size() == c.steps.size() && asks.end.index() == asked.end.index() &&
                    asks.replies.size() == asked.replies.size() && asks.echoes == asked.echoes;
  if (!same) return out;
  if (c.request || c.expect->opening) return out;  // the fuzzer takes openings from the catalogue, with its expectation
  ++compared().with_fuzzer;
  const Evaluation fuzzer = evaluated(stimulus, o, "peer", kSeed);
  return out + compare("fuzzer", held(fuzzer.verdict.findings), false);
}

void expect_parity(const std::string& peer, std::uint16_t port, const std::vector<Case>& cases) {
  const auto overheard = talk(port, cases, patient());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!overheard[i].observation) continue;
    const auto found = differences(cases[i], *overheard[i].observation, overheard[i].transcript);
    EXPECT_EQ(found, "") << peer << " at " << cases[i].id;
  }
}

// What it does wrong depends on other connections, and so on when each of them looks.
bool needs_others(DeviantFault fault) {
  using enum DeviantFault;
  return fault == shares_fragments || fault == shares_window || fault == ends_all_with_one ||
         fault == ends_all_for_a_fault;
}

TEST(Parity, PeersWithOneFaultAreHeldToTheSameRules) {
  for (const auto& row : ws::testing::faults()) {
    if (!row.server || needs_others(row.fault)) continue;
    const auto server = DeviantServer::start(row.fault, {});
    ASSERT_TRUE(server);
    expect_parity(std::string(row.name), (*server)->port(), representative());
  }
  EXPECT_GT(compared().with_runner, 2000U);
  EXPECT_GT(compared().with_fuzzer, 1000U);
  EXPECT_GT(compared().kinds.size(), 20U);
  RecordProperty("compared", std::to_string(compared().with_runner) + " " + std::to_string(compared().with_fuzzer) +
                                 " " + std::to_string(compared().kinds.size()));
}

TEST(Parity, AFaultlessPeerIsAccusedByNobody) {
  const auto server = DeviantServer::start(DeviantFault::none, {});
  expect_parity("none", (*server)->port(), representative());
}

TEST(Parity, ClientsWithOneFaultAreHeldToTheSameRules) {
  std::vector<Case> cases;
  for (const std::string_view family : {"close/", "reserved/", "fragmentation/", "pings/", "opening-answer/"}) {
    for (const Case* c : chosen(family, 2, Side::client)) cases.push_back(with_expectation(*c, kSeed, Side::client));
  }
  for (const auto& row : ws::testing::faults()) {
    if (!row.client) continue;
    for (const Case& c : cases) {
      const Overheard heard = talk_to_client(row.fault, c, patient());
      if (!heard.observation) continue;
      EXPECT_EQ(differences(c, *heard.observation, heard.transcript), "") << row.name << " at " << c.id;
    }
  }
}

// --- Peers made by hand ---

using Answer = HandMadeServer::Answer;
using ws::testing::Frame;

ws::Bytes frame(ws::Opcode opcode, ws::ByteView payload, bool rsv1 = false) {
  ws::Bytes out;
  ws::FrameHeader header;
  header.opcode = opcode;
  header.rsv1 = rsv1;
  ws::encode_frame(header, payload, out);
  return out;
}

ws::Bytes close_frame(std::uint16_t code) {
  return frame(ws::Opcode::close, ws::encode_close(ws::CloseReason{code, {}}));
}

// Every frame is answered as an echo does, and a Close ends TCP.
Answer echo(const Frame& frame_in) {
  const ws::Opcode opcode = frame_in.header.opcode;
  if (opcode == ws::Opcode::pong) return {};
  return {frame(opcode == ws::Opcode::ping ? ws::Opcode::pong : opcode, frame_in.payload), opcode == ws::Opcode::close};
}

// The same but for frames with that opcode.
HandMadeServer::React but(ws::Opcode opcode, const HandMadeServer::React& react) {
  return [=](const Frame& in) { return in.header.opcode == opcode ? react(in) : echo(in); };
}

ws::Bytes both(ws::Bytes first, const ws::Bytes& second) {
  ws::append(first, second);
  return first;
}

struct HandMade {
  std::string_view what, kind;  // the kind that has to be found
  std::string_view at;          // the case
  HandMadeServer::React react;
  std::string fields{};
};

std::vector<HandMade> hand_made() {
  using enum ws::Opcode;
  constexpr std::string_view kClose = "close/code-valid/1000", kText = "framing/echo/text-125-whole";
  const auto again = [](const Frame& in) { return Answer{both(echo(in).octets, echo(in).octets), true}; };
  const auto twice = [](const Frame& in) { return Answer{both(echo(in).octets, echo(in).octets)}; };
  return {
      {"Close 1011", "close-answer-says-error", kClose,
       but(close, [](auto&) { return Answer{close_frame(1011), true}; })},
      {"no Close", "close-unanswered", kClose, but(close, [](auto&) { return Answer{}; })},
      {"the end of TCP", "close-answered-by-end-of-tcp", kClose, but(close, [](auto&) { return Answer{{}, true}; })},
      {"two Closes", "second-close", kClose, but(close, again)},
      {"data after Close", "data-after-close", kClose,
       but(close, [](const Frame& in) { return Answer{both(echo(in).octets, frame(text, {})), true}; })},
      {"a bad code repeated", "close-code-repeated", kBadCode, echo},
      {"another echo", "message-differs", kText,
       but(text, [](auto&) { return Answer{frame(text, ws::as_octets("other"))}; })},
      {"another type", "message-type-differs", kText,
       but(text, [](const Frame& in) { return Answer{frame(binary, in.payload)}; })},
      {"no echo", "message-missing", kText, but(text, [](auto&) { return Answer{}; })},
      {"no Pong", "pong-missing", kPing, but(ping, [](auto&) { return Answer{}; })},
      {"two Pongs", "pong-twice", kPing, but(ping, twice)},
      {"TCP left open", "tcp-kept-open", kClose, but(close, [](const Frame& in) { return Answer{echo(in).octets}; })},
      {"1002 for nothing", "legal-octets-refused", kText,
       but(text, [](auto&) { return Answer{close_frame(1002), true}; })},
      {"an empty compressed message", "compressed-message-empty", kDeflate,
       but(text, [](auto&) { return Answer{frame(text, {}, true)}; }),
       "Sec-WebSocket-Extensions: permessage-deflate\r\n"},
  };
}

TEST(Parity, PeersMadeByHandAreHeldToTheSameRules) {
  for (const HandMade& peer : hand_made()) {
    const Case* c = Catalogue::built_in().find(peer.at);
    ASSERT_NE(c, nullptr) << peer.at;
    const HandMadeServer server(peer.react, peer.fields);
    const std::vector<Case> cases{with_expectation(*c, kSeed)};
    const auto overheard = talk(server.port(), cases, patient());
    ASSERT_TRUE(overheard[0].observation) << peer.what;
    EXPECT_EQ(differences(cases[0], *overheard[0].observation, overheard[0].transcript), "") << peer.what;
    const Verdict verdict = judge(cases[0], *overheard[0].observation, kSeed);
    EXPECT_TRUE(std::ranges::any_of(verdict.findings, [&](const auto& f) { return f.kind == peer.kind; }))
        << peer.what << words(held(verdict.findings));
  }
}

// RFC 6455 5.5.1 forbids data after a Close, and 5.5.2 asks for the Pong until a Close has come.
TEST(Parity, APongAfterTheOwnCloseIsAnAnswer) {
  for (const bool empty : {true, false}) {
    const HandMadeServer server([empty](const Frame& in) {
      if (in.header.opcode == ws::Opcode::close) return Answer{{}, true};
      if (in.header.opcode != ws::Opcode::ping) return echo(in);
      return Answer{both(empty ? frame(ws::Opcode::close, {}) : close_frame(1001), echo(in).octets)};
    });
    for (const std::string_view id : {kPing, std::string_view("pings/same-payload/nul-alone")}) {
      const std::vector<Case> cases{with_expectation(*Catalogue::built_in().find(id), kSeed)};
      const auto overheard = talk(server.port(), cases, patient());
      ASSERT_TRUE(overheard[0].observation) << id;
      EXPECT_EQ(differences(cases[0], *overheard[0].observation, overheard[0].transcript), "") << id;
      const Verdict verdict = judge(cases[0], *overheard[0].observation, kSeed);
      EXPECT_TRUE(std::ranges::none_of(verdict.findings, [](const auto& f) { return f.kind == "pong-missing"; }))
          << id << words(held(verdict.findings));
    }
  }
}

}  // namespace
}  // namespace touchstone::fuzz

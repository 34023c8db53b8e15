// Servers that open every connection with a wrong answer, and have a second fault in their frames: both are found, each
// by its own clause, and nothing else is.
#include "runner/catalogue/catalogue.h"
#include "runner/engine/talk/session.h"
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/opening_judge.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <ws/testing/faults/deviant_endpoints.h>

#include <gtest/gtest.h>

#include <set>

namespace touchstone {
namespace {

using ws::testing::DeviantServer;
using Lapse = ws::testing::Fault;  // another test here has a Fault of its own
using ws::testing::FaultSet;
using AnswerKind = ws::rules::AnswerFault::Kind;

struct Judged {
  const Case* c;
  Verdict verdict;
};

std::vector<Judged> judged(const FaultSet& faults, const std::vector<std::string>& ids) {
  const auto server = DeviantServer::start(faults, {});
  std::vector<Case> cases;
  for (const std::string& id : ids) cases.push_back(with_expectation(*Catalogue::built_in().find(id), 1));
  Target target;
  target.url = {false, "127.0.0.1", (*server)->port(), "/"};
  SessionOptions options;
  options.timeout = std::chrono::seconds(2);
  std::vector<Judged> out;
  const auto observed = observe_all(cases, target, options);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_TRUE(observed[i]) << ids[i];
    if (observed[i]) out.push_back({Catalogue::built_in().find(ids[i]), judge(cases[i], *observed[i], 1)});
  }
  return out;
}

// "rfc6455-4.2.2-18 answer-accept-wrong": what all the cases together hold against the server.
std::set<std::string> held_against_it(const std::vector<Judged>& results) {
  std::set<std::string> held;
  for (const Judged& result : results) {
    for (const Finding& finding : result.verdict.findings) {
      if (finding.weight == Finding::Weight::choice) continue;
      const bool of_the_answer = finding.kind.starts_with("answer-");
      held.insert(finding.requirement + (of_the_answer ? " " + finding.kind + " " + finding.evidence : ""));
    }
  }
  return held;
}

constexpr const char *kBinaryEcho = "framing/echo/binary-125-whole", *kRsv2 = "reserved/rsv-after-message/2-whole";
// An echo, a compressed echo whose offer does not name client_max_window_bits, RSV2, and a Close.
const std::vector<std::string> kPlantedCases{kBinaryEcho, "opening-offer/client-window-not-offered", kRsv2,
                                             "close/code-valid/1000"};

struct Planted {
  Lapse answer;
  std::string told;
} const kPlanted[] = {
    {Lapse::constant_accept, "rfc6455-4.2.2-18 answer-accept-wrong "},
    {Lapse::unasked_subprotocol, "rfc6455-4.2.2-10 answer-subprotocol-unasked chat"},
    {Lapse::unasked_client_window, "rfc7692-7.1.2.2-7 answer-parameter-not-offered client_max_window_bits"},
};

TEST(AnswerFaults, OneIsOneCauseAndHidesNothing) {
  for (const Planted& planted : kPlanted) {
    const auto results = judged(planted.answer, kPlantedCases);
    EXPECT_EQ(held_against_it(results), std::set<std::string>{planted.told});
    // The case is judged to its end: only the answer is held against the server, and the closing is clean.
    for (const Judged& result : results) {
      EXPECT_EQ(result.verdict.closing, Closing::ok) << result.c->id << ": " << result.verdict.summary;
      EXPECT_FALSE(result.verdict.hidden);
      EXPECT_EQ(result.verdict.behavior == Behavior::failed,
                !result.verdict.findings.empty() && result.verdict.findings.front().kind.starts_with("answer-"))
          << result.c->id << ": " << result.verdict.summary;
    }
  }
}

TEST(AnswerFaults, ASecondFaultInTheFramesIsFoundBesideIt) {
  for (const Planted& planted : kPlanted) {
    for (const Lapse second : {Lapse::masks_frames, Lapse::sends_1005, Lapse::accepts_rsv2}) {
      const auto alone = held_against_it(judged(second, kPlantedCases));
      EXPECT_FALSE(alone.empty());
      auto both = alone;
      both.insert(planted.told);
      EXPECT_EQ(held_against_it(judged({planted.answer, second}, kPlantedCases)), both) << planted.told;
    }
  }
}

// The octets that break a rule end what is read: what is missing after them is their doing, what came before is not.
TEST(FrameFaults, OneIsOneCause) {
  EXPECT_EQ(held_against_it(judged(Lapse::masks_frames, kPlantedCases)), std::set<std::string>{"rfc6455-5.1-5"});
  auto both = held_against_it(judged(Lapse::sends_1005, kPlantedCases));
  both.merge(held_against_it(judged(Lapse::accepts_rsv2, kPlantedCases)));
  EXPECT_EQ(held_against_it(judged({Lapse::sends_1005, Lapse::accepts_rsv2}, kPlantedCases)), both);
}

// Whoever answers like this for every kind of fault breaks a rule that the catalogue knows and that binds a server.
TEST(AnswerFaults, EachCitesAClauseThatBindsTheServer) {
  const auto offers = ws::parse_extensions("permessage-deflate; server_no_context_takeover; client_max_window_bits=10");
  const std::pair<std::string, std::string> fields[] = {
      {"Upgrade", "h2c"},
      {"Connection", "close"},
      {"Sec-WebSocket-Accept", "x"},
      {"Sec-WebSocket-Accept", ws::accept_key("the sample nonce")},
      {"Sec-WebSocket-Protocol", "other"},
      {"Sec-WebSocket-Protocol", ""},
      {"Sec-WebSocket-Protocol", "a, b"},
      {"Sec-WebSocket-Extensions", ""},
      {"Sec-WebSocket-Extensions", ";"},
      {"Sec-WebSocket-Extensions", "x-other, x-offered"},
      {"Sec-WebSocket-Extensions", "permessage-deflate; foo; client_max_window_bits=16, permessage-deflate"},
      {"Sec-WebSocket-Extensions",
       "permessage-deflate; server_no_context_takeover; client_max_window_bits=12; client_max_window_bits=12"},
  };
  std::set<AnswerKind> seen;
  const auto look = [&](const ws::ResponseHead& head, const ws::RequestFacts& request) {
    for (const auto& fault : ws::rules::read_answer(head, request).faults) {
      seen.insert(fault.kind);
      const Requirement* const rule = Catalogue::built_in().requirement(fault.requirement);
      ASSERT_NE(rule, nullptr) << fault.requirement;
      EXPECT_NE(rule->binds, "client") << fault.requirement;
      const bool must = rule->level == "MUST" || rule->level == "MUST NOT";
      EXPECT_TRUE(must || !rule->choice.empty()) << fault.requirement;  // else nothing says how much it weighs
    }
  };
  const ws::RequestFacts request{"dGhlIHNhbXBsZSBub25jZQ==", {"chat"}, *offers};
  for (const auto& [name, value] : fields) {
    ws::RequestFacts with_more = request;
    with_more.extensions.push_back({"x-offered", {}});
    look({.version_minor = 0, .status = 101, .reason = {}, .fields = {{name, value}, {name, value}}}, with_more);
  }
  const auto answers = [&](const char* offer, const char* answer) {
    look({.status = 101,
          .reason = {},
          .fields = {{"Sec-WebSocket-Extensions", answer}, {"Sec-WebSocket-Protocol", "chat"}}},
         {request.key, {}, *ws::parse_extensions(offer)});
  };
  answers("permessage-deflate; foo", "permessage-deflate");
  answers("permessage-deflate; server_max_window_bits=16", "permessage-deflate");
  answers("permessage-deflate; server_no_context_takeover; server_no_context_takeover", "permessage-deflate");
  answers("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=10");
  answers("permessage-deflate", "permessage-deflate; client_max_window_bits=9");
  EXPECT_EQ(seen.size(), ws::rules::answer_fault_kinds().size());
}

// --- What cannot be used -------------------------------------------------------------------------------------------

Verdict verdict_on(const char* id, Observation observation) {
  const Case c = with_expectation(*Catalogue::built_in().find(id), 1);
  return judge(c, observation, 1);
}

Observation answered(const std::string& extensions) {
  Observation o;
  o.response = ws::ResponseHead{.status = 101, .reason = {}, .fields = {{"Sec-WebSocket-Extensions", extensions}}};
  return o;
}

TEST(AnswerFaults, AnAnswerThatNobodyUnderstandsHidesOtherMatters) {
  Observation o = answered("permessage-deflate;");
  o.answer_faults = {{AnswerKind::extensions_malformed, {}, "rfc6455-9.1-3", ws::Violation::extensions_malformed}};
  o.handshake_violation = ws::Violation::extensions_malformed;
  const Verdict echo = verdict_on(kBinaryEcho, o);
  EXPECT_EQ(echo.behavior, Behavior::not_applicable);
  EXPECT_TRUE(echo.hidden);
  ASSERT_EQ(echo.findings.size(), 1u);
  EXPECT_EQ(echo.findings[0].requirement, "rfc6455-9.1-3");
  EXPECT_EQ(echo.findings[0].weight, Finding::Weight::violation);
  for (const char* about_openings : {"opening-offer/blanks/none", "opening-offer/client-window-not-offered"}) {
    const Verdict opening = verdict_on(about_openings, o);
    EXPECT_EQ(opening.behavior, Behavior::failed) << about_openings;
    EXPECT_FALSE(opening.hidden);
    EXPECT_EQ(opening.findings.at(0).requirement, "rfc6455-9.1-3");
  }
}

// RSV bits may mean something to an extension that nobody here knows.
TEST(AnswerFaults, AnUnknownExtensionHidesWhatItMayGiveAMeaningTo) {
  const FaultSet faults{Lapse::unasked_extension, Lapse::accepts_rsv2};
  const auto results = judged(faults, {kBinaryEcho, kRsv2});
  EXPECT_EQ(results[0].verdict.behavior, Behavior::failed);
  EXPECT_FALSE(results[0].verdict.hidden);
  EXPECT_EQ(results[1].verdict.behavior, Behavior::not_applicable);
  EXPECT_TRUE(results[1].verdict.hidden);
  EXPECT_EQ(held_against_it(results),
            std::set<std::string>{"rfc6455-4.2.2-13 answer-extension-not-offered x-webkit-deflate-frame"});
}

TEST(AnswerFaults, WhatAWrongAnswerMakesImpossibleIsHidden) {
  Observation o = answered("permessage-deflate; client_max_window_bits=wide");
  o.opened = true;
  o.deflate = ws::DeflateParams{.client_max_window_bits = 8};
  o.answer_faults = {{AnswerKind::parameter_not_offered, "client_max_window_bits", "rfc7692-7.1.2.2-7",
                      ws::Violation::extension_parameters_invalid}};
  const Case* raw = nullptr;  // compressed data that needs more than 256 octets of window
  for (const Case& c : Catalogue::built_in().cases()) {
    if (raw == nullptr && c.needs_deflate && c.expect && !is_about_the_opening(c) &&
        exceeds_agreement(c, Side::server, *o.deflate))
      raw = &c;
  }
  ASSERT_NE(raw, nullptr);
  EXPECT_TRUE(verdict_on(raw->id.c_str(), o).hidden) << raw->id;
  o.answer_faults.clear();
  EXPECT_FALSE(verdict_on(raw->id.c_str(), o).hidden);
  EXPECT_EQ(verdict_on(raw->id.c_str(), o).behavior, Behavior::not_applicable);
}

// A server that takes a request which it ought to refuse, and says nothing in a field that names a subprotocol. What
// depends on the request is not held against it: nobody can say what such a request asks for.
TEST(AnswerFaults, TheAnswerToAnIllegalRequestIsHeldAgainstWhatNoRequestCouldMakeRight) {
  Observation o;
  o.opened = true;
  o.response = ws::ResponseHead{.status = 101, .reason = {}, .fields = {{"Sec-WebSocket-Protocol", ""}}};
  o.answer_faults = {{AnswerKind::subprotocol_empty, {}, "rfc6455-4.2.2-11", ws::Violation::subprotocol_malformed},
                     {AnswerKind::accept_wrong, {}, "rfc6455-4.2.2-18", ws::Violation::accept_wrong}};
  const Verdict verdict = verdict_on("opening-offer/subprotocol-malformed/commas", o);
  EXPECT_EQ(verdict.behavior, Behavior::failed);
  std::vector<std::string> requirements;
  for (const Finding& finding : verdict.findings) requirements.push_back(finding.requirement);
  EXPECT_EQ(requirements, (std::vector<std::string>{"rfc6455-4.2.1-18", "rfc6455-4.2.2-11"}));
}

}  // namespace
}  // namespace touchstone

#include "runner/catalogue/testing/broken_files.h"

#include <fmt/format.h>

#include <vector>

namespace touchstone::testing {
namespace {

constexpr std::string_view kOfServers = R"("sides": ["server"],)";

std::string with_steps(std::string_view steps) { return one_group("", steps); }
std::string with_step(std::string_view step) { return with_steps(fmt::format("[{}]", step)); }
std::string with_expect(std::string_view expect) {
  return one_group("", R"([{"message": "text", "payload": "a"}])", expect);
}
std::string with_payload(std::string_view payload) {
  return with_step(fmt::format(R"({{"message": "text", "payload": {}}})", payload));
}

std::string both_ends(std::string_view steps, std::string_view expect = R"([{"must": "ends", "at": "client"}])") {
  return one_group(R"("sides": ["intermediary"],)", steps, expect);
}

std::vector<BrokenFile> make() {
  return {
      {"NotJson", "{\"suite\": ", "/suite", "line 1", false},
      {"Empty", "", "", "no JSON", false},
      {"TwoDocuments", one_group("") + "{}", "", "no JSON", false},
      {"TooDeep", std::string(100, '['), "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0", "deeper",
       false},
      {"KeyTwice", one_group(R"("bulk": true, "bulk": false,)"), "/groups/0/bulk", "second time", false},
      {"NotAnObject", "[]", "", "[]", true},
      {"NoSuite", R"({"about": "", "groups": []})", "", "no key 'suite'", true},
      {"SuiteWithBlank", R"({"suite": "a b", "about": "", "groups": []})", "/suite", "a b", true},
      {"UnknownKey", one_group(R"("titel": "x",)"), "/groups/0", "'titel'", true},
      {"NoSteps", R"({"suite": "s", "about": "", "groups": [{"id": "a", "title": "t", "requirements": ["r"]}]})",
       "/groups/0", "'steps'", true},
      {"BadId",
       R"({"suite": "s", "about": "", "groups": [{"id": "A b", "title": "t", "requirements": ["r"], "steps": []}]})",
       "/groups/0/id", "A b", true},
      {"IdTwice", one_group(R"("tags": ["{n}"], "sweep": [[{"n": "1"}, {"n": "2"}]],)"), "/groups/0/id", "'s/a' twice",
       false},
      {"AliasTwice", one_group(R"("aliases": ["1.1.1", "1.1.1"],)"), "/groups/0/aliases", "'1.1.1' twice", false},
      {"NoRequirement",
       R"({"suite": "s", "about": "", "groups": [{"id": "a", "title": "t", "requirements": [], "steps": []}]})",
       "/groups/0/requirements", "[]", true},
      {"UnknownSide", one_group(R"("sides": ["proxy"],)"), "/groups/0/sides/0", "proxy", true},
      {"NoSide", one_group(R"("sides": [],)"), "/groups/0/sides", "[]", true},
      {"UnknownNeed", one_group(R"("needs": ["brotli"],)"), "/groups/0/needs/0", "brotli", true},
      {"DeadlineOfZero", one_group(R"("deadline_s": 0,)"), "/groups/0/deadline_s", "0", true},
      {"FractionOfASecond", one_group(R"("deadline_s": 1.5,)"), "/groups/0/deadline_s", "1.5", true},
      {"BulkIsText", one_group(R"("bulk": "yes",)"), "/groups/0/bulk", "yes", true},
      {"WireUnknown", one_group(R"("wire": "slow",)"), "/groups/0/wire", "slow", true},
      {"WireOfZero", one_group(R"("wire": 0,)"), "/groups/0/wire", "0", true},
      {"UnknownParameter", one_group(R"("wire": "$w",)"), "/groups/0/wire", "'w'", false},
      {"UnknownTemplate", one_group(R"("note": "{w}",)"), "/groups/0/note", "'w'", false},
      {"LooseBrace", one_group(R"("note": "{ w",)"), "/groups/0/note", "{ w", true},
      {"UnusedParameter", one_group(R"("sweep": [[{"n": 1}]],)"), "/groups/0/sweep", "'n' is never used", false},
      {"EmptyAxis", one_group(R"("sweep": [[]],)"), "/groups/0/sweep/0", "[]", true},
      {"RowsDiffer", one_group(R"("tags": ["$n"], "sweep": [[{"n": "1"}, {"m": "2"}]],)"), "/groups/0/sweep/0/1", "m",
       false},
      {"ParameterInTwoAxes", one_group(R"("tags": ["$n"], "sweep": [[{"n": "1"}], [{"n": "2"}]],)"),
       "/groups/0/sweep/1", "'n'", false},
      {"LooksLikeAParameter", one_group(R"("note": "{a}b", "sweep": [[{"a": "$"}]],)"), "/groups/0/note", "'$b'",
       false},
      {"UnknownStates", one_group(R"("tags": ["$state"], "sweep": [{"states": "some"}],)"), "/groups/0/sweep/0/states",
       "some", true},
      {"CoverOfOne", one_group(R"("tags": ["$n"], "sweep": [{"cover": [[{"n": "1"}]], "strength": 2, "seed": 1}],)"),
       "/groups/0/sweep/0/cover", "fewer than two", true},
      {"CoverWithoutSeed",
       one_group(R"("tags": ["$n", "$m"], "sweep": [{"cover": [[{"n": "1"}], [{"m": "1"}]], "strength": 2}],)"),
       "/groups/0/sweep/0", "'seed'", true},
      {"UnknownAxis", one_group(R"("sweep": ["@sizes"],)"), "/groups/0/sweep/0", "@sizes", false},
      {"SweepTooBig",
       [] {
         std::string sweep;
         for (const char axis : {'b', 'c', 'd', 'e'}) {
           std::string list;
           for (int i = 0; i < 20; ++i) list += fmt::format(R"({}{{"{}": {}}})", i == 0 ? "" : ",", axis, i);
           sweep += fmt::format("{}[{}]", sweep.empty() ? "" : ",", list);
         }
         return one_group(fmt::format(R"("tags": ["{{b}}{{c}}{{d}}{{e}}"], "sweep": [{}],)", sweep));
       }(),
       "/groups/0", "beyond all measure", false},
      {"UnknownStep", with_step(R"({"shout": "a"})"), "/groups/0/steps/0", "shout", true},
      {"FrameAndMessage", with_step(R"({"frame": "text", "message": "text"})"), "/groups/0/steps/0", "'message'", true},
      {"OpcodeUnknown", with_step(R"({"frame": "txt"})"), "/groups/0/steps/0/frame", "txt", true},
      {"OpcodeTooBig", with_step(R"({"frame": 16})"), "/groups/0/steps/0/frame", "16", true},
      {"MessageOfPings", with_step(R"({"message": "ping"})"), "/groups/0/steps/0/message", "ping", true},
      {"RsvTooBig", with_step(R"({"frame": "text", "rsv": 8})"), "/groups/0/steps/0/rsv", "8", true},
      {"CloseCodeTooBig", with_step(R"({"close": 65536})"), "/groups/0/steps/0/close", "65536", true},
      {"ReasonWithoutCode", with_step(R"({"close": null, "reason": "x"})"), "/groups/0/steps/0/reason", "without",
       true},
      {"ReasonTooLong", with_step(R"({"close": 1000, "reason": {"fill": "x", "len": 124}})"),
       "/groups/0/steps/0/reason", "124", false},
      {"PartsAndPayload", with_step(R"({"message": "text", "parts": ["a"], "payload": "b"})"), "/groups/0/steps/0",
       "parts beside", true},
      {"NoParts", with_step(R"({"message": "text", "parts": []})"), "/groups/0/steps/0/parts", "[]", true},
      {"AwaitUnknown", with_step(R"({"await": "spring"})"), "/groups/0/steps/0/await", "spring", true},
      {"PauseBehindTheEnd", with_step(R"({"frame": "text", "payload": "abc", "pauses": [{"at": 4, "mark": "A"}]})"),
       "/groups/0/steps/0/pauses/0/at", "4", false},
      {"PausesInDisorder",
       with_step(R"({"frame": "text", "payload": "abc", "pauses": [{"at": 2, "mark": "A"}, {"at": 1, "mark": "B"}]})"),
       "/groups/0/steps/0/pauses/1/at", "1", false},
      {"MarkTwice", with_steps(R"([{"sentinel": "A"}, {"sentinel": "A"}])"), "/groups/0/steps", "'A' twice", false},
      {"RepeatOfNothing", with_step(R"({"repeat": 0, "steps": []})"), "/groups/0/steps/0/repeat", "0", true},
      {"RepeatTooLong", with_step(R"({"repeat": 1000001, "steps": []})"), "/groups/0/steps/0/repeat", "1000001", true},
      {"RepeatInRepeat", with_step(R"({"repeat": 2, "steps": [{"repeat": 2, "steps": []}]})"),
       "/groups/0/steps/0/steps", "inside a repeat", true},
      {"CounterUnused", with_step(R"({"repeat": 2, "as": "i", "steps": [{"message": "text"}]})"),
       "/groups/0/steps/0/as", "'i' is not used", false},
      {"UnrolledTooLong",
       with_step(
           R"({"repeat": 10000, "as": "i", "steps": [{"message": "text", "payload": "{i}"}, {"await": "echo"}]})"),
       "/groups/0/steps/0/steps/1", "more steps", false},
      {"TooMuchTraffic",
       with_step(
           R"({"repeat": 1000, "steps": [{"message": "binary", "payload": {"stream": "noise", "len": 1073741824}}]})"),
       "/groups/0/steps", "sends more", false},
      {"OddHex", with_payload(R"({"hex": "abc"})"), "/groups/0/steps/0/payload/hex", "abc", true},
      {"CapitalHex", with_payload(R"({"hex": "AB"})"), "/groups/0/steps/0/payload/hex", "AB", true},
      {"FillWithoutLength", with_payload(R"({"fill": "x"})"), "/groups/0/steps/0/payload", "'len'", true},
      {"FillOfNothing", with_payload(R"({"fill": "", "len": 4})"), "/groups/0/steps/0/payload/fill", "\"\"", true},
      {"NegativeLength", with_payload(R"({"fill": "x", "len": -1})"), "/groups/0/steps/0/payload/len", "-1", true},
      {"LengthTooBig", with_payload(R"({"fill": "x", "len": 1073741825})"), "/groups/0/steps/0/payload/len",
       "1073741825", true},
      {"UnknownStream", with_payload(R"({"stream": "music", "len": 4})"), "/groups/0/steps/0/payload/stream", "music",
       true},
      {"PayloadIsANumber", with_payload("7"), "/groups/0/steps/0/payload", "7", true},
      {"CatTooBig", with_payload(R"({"cat": [{"fill": "x", "len": 1073741824}, "y"]})"), "/groups/0/steps/0/payload",
       "1073741825", false},
      {"NoEnd", with_expect("{}"), "/groups/0/expect", "neither opening nor end", true},
      {"EndUnknown", with_expect(R"({"end": "rude"})"), "/groups/0/expect/end", "rude", true},
      {"TwoEnds", with_expect(R"({"end": {"fails": [1002], "open": [1000]}})"), "/groups/0/expect/end", "open", true},
      {"NoCodes", with_expect(R"({"end": {"fails": []}})"), "/groups/0/expect/end/fails", "[]", true},
      {"ReplyUnknown", with_expect(R"({"replies": [{"recv": "ping"}], "end": "polite"})"),
       "/groups/0/expect/replies/0/recv", "ping", true},
      {"PassesUnknownMark", with_expect(R"({"replies": [{"passes": "A"}], "end": "polite"})"), "/groups/0/expect",
       "'A'", false},
      {"EchoesBesideMessages", with_expect(R"({"replies": [{"recv": "text"}], "echoes": true, "end": "polite"})"),
       "/groups/0/expect", "echoes beside", false},
      {"SentPongWithoutPing", with_expect(R"({"replies": [{"recv": "pong", "payload": "@sent"}], "end": "polite"})"),
       "/groups/0/expect", "@sent", false},
      {"BulkWithContents",
       one_group(R"("bulk": true,)", R"([{"message": "text", "payload": "a"}])",
                 R"({"replies": [{"recv": "text", "payload": "a"}], "end": "polite"})"),
       "/groups/0/expect", "bulk", false},
      {"HeadWithUnknownKey", one_group(R"("request": {"begin": "GET"},)"), "/groups/0/request", "'begin'", true},
      {"HeadRawBesideStart", one_group(R"("request": {"raw": "a", "start": "b"},)"), "/groups/0/request", "raw beside",
       true},
      {"HeadStopBesideGlue", one_group(R"("answer": {"stop": {"after": 1, "with": "fin"}, "glue": true},)"),
       "/groups/0/answer", "stop beside", true},
      {"HeadStopUnknown", one_group(R"("answer": {"stop": {"after": 1, "with": "fire"}},)"),
       "/groups/0/answer/stop/with", "fire", true},
      {"EditUnknown", one_group(R"("request": {"fields": [{"replace": "Host"}]},)"), "/groups/0/request/fields/0",
       "replace", true},
      {"EditWithoutValue", one_group(R"("request": {"fields": [{"set": "Host"}]},)"), "/groups/0/request/fields/0",
       "'to'", true},
      {"EditOfNoName", one_group(R"("request": {"fields": [{"remove": "Ho st"}]},)"),
       "/groups/0/request/fields/0/remove", "Ho st", true},
      {"OpeningTwoLevels", with_expect(R"({"opening": {"must": "open", "may": "open"}})"), "/groups/0/expect/opening",
       "must", true},
      {"OpenedTwice", one_group(kOfServers, R"([{"open": "b"}, {"open": "b"}])"), "/groups/0/steps", "opened twice",
       false},
      {"OpenedAsTheFirst", one_group(kOfServers, R"([{"open": "a"}])"), "/groups/0/steps/0/open", "a", true},
      {"OnAnUnknownOne", one_group(kOfServers, R"([{"on": "b", "sentinel": "x"}])"), "/groups/0/steps", "on 'b'",
       false},
      {"OpenForClients", with_step(R"({"open": "b"})"), "/groups/0/steps", "for clients", false},
      {"ConnectionNobodyOpens", one_group(R"("connections": {"b": {}},)"), "/groups/0/connections", "'b'", false},
      {"ConnectionUnknownKey",
       one_group(R"("sides": ["server"], "connections": {"b": {"steps": []}},)", R"([{"open": "b"}])"),
       "/groups/0/connections/b", "'steps'", true},
      {"IdleForEver", with_step(R"({"idle_s": 601})"), "/groups/0/steps/0/idle_s", "601", true},
      {"IdleBackwards", with_step(R"({"idle_s": -1})"), "/groups/0/steps/0/idle_s", "-1", true},
      {"IdleTooFine", with_step(R"({"idle_s": 0.0001})"), "/groups/0/steps/0/idle_s", "0.0001", false},
      {"IdleInARepeat", with_step(R"({"repeat": 2, "steps": [{"idle_s": 1}]})"), "/groups/0/steps/0/steps",
       "inside a repeat", true},
      {"SilenceThatMustBeSurvived", with_steps(R"([{"idle_s": 1, "pongs": false}])"), "/groups/0/steps", "has to live",
       false},
      {"StuckWithoutHold", one_group(kOfServers, R"([{"stuck_s": 1}])"), "/groups/0/steps", "without hold", false},
      {"HeldTwice", one_group(kOfServers, R"([{"hold": true}, {"hold": true}])"), "/groups/0/steps", "hold twice",
       false},
      {"WaitsWhileHeld", one_group(kOfServers, R"([{"hold": true}, {"sentinel": "x"}])"), "/groups/0/steps",
       "that is held", false},
      {"PipelinedAlone", one_group(R"("request": {"pipelined": true},)"), "/groups/0/request/pipelined", "alone",
       false},
      {"EarlierOfEarlier", one_group(R"("request": {"earlier": [{"earlier": [{}]}]},)"), "/groups/0/request/earlier/0",
       "earlier request", false},
      {"BothEndsExpectNothing", both_ends("[]", "[]"), "/groups/0/expect", "[]", true},
      {"BothEndsUnknownVerb", both_ends("[]", R"([{"must": "sings", "at": "client"}])"), "/groups/0/expect/0/must",
       "sings", true},
      {"BothEndsTwoLevels", both_ends("[]", R"([{"must": "ends", "may": "ends", "at": "client"}])"),
       "/groups/0/expect/0", "must", true},
      {"BothEndsNoEnd", both_ends("[]", R"([{"must": "ends", "at": "proxy"}])"), "/groups/0/expect/0/at", "proxy",
       true},
      {"BothEndsHeadOfTheOther", both_ends(R"([{"as": "client", "answer": {}}])"), "/groups/0/steps/0/answer",
       "a head of the other side", false},
      {"BothEndsTwoThings", both_ends(R"([{"as": "client", "get": {}, "steps": []}])"), "/groups/0/steps/0", "get",
       true},
      {"BothEndsStepThatWaits", both_ends(R"([{"as": "client", "steps": [{"sentinel": "A"}]}])"),
       "/groups/0/steps/0/steps", "a step that waits", false},
      {"BothEndsBesideOne", one_group(R"("sides": ["intermediary", "server"],)"), "/groups/0/sides",
       "beside another side", true},
      {"OpeningUnknown", with_expect(R"({"opening": {"must": "wait"}})"), "/groups/0/expect/opening/must", "wait",
       true},
  };
}

}  // namespace

std::string one_group(std::string_view extra, std::string_view steps, std::string_view expect) {
  return fmt::format(R"({{"suite": "s", "about": "", "groups": [{{"id": "a", "title": "t", "requirements": ["r"], {}
    "steps": {}, "expect": {}}}]}})",
                     extra, steps, expect);
}

std::span<const BrokenFile> broken_files() {
  static const auto all = make();
  return all;
}

}  // namespace touchstone::testing

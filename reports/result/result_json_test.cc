#include "reports/result/result_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace touchstone {
namespace {

using testing::HasSubstr;

Result sample() {
  Result result;
  result.case_id = "close/code-valid/1000";
  result.aliases = {"7.7.1"};
  result.title = "Close with 1000";
  result.endpoint = "ws \"8\"\n";
  result.behavior = Behavior::non_strict;
  result.closing = Closing::wrong_code;
  result.requirements = {"rfc6455-7.4-1"};
  result.expectation = "The endpoint answers.";
  result.summary = "It did not.";
  result.findings = {{Finding::Weight::weak, "rfc6455-7.4-1", "1000", "1002"}};
  result.duration_ms = 1.234;
  result.started = *parse_time("2026-11-21T10:11:12.123456Z");
  result.flaky = true;
  result.remote_close_code = 65535;
  result.remote_close_reason = "\xff\xfe";
  result.closed_by_peer_first = true;
  result.replay = "touchstone test --case 7.7.1";
  result.transcript.request = "GET / HTTP/1.1\r\n\r\n";
  result.transcript.response = "HTTP/1.1 101 \xe9\r\n\r\n";
  result.transcript.octets_sent = 1ULL << 40;
  result.transcript.cut = true;
  Entry frame;
  frame.at_us = 12;
  frame.direction = Entry::Direction::sent;
  frame.kind = Entry::Kind::frame;
  frame.opcode = 15;
  frame.fin = true;
  frame.rsv = 7;
  frame.mask = 0x00ff00fe;
  frame.length = ~0ULL;
  frame.octets = std::string("\0\xff", 2);
  frame.same_as = 0;
  frame.crc32 = 0xffffffff;
  frame.note = "two\nlines";
  frame.repeated = 7;
  result.transcript.entries = {frame, Entry{}};
  result.other_transcript = Transcript{};
  return result;
}

TEST(ResultJson, ReadsBackWhatItWrote) {
  const Json written = to_json(sample());
  const auto parsed = parse_json(write_json(written));
  ASSERT_TRUE(parsed) << parsed.error().text();
  const auto read = result_from_json(*parsed);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(to_json(*read), written);
  EXPECT_EQ(read->remote_close_reason, "\xff\xfe");
  EXPECT_EQ(read->transcript.response, sample().transcript.response);
  EXPECT_EQ(read->transcript.entries[0].octets, sample().transcript.entries[0].octets);
  EXPECT_EQ(read->transcript.entries[0].mask, 0x00ff00feU);
  EXPECT_EQ(read->transcript.entries[0].length, ~0ULL);
  EXPECT_EQ(read->transcript.entries[0].same_as, 0U);
  EXPECT_EQ(read->started, sample().started);
  EXPECT_EQ(read->local_close_code, std::nullopt);
}

TEST(ResultJson, ReadsBackARun) {
  RunInfo run;
  run.version = "1";
  run.seed = ~0ULL;
  run.command_line = {"touchstone", "test"};
  run.endpoints = {{"a", "ws://x", "nginx"}};
  run.planned = 3;
  run.ended_because = "interrupted";
  run.start = run.end = *parse_time("2026-11-21T10:11:12.123456Z");
  const auto read = run_from_json(to_json(run));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(to_json(*read), to_json(run));
}

std::string fault_after(const std::function<void(Json&)>& change) {
  Json value = to_json(sample());
  change(value);
  const auto read = result_from_json(value);
  return read ? "no fault" : read.error().text();
}

TEST(ResultJson, NamesEveryFault) {
  EXPECT_THAT(fault_after([](Json& v) { v["behavior"] = "MAYBE"; }),
              HasSubstr("/behavior: found \"MAYBE\", allowed is OK"));
  EXPECT_THAT(fault_after([](Json& v) { v.erase("title"); }), HasSubstr("no key \"title\""));
  EXPECT_THAT(fault_after([](Json& v) { v["tilte"] = 1; }), HasSubstr("found the key \"tilte\""));
  EXPECT_THAT(fault_after([](Json& v) { v["remote_close_code"] = 65536; }),
              HasSubstr("/remote_close_code: found 65536"));
  EXPECT_THAT(fault_after([](Json& v) { v["remote_close_code"] = -1; }), HasSubstr("an integer from 0 to 65535"));
  EXPECT_THAT(fault_after([](Json& v) { v["duration_ms"] = -1; }), HasSubstr("/duration_ms"));
  EXPECT_THAT(fault_after([](Json& v) { v["flaky"] = "no"; }), HasSubstr("true or false"));
  EXPECT_THAT(fault_after([](Json& v) { v["started"] = "2026-11-21"; }), HasSubstr("/started"));
  EXPECT_THAT(fault_after([](Json& v) { v["aliases"][0] = 7; }), HasSubstr("/aliases/0: found 7"));
  EXPECT_THAT(fault_after([](Json& v) { v["findings"][0]["weight"] = "x"; }), HasSubstr("/findings/0/weight"));
  EXPECT_THAT(fault_after([](Json& v) { v["transcript"]["entries"][0]["octets"] = "f"; }),
              HasSubstr("/transcript/entries/0/octets"));
  EXPECT_THAT(fault_after([](Json& v) { v["transcript"]["entries"][0]["rsv"] = 8; }), HasSubstr("from 0 to 7"));
  EXPECT_THAT(fault_after([](Json& v) { v["transcript"]["entries"][0]["mask"] = "00"; }), HasSubstr("8 hex digits"));
  EXPECT_THAT(fault_after([](Json& v) { v["transcript"]["request"] = Json{{"hex", "0g"}}; }),
              HasSubstr("/request/hex"));
  EXPECT_THAT(fault_after([](Json& v) { v = 1; }), HasSubstr("found 1, allowed is an object"));
}

TEST(TranscriptJson, KeepsLittleOfPayloadsBeyondItsBudget) {
  Transcript transcript;
  for (std::size_t i = 0; i < 10; ++i) {
    Entry& entry = transcript.entries.emplace_back();
    entry.kind = Entry::Kind::frame;
    entry.octets.assign(Entry::kKeptOctets, 'x');
    entry.length = 1 << 20;
  }
  const auto read = transcript_from_json(to_json(transcript));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->entries[3].octets.size(), Entry::kKeptOctets);
  EXPECT_EQ(read->entries[4].octets.size(), Transcript::kShortOctets);
  EXPECT_EQ(read->entries[9].octets.size(), Transcript::kShortOctets);
  EXPECT_EQ(read->entries[9].length, 1U << 20);
  EXPECT_EQ(to_json(*read), to_json(transcript)) << "writing again takes nothing more away";
}

TEST(ParseJson, RefusesEqualKeys) {
  EXPECT_THAT(parse_json(R"({"a": {"b": 1}, "c": {"b": 1, "b": 2}})").error().text(), HasSubstr("the key \"b\" twice"));
  EXPECT_TRUE(parse_json(R"([{"b": 1}, {"b": 2}])"));
}

TEST(ParseJson, TellsWhereTheTextBreaks) {
  EXPECT_THAT(parse_json("{\"a\": ").error().text(), HasSubstr("a fault at octet 7 of 6"));
  EXPECT_THAT(parse_json("{\"a\": 1e400}").error().text(), HasSubstr("a number beyond all measure"));
}

TEST(Time, RefusesWhatIsNoTime) {
  EXPECT_EQ(format_time(*parse_time("1999-12-31T23:59:59.999999Z")), "1999-12-31T23:59:59.999999Z");
  for (const char* text : {"", "1999-12-31T23:59:59Z", "1999-13-31T23:59:59.999999Z", "1999-02-30T23:59:59.999999Z",
                           "1999-12-31T24:59:59.999999Z", "1999-12-31 23:59:59.999999Z", "1999-12-31T23:59:59.99999xZ",
                           "1060-01-01T00:00:00.000000Z", "2200-01-01T00:00:00.000000Z"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(WriteJson, IsAsciiWhateverComes) { EXPECT_EQ(write_json(Json("a\xff\xe2\x80\xa8\n")), "\"a\\ufffd\\u2028\\n\""); }

}  // namespace
}  // namespace touchstone

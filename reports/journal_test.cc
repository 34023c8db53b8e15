#include "reports/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "reports/result/result_json.h"
#include "reports/testing/folder.h"

namespace touchstone {
namespace {

using testing::HasSubstr;

RunInfo a_run() {
  RunInfo run;
  run.version = "0.1.0";
  run.planned = 2;
  run.start = *parse_time("2026-11-21T10:00:00.000000Z");
  run.end = *parse_time("2026-11-21T10:00:09.000000Z");
  run.complete = true;
  return run;
}

Result empty_result(const std::string& id) {
  Result result;
  result.case_id = id;
  result.started = a_run().start;
  result.duration_ms = 1500;
  return result;
}

struct Journals : testing::Test {
  TestFolder folder;
  std::filesystem::path file = folder.path() / kJournalName;

  void write(bool footer) {
    auto writer = JournalWriter::open(folder.path(), a_run());
    ASSERT_TRUE(writer) << writer.error();
    ASSERT_TRUE(writer->add(empty_result("a")));
    ASSERT_TRUE(writer->add(empty_result("b")));
    if (footer) {
      ASSERT_TRUE(writer->finish(a_run()));
    }
  }
  void append(std::string_view text) { std::ofstream(file, std::ios::app) << text; }
};

TEST_F(Journals, ReadBackWhole) {
  write(true);
  const auto journal = read_journal(folder.path());
  ASSERT_TRUE(journal) << journal.error();
  EXPECT_EQ(to_json(journal->run), to_json(a_run()));
  ASSERT_EQ(journal->results.size(), 2U);
  EXPECT_EQ(journal->results[1].case_id, "b");
}

TEST_F(Journals, WithoutFooterArePartial) {
  write(false);
  const auto journal = read_journal(file);
  ASSERT_TRUE(journal) << journal.error();
  EXPECT_FALSE(journal->run.complete);
  EXPECT_THAT(journal->run.ended_because, HasSubstr("no footer"));
  EXPECT_EQ(journal->results.size(), 2U);
  EXPECT_EQ(journal->run.end, a_run().start + std::chrono::milliseconds(1500));
}

TEST_F(Journals, KeepTheLinesBeforeATornOne) {
  write(false);
  append(R"({"result": {"case": "c", "ag)");
  const auto journal = read_journal(file);
  ASSERT_TRUE(journal) << journal.error();
  EXPECT_EQ(journal->results.size(), 2U);
  EXPECT_FALSE(journal->run.complete);
}

TEST_F(Journals, NameTheLineOfAFault) {
  write(false);
  append("{\"result\": {\"case\": 7}}\n");
  const auto journal = read_journal(file);
  ASSERT_FALSE(journal);
  EXPECT_THAT(journal.error(), HasSubstr("journal.jsonl:4: /result/case: found 7, allowed is a string"));
}

TEST_F(Journals, NoticeLostLines) {
  write(false);
  append(R"({"footer": {"end": "2026-11-21T10:00:09.000000Z", "complete": true, "ended_because": "", "results": 3}})"
         "\n");
  EXPECT_THAT(read_journal(file).error(), HasSubstr("found 3, allowed is 2"));
}

TEST_F(Journals, TakeTheLastOfSeveralLinesForACase) {
  auto writer = JournalWriter::open(folder.path(), a_run());
  ASSERT_TRUE(writer) << writer.error();
  Result first = empty_result("a"), elsewhere = empty_result("a"), second = empty_result("a");
  first.behavior = Behavior::failed;
  elsewhere.endpoint = "another";
  second.behavior = Behavior::ok;
  for (const Result& result : {first, elsewhere, empty_result("b"), second}) ASSERT_TRUE(writer->add(result));
  ASSERT_TRUE(writer->finish(a_run()));
  const auto journal = read_journal(file);
  ASSERT_TRUE(journal) << journal.error();
  ASSERT_EQ(journal->results.size(), 3U);
  EXPECT_EQ(journal->results[0].case_id, "a");
  EXPECT_EQ(journal->results[0].behavior, Behavior::ok);
  EXPECT_EQ(journal->results[1].endpoint, "another");
}

TEST_F(Journals, GoOnUnderANewHeader) {
  for (const bool footer : {true, false}) {
    write(footer);
    if (!footer) append(R"({"result": {"ca)");
    RunInfo later = a_run();
    later.planned = 7;
    auto writer = JournalWriter::go_on(folder.path(), later);
    ASSERT_TRUE(writer) << writer.error();
    ASSERT_TRUE(writer->add(empty_result("c")));
    ASSERT_TRUE(writer->finish(later));
    const auto journal = read_journal(file);
    ASSERT_TRUE(journal) << journal.error();
    EXPECT_EQ(journal->run.planned, 7U);
    ASSERT_EQ(journal->results.size(), 3U);
    EXPECT_EQ(journal->results[1].case_id, "b");
    EXPECT_EQ(journal->results[2].case_id, "c");
  }
  ASSERT_TRUE(JournalWriter::open(folder.path(), a_run()));
  ASSERT_TRUE(JournalWriter::go_on(folder.path(), a_run())) << "one without a result";
  EXPECT_THAT(read_journal(file)->results, testing::IsEmpty());
}

// So many that several threads read them.
TEST_F(Journals, KeepTheOrderOfManyLines) {
  auto writer = JournalWriter::open(folder.path(), a_run());
  ASSERT_TRUE(writer) << writer.error();
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(writer->add(empty_result(std::to_string(i))));
  ASSERT_TRUE(writer->finish(a_run()));
  const auto journal = read_journal(file);
  ASSERT_TRUE(journal) << journal.error();
  ASSERT_EQ(journal->results.size(), 3000U);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(journal->results[static_cast<std::size_t>(i)].case_id, std::to_string(i));
}

TEST_F(Journals, OfTheFirstFormatAreRead) {
  Json run = to_json(a_run());
  for (const char* later : {"end", "complete", "ended_because"}) run.erase(later);
  append(write_json(Json{{"journal", 1}, {"run", run}}) + "\n");
  EXPECT_TRUE(read_journal(file));
}

TEST_F(Journals, EndWithTheFooter) {
  write(true);
  append("{\"result\": {}}\n");
  EXPECT_THAT(read_journal(file).error(), HasSubstr("nothing after the footer"));
}

TEST_F(Journals, BeginWithTheHeader) {
  append("{\"result\": {}}\n");
  EXPECT_THAT(read_journal(file).error(), HasSubstr("allowed is the header"));
  std::ofstream(file, std::ios::trunc) << "";
  EXPECT_THAT(read_journal(file).error(), HasSubstr("found no header"));
}

TEST_F(Journals, RefuseAFormatOfTheFuture) {
  append("{\"journal\": 3, \"run\": {}}\n");
  EXPECT_THAT(read_journal(file).error(), HasSubstr("/journal: found 3, allowed is 1 to 2"));
}

TEST_F(Journals, SayWhyTheyCannotBeOpened) {
  append("not a folder");
  EXPECT_THAT(JournalWriter::open(file, a_run()).error(), HasSubstr("cannot make the folder"));
  EXPECT_THAT(read_journal(folder.path() / "none").error(), HasSubstr("No such file"));
}

TEST(FullDisk, IsAnErrorThatSaysSo) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  auto file = OutputFile::create("/dev/full");
  ASSERT_TRUE(file);
  EXPECT_THAT(file->append("x").error(), HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace touchstone

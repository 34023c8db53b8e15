#include "runner/cli/process/file_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "reports/testing/folder.h"

namespace touchstone::cli {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::IsEmpty;

struct WatchedFiles : testing::Test {
  TestFolder folder;
  fs::path at = folder.path();
  void write(const fs::path& file) { std::ofstream(at / file) << "text"; }
};

TEST_F(WatchedFiles, ChangeInFoldersAndBelowThem) {
  fs::create_directories(at / "src/deep");
  auto watch = FileWatch::of({at}, at / "report");
  ASSERT_TRUE(watch) << watch.error();
  EXPECT_THAT(watch->changes(), IsEmpty());
  write("src/deep/server.c");
  EXPECT_THAT(watch->changes(), Contains(at / "src/deep/server.c"));
  fs::create_directories(at / "more");
  EXPECT_THAT(watch->changes(), Contains(at / "more"));
  write("more/file");
  EXPECT_THAT(watch->changes(), Contains(at / "more/file")) << "a folder that was made later";
  fs::rename(at / "more/file", at / "src/file");
  EXPECT_THAT(watch->changes(), Contains(at / "src/file"));
  fs::remove(at / "src/file");
  EXPECT_THAT(watch->changes(), Contains(at / "src/file"));
  EXPECT_THAT(watch->changes(), IsEmpty());
}

TEST_F(WatchedFiles, AreNotThoseThatAreMadeOrHidden) {
  for (const char* name : {"report", ".git", "node_modules", "build"}) fs::create_directories(at / name);
  auto watch = FileWatch::of({at}, at / "report");
  ASSERT_TRUE(watch) << watch.error();
  EXPECT_EQ(watch->folders(), 1U);
  for (const char* name : {"report/a", ".git/a", "node_modules/a", "build/a", ".swap", "old~"}) write(name);
  EXPECT_THAT(watch->changes(), IsEmpty());
}

TEST_F(WatchedFiles, SayWhichFolderIsNotThere) {
  const auto watch = FileWatch::of({at / "none"}, at / "report");
  ASSERT_FALSE(watch);
  EXPECT_THAT(watch.error(), testing::HasSubstr((at / "none").string() + ": No such file"));
}

}  // namespace
}  // namespace touchstone::cli

#include "runner/campaign/old_names.h"

#include "runner/campaign/findings.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace touchstone::fuzz {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// As version 0.1.0 wrote it, for a server that overlooks RSV3.
constexpr std::string_view kReadme = R"(# rfc6455-5.2-3-821919c8

Endpoint: some server

- violation (rfc6455-5.2-3)
  - expected: the connection fails: Close 1002
  - seen: the endpoint went on: it answered a Ping sent behind the fault, and then an ordinary Close

Found with input 7 after 0.1 s. Replay:
)";

TEST(OldNames, EndWithADigest) {
  EXPECT_TRUE(is_old_name("rfc6455-5.2-3-821919c8"));
  EXPECT_FALSE(is_old_name("rfc6455-5.2-3-fault-ignored-survived"));
  EXPECT_FALSE(is_old_name("rfc6455-5.2-3-821919C8"));
  EXPECT_FALSE(is_old_name(""));
}

TEST(OldNames, AreReadFromWhatTheFolderSays) {
  EXPECT_THAT(names_today("rfc6455-5.2-3-821919c8", kReadme), ElementsAre("rfc6455-5.2-3-fault-ignored"));
  EXPECT_THAT(
      names_today("rfc6455-6.2-1-43f2295b",
                  "  - expected: 1 messages in answer\n  - seen: 0 of 1 messages came back; the endpoint reset TCP\n"),
      ElementsAre("*-message-missing"));
  EXPECT_THAT(names_today("rfc7692-7-1-b0512a19",
                          "  - expected: an answer to the opening handshake that keeps this rule\n"
                          "  - seen: The parameters of an accepted extension do not answer the offer.\n"),
              Contains("*-answer-parameter"));
  EXPECT_THAT(names_today("rfc6455-6.2-1-9ecc7c74", "The endpoint was gone after these 3 stimuli, sent again"),
              ElementsAre("rfc6455-6.2-1-endpoint-died-together"));
  EXPECT_THAT(names_today("rfc6455-6.2-1-00000000", "nothing that is known"), IsEmpty());
}

// A folder of before: a server that answers a Close 1005 with nothing.
TEST(OldNames, OfBadCodesAreClosesWithoutAnAnswer) {
  EXPECT_EQ(other_name_today("rfc6455-7.4.2-1-fault-ignored-open"), "rfc6455-5.5.1-10-close-unanswered-open");
  EXPECT_EQ(other_name_today("rfc6455-7.4.2-1-fault-ignored"), "rfc6455-5.5.1-10-close-unanswered");
  EXPECT_EQ(other_name_today("rfc7692-6.1-5-fault-ignored-close"), "rfc7692-6.1-6-fault-ignored-close");
  EXPECT_EQ(other_name_today("rfc6455-5.2-3-fault-ignored-open"), "");
  EXPECT_EQ(other_name_today("rfc6455-5.5.1-10-close-unanswered-open"), "");
  const auto folder = std::filesystem::temp_directory_path() / "touchstone-old-kinds";
  const auto place = folder / "server" / "rfc6455-7.4.2-1-fault-ignored-open";
  std::filesystem::create_directories(place);
  std::ofstream(place / "case.json") << "{}";
  const KnownClusters known = clusters_in(folder);
  EXPECT_TRUE(known.contains({"any", "rfc6455-5.5.1-10", "close-unanswered", "", "open"}));
  EXPECT_TRUE(known.contains({"any", "rfc6455-7.4.2-1", "fault-ignored", "", "open"}));
  EXPECT_FALSE(known.contains({"any", "rfc6455-5.5.1-10", "close-unanswered", "", "survived"}));
  std::filesystem::remove_all(folder);
}

// Someone's folder of known findings goes on to hold back what it held back.
TEST(OldNames, OfAFolderAreKnown) {
  const auto folder = std::filesystem::temp_directory_path() / "touchstone-old-names";
  const auto place = folder / "server" / "rfc6455-5.2-3-821919c8";
  std::filesystem::create_directories(place);
  std::ofstream(place / "case.json") << "{}";
  std::ofstream(place / "README.md") << kReadme;
  const KnownClusters known = clusters_in(folder);
  EXPECT_TRUE(known.contains({"any", "rfc6455-5.2-3", "fault-ignored", "", "survived"}));
  EXPECT_FALSE(known.contains({"any", "rfc6455-5.2-4", "fault-ignored", "", "survived"}));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace touchstone::fuzz

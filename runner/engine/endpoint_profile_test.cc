#include "runner/engine/endpoint_profile.h"

#include "runner/catalogue/catalogue.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace touchstone {
namespace {

Case of_catalogue(std::string_view id) { return with_expectation(*Catalogue::built_in().find(id), 1); }

TEST(EndpointProfile, LeavesEveryCaseAsItIsForAnEcho) {
  for (const Case& c : Catalogue::built_in().cases()) {
    const auto same = adapted(c, EndpointProfile{});
    ASSERT_TRUE(same) << c.id;
    EXPECT_EQ(same->steps.size(), c.steps.size()) << c.id;
  }
}

TEST(EndpointProfile, DoesNotAskWhatIsRefused) {
  EndpointProfile no_text;
  no_text.text = Taken::refused;
  EXPECT_FALSE(adapted(of_catalogue("1.1.2"), no_text));  // text
  EXPECT_TRUE(adapted(of_catalogue("1.2.2"), no_text));   // binary
  EXPECT_TRUE(adapted(of_catalogue("2.2"), no_text));     // a Ping
  EXPECT_TRUE(adapted(of_catalogue("7.7.1"), no_text));   // a Close
}

TEST(EndpointProfile, SendsNothingLargerThanIsTaken) {
  EndpointProfile small;
  small.largest_message = 1024;
  EXPECT_FALSE(adapted(of_catalogue("1.1.6"), small));  // 65535 octets
  EXPECT_TRUE(adapted(of_catalogue("1.1.5"), small));   // 128
  EXPECT_EQ(sizes_of(of_catalogue("1.1.6")).message, 65535u);
  EXPECT_EQ(sizes_of(of_catalogue("1.1.5")).message, 128u);
}

TEST(EndpointProfile, KnowsLimitsOfFramesAndFragments) {
  const Case crumbs = of_catalogue("9.3.1"), whole = of_catalogue("9.3.9");
  EXPECT_EQ(sizes_of(crumbs).fragments, 65536u);
  EXPECT_EQ(sizes_of(crumbs).frame, 64u);
  EXPECT_EQ(sizes_of(whole).fragments, 1u);
  EndpointProfile few_fragments, small_frames;
  few_fragments.most_fragments = 16384;
  small_frames.largest_frame = 65536;
  EXPECT_EQ(beyond_limit(crumbs, few_fragments)->limit, Limit::fragments);
  EXPECT_FALSE(beyond_limit(whole, few_fragments));
  EXPECT_EQ(beyond_limit(whole, small_frames)->limit, Limit::frame);
  EXPECT_FALSE(beyond_limit(crumbs, small_frames));
}

Case compressed_noise(std::uint64_t octets) {
  Case c = of_catalogue("1.1.2");
  c.needs_deflate = true;
  c.offer = {"permessage-deflate"};
  step::Message message;
  message.payload = {recipe::Stream{"noise", octets}};
  message.deflate = true;
  c.steps = {{message}};
  return c;
}

TEST(EndpointProfile, CountsCompressedMessagesAsTheyComeAndAsTheyInflate) {
  EndpointProfile exact;
  exact.largest_message = 1000;
  EXPECT_TRUE(beyond_limit(compressed_noise(1000), exact));  // what does not compress grows
  EXPECT_FALSE(beyond_limit(compressed_noise(980), exact));
  EndpointProfile inflated, deflated;
  inflated.largest_inflated = 999;
  deflated.largest_deflated = 1000;
  EXPECT_EQ(beyond_limit(compressed_noise(1000), inflated)->limit, Limit::inflated);
  EXPECT_EQ(beyond_limit(compressed_noise(1000), deflated)->limit, Limit::deflated);
  EXPECT_FALSE(beyond_limit(of_catalogue("1.1.6"), inflated));  // 65535 octets, not compressed
  EXPECT_FALSE(beyond_limit(of_catalogue("1.1.6"), deflated));
}

TEST(EndpointProfile, KnowsALimitOfTextsAlone) {
  EndpointProfile small;
  small.largest_text = 1024;
  EXPECT_EQ(beyond_limit(of_catalogue("1.1.6"), small)->limit, Limit::text);
  EXPECT_FALSE(beyond_limit(of_catalogue("1.2.6"), small));  // the same, binary
}

TEST(EndpointProfile, TakesTheCodeOfItsLimitWhereSizeIsAReason) {
  EndpointProfile small;
  small.largest_message = 1024;
  small.limit_code = 4000;
  const auto c = adapted(*Catalogue::built_in().find("deflate-data/bomb/1-mib"), small);
  ASSERT_TRUE(c) << c.error();
  const auto* may = std::get_if<end::MayFail>(&c->expect->end);
  ASSERT_NE(may, nullptr);
  EXPECT_NE(std::ranges::find(may->codes, 4000), may->codes.end());
}

TEST(EndpointProfile, AwaitsAPongWhereThereIsNoEcho) {
  EndpointProfile silent;
  silent.text = silent.binary = Taken::accepted;
  const auto c = adapted(of_catalogue("1.1.2"), silent);
  ASSERT_TRUE(c);
  EXPECT_FALSE(c->expect->compares_messages);
  EXPECT_TRUE(c->expect->replies.empty());
  ASSERT_FALSE(c->steps.empty());
  EXPECT_TRUE(std::holds_alternative<step::Sentinel>(c->steps.back().action));
  EXPECT_TRUE(
      std::ranges::none_of(c->steps, [](const Step& s) { return std::holds_alternative<step::AwaitEcho>(s.action); }));
}

// What a broadcast does with one that is not read is its application's affair.
TEST(EndpointProfile, AsksNoBroadcastToServeOthersBesideOneThatIsNotRead) {
  const Case c = of_catalogue("pressure/others/echo-500");
  EndpointProfile greets, passes_on;
  greets.speaks_unasked = passes_on.speaks_unasked = passes_on.passes_on = true;
  EXPECT_TRUE(adapted(c, greets));
  const auto adapted_to_it = adapted(c, passes_on);
  ASSERT_FALSE(adapted_to_it);
  EXPECT_NE(adapted_to_it.error().find("passes on"), std::string::npos) << adapted_to_it.error();
  EXPECT_TRUE(adapted(of_catalogue("1.1.2"), passes_on));
}

TEST(EndpointProfile, ReadsWhatItWrites) {
  EndpointProfile profile;
  profile.passes_on = true;
  profile.binary = Taken::refused;
  profile.speaks_unasked = true;
  for (const auto limit : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(1024)}) {
    profile.largest_message = profile.largest_frame = profile.most_fragments = limit;
    profile.largest_text = profile.largest_inflated = profile.largest_deflated = limit;
    if (limit) profile.without_close = Limit::frame, profile.limit_code = 1013;
    const auto read = parse_endpoint_profile("p.json", write_endpoint_profile(profile));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, profile);
  }
}

TEST(EndpointProfile, SaysWhatIsWrongInAFile) {
  const auto wrong = parse_endpoint_profile(
      "p.json", R"({"peer": 1, "text": "yes", "binary": "echoed", "speaks_unasked": false, "largest_message": null})");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().find("p.json"), std::string::npos) << wrong.error();
  EXPECT_NE(wrong.error().find("/text"), std::string::npos) << wrong.error();
  EXPECT_FALSE(parse_endpoint_profile("p.json", R"({"peer": 2})"));
}

}  // namespace
}  // namespace touchstone

#include "reports/text.h"

#include <gtest/gtest.h>

namespace touchstone {
namespace {

TEST(CleanText, KeepsTextAndReplacesTheRest) {
  EXPECT_EQ(clean_text("\xce\xba tab\tline\n \xf0\x9f\x9c\x9a"), "\xce\xba tab\tline\n \xf0\x9f\x9c\x9a");
  EXPECT_EQ(clean_text("a\xff"
                       "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(clean_text("\xce"), "\xef\xbf\xbd");
  EXPECT_EQ(clean_text(std::string_view("\0\x1b\x7f", 3)), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(clean_text("\xc2\x85"), "\xef\xbf\xbd");
  EXPECT_EQ(clean_text("\xe2\x80\xae\xe2\x81\xa6\xef\xbf\xbe"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(XmlEscape, LeavesNoMarkup) { EXPECT_EQ(xml_escape("<a b=\"&\">'"), "&lt;a b=&quot;&amp;&quot;&gt;'"); }

TEST(MarkdownEscape, LeavesNoMarkupAndNoNewCells) {
  EXPECT_EQ(markdown_escape("a|b*c_`<x>\n[y](z)"), "a\\|b\\*c\\_\\`&lt;x&gt; \\[y\\](z)");
}

TEST(MarkdownEscape, CutsWhatIsOverlong) {
  const std::string text = markdown_escape(std::string(20'000, 'a'));
  EXPECT_LT(text.size(), 1100u);
  EXPECT_TRUE(text.ends_with("... (19000 more bytes)")) << text.substr(900);
}

TEST(MarkdownCode, FencesBackticks) {
  EXPECT_EQ(markdown_code("a *b*\nc"), "`a *b* c`");
  EXPECT_EQ(markdown_code("`a``b"), "``` `a``b ```");
}

TEST(KeptPayload, FollowsSameAsBackwardsOnly) {
  Transcript transcript;
  transcript.entries.resize(4);
  transcript.entries[0].octets = "x";
  transcript.entries[1].same_as = 0;
  transcript.entries[2].same_as = 3;  // forwards: no entry of ours
  transcript.entries[3].same_as = 3;  // a circle
  EXPECT_EQ(kept_payload(transcript, transcript.entries[1]), "x");
  EXPECT_EQ(kept_payload(transcript, transcript.entries[2]), "");
  EXPECT_EQ(kept_payload(transcript, transcript.entries[3]), "");
}

}  // namespace
}  // namespace touchstone

// Heads, right and wrong, cut anywhere. RFC 9112.
#include <ws/core/http/http1.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

constexpr HeadLimits kLimits{};

std::expected<RequestHead, Violation> request(std::string_view text) { return parse_request(as_octets(text), kLimits); }
std::expected<ResponseHead, Violation> response(std::string_view text) {
  return parse_response(as_octets(text), kLimits);
}

TEST(Http1, FindsTheEndOfAHead) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t n = 0; n < head.size(); ++n)
    EXPECT_EQ(*head_end(as_octets(std::string_view(head).substr(0, n)), kLimits), std::nullopt) << n;
  EXPECT_EQ(*head_end(as_octets(head), kLimits), head.size());
  EXPECT_EQ(*head_end(as_octets(head + "\x81"), kLimits), head.size());
}

TEST(Http1, EmptyLinesInFrontBelongToTheHead) {
  const std::string_view head = "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(*head_end(as_octets(head), kLimits), head.size());
  EXPECT_EQ(request(head)->method, "GET");
}

TEST(Http1, LineEndsAreJudgedBeforeTheHeadIsWhole) {
  using namespace std::string_view_literals;
  for (const auto text :
       {"GET / HTTP/1.1\n"sv, "GET / HTTP/1.1\r\nHost: a\rb"sv, "GET / HTTP/1.1\r\nHost: \0"sv, "\r\r"sv, "\n"sv})
    EXPECT_EQ(head_end(as_octets(text), kLimits).error(), Violation::head_malformed) << text;
}

TEST(Http1, LimitsCountToTheOctet) {
  const std::string_view head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  HeadLimits exact{.octets = head.size()}, below{.octets = head.size() - 1};
  EXPECT_EQ(*head_end(as_octets(head), exact), head.size());
  EXPECT_EQ(head_end(as_octets(head), below).error(), Violation::head_too_big);
  EXPECT_EQ(parse_request(as_octets(head), below).error(), Violation::head_too_big);
  EXPECT_EQ(parse_response(as_octets(head), below).error(), Violation::head_too_big);
  EXPECT_TRUE(parse_request(as_octets(head), {.fields = 1}));
  EXPECT_EQ(parse_request(as_octets(head), {.fields = 0}).error(), Violation::too_many_fields);
}

TEST(Http1, ScanInPiecesFindsTheSameEnd) {
  const std::string head = "\r\nGET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\nrest";
  const auto whole = head_end(as_octets(head), kLimits);
  HeadScan scan;
  for (std::size_t n = 1; n <= head.size(); ++n) {
    const auto end = head_end(as_octets(std::string_view(head).substr(0, n)), kLimits, scan);
    ASSERT_TRUE(end);
    if (!*end) continue;
    EXPECT_EQ(*end, *whole);
    EXPECT_EQ(n, **whole);
    return;
  }
  FAIL() << "no end";
}

TEST(Http1, ReadsARequest) {
  const auto head = request("GET /chat?x=1 HTTP/1.1\r\nHost:a.example\r\nX-Empty:\r\nX-Blank: \t b  c \t\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->method, "GET");
  EXPECT_EQ(head->target, "/chat?x=1");
  EXPECT_EQ(head->version_major, 1);
  EXPECT_EQ(head->version_minor, 1);
  const std::vector<Field> fields = {{"Host", "a.example"}, {"X-Empty", ""}, {"X-Blank", "b  c"}};
  EXPECT_EQ(head->fields, fields);
}

TEST(Http1, RefusesMalformedRequests) {
  for (const auto* text : {"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
                           "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
                           "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
                           "GET / HTTP/1.1\r\nHost\r\n\r\n",
                           "GET / HTTP/1.1\r\n: a\r\n\r\n",
                           "GET / HTTP/1.1\r\nHo st: a\r\n\r\n",
                           "GET  / HTTP/1.1\r\n\r\n",
                           "GET /a b HTTP/1.1\r\n\r\n",
                           "GET HTTP/1.1\r\n\r\n",
                           "GET / http/1.1\r\n\r\n",
                           "GET / HTTP/1.10\r\n\r\n",
                           "GET / HTTP/1\r\n\r\n",
                           "GET / HTTP/1.1 \r\n\r\n",
                           "G\"T / HTTP/1.1\r\n\r\n",
                           " GET / HTTP/1.1\r\n\r\n",
                           "GET / HTTP/1.1\r\nHost: \x01\r\n\r\n",
                           "GET / HTTP/1.1\r\nHost: \x7f\r\n\r\n",
                           "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest",
                           "GET / HTTP/1.1\r\nHost: a\r\n",
                           ""})
    EXPECT_EQ(request(text).error(), Violation::head_malformed) << text;
}

TEST(Http1, ReadsAResponse) {
  const auto head = response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 101);
  EXPECT_EQ(head->reason, "Switching Protocols");
  EXPECT_EQ(response("HTTP/1.1 404 \r\n\r\n")->reason, "");
}

TEST(Http1, UnfoldsAResponse) {
  const auto head = response("HTTP/1.1 200 OK\r\nX: a\r\n  b\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->fields[0].value, "a b");
}

// RFC 9112 5.2: the fold is a blank, and blanks around a value are no part of it (RFC 9110 5.5).
TEST(Http1, TrimsAValueThatIsFoldedAtItsEdge) {
  const auto head = response("HTTP/1.1 200 OK\r\nX:\r\n a\r\nY: b\r\n \t\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->fields[0].value, "a");
  EXPECT_EQ(head->fields[1].value, "b");
}

TEST(Http1, RefusesMalformedResponses) {
  for (const auto* text : {"HTTP/1.1 101\r\n\r\n", "HTTP/1.1 1O1 x\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n",
                           "HTTP/1.1  101 x\r\n\r\n", "HTTP/1.1 1011 x\r\n\r\n", "ICY 200 OK\r\n\r\n",
                           "HTTP/1.1 200 OK\r\n X: folded\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n"})
    EXPECT_EQ(response(text).error(), Violation::head_malformed) << text;
}

TEST(Http1, WritesWhatItReads) {
  const std::string one = "GET /a HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n";
  EXPECT_EQ(serialize(*request(one)), one);
  const std::string two = "HTTP/1.1 403 Forbidden\r\nX: b\r\n\r\n";
  EXPECT_EQ(serialize(*response(two)), two);
}

TEST(Http1, FieldNamesCompareWithoutCase) {
  const std::vector<Field> fields = {{"UPGRADE", "foo"}, {"upgrade", "x, WebSocket ,"}};
  EXPECT_EQ(find_field(fields, "Upgrade")->value, "foo");
  EXPECT_EQ(find_field(fields, "Host"), nullptr);
  EXPECT_EQ(field_values(fields, "Upgrade").size(), 2U);
  EXPECT_TRUE(list_has_token(fields, "Upgrade", "websocket"));
  EXPECT_FALSE(list_has_token(fields, "Upgrade", "web"));
  EXPECT_FALSE(list_has_token(fields, "Upgrade", ""));
}

TEST(Http1, CaseFoldsAsciiOnly) {  // RFC 6455 2.1
  EXPECT_TRUE(equals_ignoring_case("WebSocket", "websocket"));
  EXPECT_FALSE(equals_ignoring_case("web\xc5\xbfocket", "websocket"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
}

TEST(Http1, TokensAreThoseOfTheGrammar) {
  std::string tokens;
  for (int c = 0; c < 256; ++c)
    if (is_token(std::string(1, static_cast<char>(c)))) tokens += static_cast<char>(c);
  EXPECT_EQ(tokens, "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
  EXPECT_FALSE(is_token(""));
}

// RFC 9110 5.6.1.2: a recipient skips empty elements; 5.6.3: blanks are SP and HTAB.
TEST(Http1, ListsHaveTheElementsThatAreNotEmpty) {
  using Elements = std::vector<std::string_view>;
  EXPECT_EQ(list_elements(" a ,\t,b\t c,, "), (Elements{"a", "b\t c"}));
  EXPECT_EQ(list_elements("a"), Elements{"a"});
  EXPECT_EQ(list_elements(" , "), Elements{});
  EXPECT_EQ(list_elements(""), Elements{});
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim("\n a"), "\n a");
}

// Of every status that the core answers by itself.
TEST(Http1, HasAReasonForWhatTheCoreSends) {
  EXPECT_EQ(reason_phrase(101), "Switching Protocols");
  EXPECT_EQ(reason_phrase(599), "");
  for (const Rule& rule : all_rules()) EXPECT_TRUE(rule.http_status == 0 || !reason_phrase(rule.http_status).empty());
}

}  // namespace
}  // namespace ws

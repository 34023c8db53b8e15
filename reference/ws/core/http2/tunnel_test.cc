// The field sections of RFC 8441 5.1, and what breaks them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ws/core/http/handshake.h>
#include <ws/core/http2/tunnel.h>

namespace ws::http2 {
namespace {

// RFC 8441 5.1.
const Fields kExample{{":method", "CONNECT"},
                      {":protocol", "websocket"},
                      {":scheme", "https"},
                      {":path", "/chat"},
                      {":authority", "server.example.com"},
                      {"sec-websocket-protocol", "chat, superchat"},
                      {"sec-websocket-extensions", "permessage-deflate"},
                      {"sec-websocket-version", "13"},
                      {"origin", "http://www.example.com"}};
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";

TEST(Http2Tunnel, ReadsTheExampleOfTheRfc) {
  const auto request = read_request(kExample);
  ASSERT_TRUE(request);
  EXPECT_TRUE(check_tunnel(*request, {}));
  const RequestHead head = upgrade_request(*request, kKey);
  EXPECT_EQ(head.target, "/chat");
  EXPECT_EQ(find_field(head.fields, "Host")->value, "server.example.com");
  const auto facts = ws::check_request(head);
  ASSERT_TRUE(facts);
  EXPECT_THAT(facts->subprotocols, testing::ElementsAre("chat", "superchat"));
  EXPECT_EQ(facts->extensions.size(), 1u);
}

TEST(Http2Tunnel, WritesTheExampleOfTheRfc) {
  RequestHead head{.method = "GET", .target = "/chat", .fields = {}};
  head.fields = {{"Host", "server.example.com"},
                 {"Upgrade", "websocket"},
                 {"Connection", "Upgrade"},
                 {"Sec-WebSocket-Key", std::string(kKey)},
                 {"Sec-WebSocket-Protocol", "chat, superchat"},
                 {"Sec-WebSocket-Extensions", "permessage-deflate"},
                 {"Sec-WebSocket-Version", "13"},
                 {"Origin", "http://www.example.com"}};
  EXPECT_EQ(connect_request(head, true), kExample);
}

TEST(Http2Tunnel, AnswersAsTheExampleOfTheRfc) {
  ResponseHead head{.status = 101, .reason = {}, .fields = {}};
  head.fields = {{"Upgrade", "websocket"},
                 {"Connection", "Upgrade"},
                 {"Sec-WebSocket-Accept", accept_key(kKey)},
                 {"Sec-WebSocket-Protocol", "chat"}};
  const Fields answer{{":status", "200"}, {"sec-websocket-protocol", "chat"}};
  EXPECT_EQ(tunnel_answer(head), answer);
  const auto response = read_response(answer);
  ASSERT_TRUE(response);
  const ResponseHead back = upgrade_answer(*response, kKey);
  const auto facts = check_response(back, RequestPromise{std::string(kKey), {"chat"}, {}});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->subprotocol, "chat");
}

TEST(Http2Tunnel, ARefusalIsARefusalInBothVersions) {
  ResponseHead head{.status = 426, .reason = {}, .fields = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}}};
  EXPECT_EQ(tunnel_answer(head), (Fields{{":status", "400"}, {"sec-websocket-version", "13"}}));
  EXPECT_EQ(upgrade_answer(Response{.status = 403, .fields = {}}, kKey).status, 403);
}

struct Broken {
  const char* what;
  Violation violation;
  Fields section;
};

Fields with(Fields section, const std::string& name, const std::string& value) {
  for (Field& field : section)
    if (field.name == name) field.value = value;
  return section;
}
Fields without(Fields section, std::string_view name) {
  std::erase_if(section, [&](const Field& field) { return field.name == name; });
  return section;
}
Fields plus(Fields section, const std::string& name, const std::string& value) {
  section.push_back({name, value});
  return section;
}
Fields before(Fields section, const std::string& name, const std::string& value) {
  section.insert(section.begin(), {name, value});
  return section;
}

std::vector<Broken> broken_requests() {
  using enum Violation;
  return {
      {"upper case", name_malformed, plus(kExample, "X-Up", "1")},
      {"no token", name_malformed, plus(kExample, "x y", "1")},
      {"CR LF", value_malformed, plus(kExample, "x-a", "b\r\nx-c: d")},
      {"blank at the end", value_malformed, plus(kExample, "x-a", "b ")},
      {"CR in a pseudo-header field", value_malformed, with(kExample, ":path", "/\r")},
      {"connection", connection_specific, plus(kExample, "connection", "upgrade")},
      {"upgrade", connection_specific, plus(kExample, "upgrade", "websocket")},
      {"te", te_not_trailers, plus(kExample, "te", "gzip")},
      {"unknown", pseudo_unknown, before(kExample, ":key", "x")},
      {"that of an answer", pseudo_unknown, before(kExample, ":status", "200")},
      {"twice", pseudo_repeated, before(kExample, ":protocol", "websocket")},
      {"late", pseudo_late, plus(without(kExample, ":path"), ":path", "/")},
      {"no method", method_missing, without(kExample, ":method")},
      {"no scheme", scheme_missing, without(kExample, ":scheme")},
      {"no path", path_missing, without(kExample, ":path")},
      {"empty path", path_missing, with(kExample, ":path", "")},
      {"another host", authority_differs, plus(kExample, "host", "other.example")},
      {"plain CONNECT with a path", connect_with_path, without(kExample, ":protocol")},
      {"GET", protocol_without_connect, with(kExample, ":method", "GET")},
      {"empty protocol", protocol_malformed, with(kExample, ":protocol", "")},
  };
}

TEST(Http2Heads, EachBrokenRequestIsNamed) {
  for (const Broken& broken : broken_requests()) {
    const auto request = read_request(broken.section);
    ASSERT_FALSE(request) << broken.what;
    EXPECT_EQ(request.error(), broken.violation) << broken.what << ": " << rule(request.error()).name;
  }
}

TEST(Http2Heads, WhatIsUnusualAndLegalPasses) {
  for (const Fields& section : {plus(kExample, "te", "trailers"), plus(kExample, "host", "SERVER.example.com"),
                                plus(kExample, "sec-websocket-key", "bogus"), plus(kExample, "x-empty", ""),
                                with(kExample, ":protocol", "WebSocket"), plus(kExample, "cookie", "a=b")}) {
    const auto request = read_request(section);
    ASSERT_TRUE(request) << rule(request.error()).text;
    EXPECT_TRUE(check_tunnel(*request, {}));
    EXPECT_TRUE(ws::check_request(upgrade_request(*request, kKey)));
  }
}

TEST(Http2Tunnel, WhatCannotBecomeATunnelIsNamed) {
  using enum Violation;
  const auto fault = [](const Fields& section, Offered offered) {
    const auto fine = check_tunnel(*read_request(section), offered);
    return fine ? std::optional<Violation>() : fine.error();
  };
  EXPECT_EQ(fault(kExample, {.connect_protocol = false}), protocol_without_setting);
  EXPECT_EQ(fault(kExample, {.ended = true}), request_ended);
  EXPECT_EQ(fault(with(kExample, ":protocol", "connect-udp"), {}), protocol_unknown);
  EXPECT_EQ(fault(without(kExample, ":authority"), {}), authority_missing);
}

TEST(Http2Heads, EachBrokenAnswerIsNamed) {
  using enum Violation;
  const auto fault = [](const Fields& section) { return read_response(section).error(); };
  EXPECT_EQ(fault({{"x", "y"}}), status_missing);
  EXPECT_EQ(fault({{":status", "2000"}}), status_malformed);
  EXPECT_EQ(fault({{":status", "abc"}}), status_malformed);
  EXPECT_EQ(fault({{":status", "101"}}), switching_protocols);
  EXPECT_EQ(fault({{":status", "200"}, {"upgrade", "websocket"}}), connection_specific);
  EXPECT_EQ(fault({{":status", "200"}, {":path", "/"}}), pseudo_unknown);
}

}  // namespace
}  // namespace ws::http2

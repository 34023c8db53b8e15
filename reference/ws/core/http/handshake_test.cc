// Requests and answers that lack, repeat or spoil one thing each. RFC 6455 4.
#include <ws/core/http/handshake.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using enum Violation;

TEST(Handshake, AcceptKeyMatchesTheExampleOfTheRfc) {  // RFC 6455 1.3
  EXPECT_EQ(accept_key(test::kKey), test::kAccept);
}

TEST(Handshake, NonceMatchesTheExampleOfTheRfc) {  // RFC 6455 4.1, with zero pad bits
  std::array<std::byte, 16> nonce;
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::byte>(i + 1);
  EXPECT_EQ(encode_nonce(nonce), "AQIDBAUGBwgJCgsMDQ4PEA==");
}

// The example request of RFC 6455 1.2.
RequestHead request() {
  return {.method = "GET",
          .target = "/chat",
          .fields = {{"Host", "server.example.com"},
                     {"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Key", std::string(test::kKey)},
                     {"Origin", "http://example.com"},
                     {"Sec-WebSocket-Protocol", "chat, superchat"},
                     {"Sec-WebSocket-Version", "13"}}};
}

template <class Head>
Head with(Head head, std::string_view name, std::string value) {
  for (Field& field : head.fields)
    if (field.name == name) {
      field.value = std::move(value);
      return head;
    }
  head.fields.push_back({std::string(name), std::move(value)});
  return head;
}

template <class Head>
Head without(Head head, std::string_view name) {
  std::erase_if(head.fields, [&](const Field& f) { return f.name == name; });
  return head;
}

template <class Head>
Head twice(Head head, std::string_view name) {
  head.fields.push_back(*find_field(head.fields, name));
  return head;
}

TEST(Handshake, TakesTheExampleRequest) {
  const auto facts = check_request(request());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->key, test::kKey);
  EXPECT_EQ(facts->subprotocols, (std::vector<std::string>{"chat", "superchat"}));
  EXPECT_TRUE(facts->extensions.empty());
}

TEST(Handshake, TakesWhatTheRfcLeavesOpen) {
  EXPECT_TRUE(check_request(with(request(), "Upgrade", "h2c, WebSocket")));
  EXPECT_TRUE(check_request(with(request(), "Connection", "keep-alive, UPGRADE")));
  EXPECT_TRUE(check_request(with(request(), "Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEC==")));  // pad bits set
  EXPECT_TRUE(check_request(with(request(), "Sec-WebSocket-Protocol", ",chat,, superchat,")));
  EXPECT_TRUE(check_request(without(request(), "Sec-WebSocket-Protocol")));
  EXPECT_TRUE(check_request(with(request(), "Content-Length", "0")));
  for (const auto* host : {"a", "a:1", "a:", "127.0.0.1:80", "[::1]", "[::1]:8080", "a_b.example"})
    EXPECT_TRUE(check_request(with(request(), "Host", host))) << host;
  for (const auto* target : {"/", "/?", "/a%20b?x={|}", "http://a/b", "HTTPS://a:1/b", "http://a", "http://a?x"}) {
    RequestHead head = request();
    head.target = target;
    EXPECT_TRUE(check_request(head)) << target;
  }
}

TEST(Handshake, SubprotocolsOfSeveralFieldsAreOneList) {  // RFC 6455 11.3.4
  RequestHead head = request();
  head.fields.push_back({"sec-websocket-protocol", "third"});
  EXPECT_EQ(check_request(head)->subprotocols, (std::vector<std::string>{"chat", "superchat", "third"}));
}

TEST(Handshake, RefusesEachBrokenRuleOfARequest) {
  RequestHead post = request(), old = request(), star = request(), fragment = request(), authority = request(),
              ws = request();
  post.method = "POST";
  old.version_minor = 0;
  star.target = "*";
  fragment.target = "/a#b";
  authority.target = "a:80";
  ws.target = "ws://a/";
  const struct {
    RequestHead head;
    Violation violation;
  } rows[] = {
      {post, method_not_get},
      {old, http_version_too_low},
      {star, target_malformed},
      {fragment, target_malformed},
      {authority, target_malformed},
      {ws, target_malformed},
      {without(request(), "Host"), host_missing},
      {with(request(), "Host", ""), host_missing},
      {with(request(), "Host", "a b"), host_missing},
      {with(request(), "Host", "user@a"), host_missing},
      {with(request(), "Host", "a:b"), host_missing},
      {with(request(), "Host", "[::1"), host_missing},
      {with(request(), "Host", "[]"), host_missing},
      {twice(request(), "Host"), handshake_field_repeated},
      {without(request(), "Upgrade"), upgrade_missing},
      {with(request(), "Upgrade", "websockets"), upgrade_missing},
      {with(request(), "Upgrade", "web\xc5\xbfocket"), upgrade_missing},
      {without(request(), "Connection"), connection_upgrade_missing},
      {with(request(), "Connection", "keep-alive"), connection_upgrade_missing},
      {without(request(), "Sec-WebSocket-Key"), key_missing},
      {twice(request(), "Sec-WebSocket-Key"), handshake_field_repeated},
      {with(request(), "Sec-WebSocket-Key", ""), key_invalid},
      {with(request(), "Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4P"), key_invalid},      // 15 octets
      {with(request(), "Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEBE="), key_invalid},  // 17 octets
      {with(request(), "Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PE-=="), key_invalid},  // not base64
      {with(request(), "Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4P===="), key_invalid},
      {without(request(), "Sec-WebSocket-Version"), version_missing},
      {twice(request(), "Sec-WebSocket-Version"), handshake_field_repeated},
      {with(request(), "Sec-WebSocket-Version", "8"), version_unsupported},
      {with(request(), "Sec-WebSocket-Version", "013"), version_unsupported},
      {with(request(), "Sec-WebSocket-Version", "13, 8"), version_unsupported},
      {with(request(), "Sec-WebSocket-Protocol", "a b"), subprotocol_malformed},
      {with(request(), "Sec-WebSocket-Protocol", ""), subprotocol_malformed},
      {with(request(), "Sec-WebSocket-Protocol", "a, a"), subprotocol_malformed},
      {with(request(), "Sec-WebSocket-Extensions", "a;"), extensions_malformed},
      {with(request(), "Content-Length", "3"), head_malformed},
      {with(request(), "Transfer-Encoding", "chunked"), head_malformed},
  };
  for (const auto& row : rows) {
    const auto facts = check_request(row.head);
    ASSERT_FALSE(facts) << serialize(row.head);
    EXPECT_EQ(rule(facts.error()).name, rule(row.violation).name) << serialize(row.head);
  }
}

// The example answer of RFC 6455 1.2.
ResponseHead response() {
  return {.status = 101,
          .reason = "Switching Protocols",
          .fields = {{"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Accept", std::string(test::kAccept)},
                     {"Sec-WebSocket-Protocol", "chat"}}};
}

RequestPromise promise() { return {std::string(test::kKey), {"chat", "superchat"}, DeflateOffer{}}; }

TEST(Handshake, TakesTheExampleAnswer) {
  const auto facts = check_response(response(), promise());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->subprotocol, "chat");
  EXPECT_FALSE(facts->deflate);
}

TEST(Handshake, TakesAnAnswerWithDeflateOverSeveralFields) {  // erratum 3433
  auto head = with(response(), "Sec-WebSocket-Extensions", "");
  head.fields.push_back({"Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=10"});
  EXPECT_EQ(check_response(head, promise())->deflate->server_max_window_bits, 10);
}

TEST(Handshake, RefusesEachBrokenRuleOfAnAnswer) {
  ResponseHead old = response();
  old.version_minor = 0;
  const struct {
    ResponseHead head;
    Violation violation;
  } rows[] = {
      {old, http_version_too_low},
      {without(response(), "Upgrade"), upgrade_missing},
      {with(response(), "Upgrade", "websocket, foo"), upgrade_missing},
      {without(response(), "Connection"), connection_upgrade_missing},
      {with(response(), "Connection", "close"), connection_upgrade_missing},
      {without(response(), "Sec-WebSocket-Accept"), accept_missing},
      {with(response(), "Sec-WebSocket-Accept", std::string(test::kKey)), accept_wrong},
      {with(response(), "Sec-WebSocket-Accept", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="), accept_wrong},
      {twice(response(), "Sec-WebSocket-Accept"), handshake_field_repeated},
      {twice(response(), "Sec-WebSocket-Protocol"), handshake_field_repeated},
      {with(response(), "Sec-WebSocket-Protocol", "Chat"), subprotocol_not_offered},
      {with(response(), "Sec-WebSocket-Protocol", "chat, superchat"), subprotocol_malformed},
      {with(response(), "Sec-WebSocket-Protocol", ""), subprotocol_malformed},
      {with(response(), "Sec-WebSocket-Extensions", ""), extensions_malformed},
      {with(response(), "Sec-WebSocket-Extensions", "foo"), extension_not_offered},
      {with(response(), "Sec-WebSocket-Extensions", "permessage-deflate; foo"), extension_parameters_invalid},
      {with(response(), "Sec-WebSocket-Extensions", "permessage-deflate, permessage-deflate"),
       extension_parameters_invalid},
  };
  for (const auto& row : rows) {
    const auto facts = check_response(row.head, promise());
    ASSERT_FALSE(facts) << serialize(row.head);
    EXPECT_EQ(rule(facts.error()).name, rule(row.violation).name) << serialize(row.head);
  }
}

TEST(Handshake, DeflateThatWasNotOfferedIsAnExtensionThatWasNotOffered) {
  RequestPromise plain = promise();
  plain.deflate.reset();
  EXPECT_EQ(check_response(with(response(), "Sec-WebSocket-Extensions", "permessage-deflate"), plain).error(),
            extension_not_offered);
}

}  // namespace
}  // namespace ws

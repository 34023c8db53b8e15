// Requests with one fault each: what it is called, whom the clause binds, and what is asked for in spite of it.
#include <ws/rules/request.h>

#include <gtest/gtest.h>

namespace ws::rules {
namespace {

using enum Violation;

RequestHead ordinary() {
  RequestHead head;
  head.method = "GET";
  head.target = "/chat";
  head.fields = {{"Host", "server.example.com"},
                 {"Upgrade", "websocket"},
                 {"Connection", "Upgrade"},
                 {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                 {"Sec-WebSocket-Protocol", "a, b"},
                 {"Sec-WebSocket-Version", "13"},
                 {"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"}};
  return head;
}

RequestHead request_with(std::string_view name, std::string value) {
  RequestHead head = ordinary();
  std::erase_if(head.fields, [&](const Field& field) { return field.name == name; });
  head.fields.push_back({std::string(name), std::move(value)});
  return head;
}

RequestHead request_without(std::string_view name) {
  RequestHead head = ordinary();
  std::erase_if(head.fields, [&](const Field& field) { return field.name == name; });
  return head;
}

RequestHead again(std::string_view name, std::string value) {
  RequestHead head = ordinary();
  head.fields.push_back({std::string(name), std::move(value)});
  return head;
}

RequestHead line(std::string method, std::string target, int minor) {
  RequestHead head = ordinary();
  head.method = std::move(method);
  head.target = std::move(target);
  head.version_minor = minor;
  return head;
}

TEST(ReadRequest, FindsNothingExactlyWhereTheStrictServerTakesIt) {
  const auto reading = read_request(ordinary());
  EXPECT_TRUE(reading.faults.empty());
  ASSERT_TRUE(reading.facts);
  EXPECT_EQ(reading.facts->key, check_request(ordinary())->key);
  EXPECT_EQ(reading.facts->subprotocols, check_request(ordinary())->subprotocols);
  EXPECT_EQ(reading.facts->extensions, check_request(ordinary())->extensions);
}

TEST(ReadRequest, NamesEachFaultOnceAndGoesOn) {
  const struct {
    RequestHead head;
    Violation violation;
    std::string_view requirement;
  } rows[] = {
      {line("POST", "/", 1), method_not_get, "rfc6455-4.1-17"},
      {line("get", "/", 1), method_not_get, "rfc6455-4.1-17"},
      {line("GET", "/", 0), http_version_too_low, "rfc6455-4.1-18"},
      {line("GET", "/a#b", 1), target_malformed, "rfc6455-4.1-19"},
      {request_without("Host"), host_missing, "rfc6455-4.1-20"},
      {request_with("Host", "user@a"), host_missing, "rfc6455-4.1-20"},
      {request_without("Upgrade"), upgrade_missing, "rfc6455-4.1-21"},
      {request_with("Upgrade", "websockets"), upgrade_missing, "rfc6455-4.1-21"},
      {request_without("Connection"), connection_upgrade_missing, "rfc6455-4.1-22"},
      {request_with("Connection", "keep-alive"), connection_upgrade_missing, "rfc6455-4.1-22"},
      {request_without("Sec-WebSocket-Key"), key_missing, "rfc6455-4.1-23"},
      {request_with("Sec-WebSocket-Key", "c2hvcnRrZXk="), key_invalid, "rfc6455-4.1-24"},
      {request_with("Sec-WebSocket-Key", "********************=="), key_invalid, "rfc6455-4.1-24"},
      {again("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), handshake_field_repeated, "rfc6455-11.3.1-1"},
      {request_without("Sec-WebSocket-Version"), version_missing, "rfc6455-4.1-29"},
      {request_with("Sec-WebSocket-Version", "8"), version_unsupported, "rfc6455-4.1-29"},
      {request_with("Sec-WebSocket-Version", "013"), version_unsupported, "rfc6455-4.1-29"},
      {request_with("Sec-WebSocket-Version", "13, 8"), version_unsupported, "rfc6455-4.1-29"},
      {again("Sec-WebSocket-Version", "13"), handshake_field_repeated, "rfc6455-11.3.5-2"},
      {request_with("Sec-WebSocket-Protocol", "a b"), subprotocol_malformed, "rfc6455-4.1-31"},
      {request_with("Sec-WebSocket-Protocol", ""), subprotocol_malformed, "rfc6455-4.1-31"},
      {request_with("Sec-WebSocket-Protocol", "a, a"), subprotocol_malformed, "rfc6455-4.1-32"},
      {request_with("Sec-WebSocket-Extensions", "permessage-deflate;;=x"), extensions_malformed, "rfc6455-9.1-3"},
      {request_with("Sec-WebSocket-Extensions", ""), extensions_malformed, "rfc6455-9.1-3"},
      {request_with("Sec-WebSocket-Extensions", "permessage-deflate; x"), extension_parameters_invalid,
       "rfc6455-9.1-4"},
      {request_with("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=16"),
       extension_parameters_invalid, "rfc7692-7.1.2.2-2"},
      {request_with("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits"),
       extension_parameters_invalid, "rfc7692-7.1.2.1-2"},
      {request_with("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover=1"),
       extension_parameters_invalid, "rfc7692-7.1.1.1-2"},
      {request_with("Sec-WebSocket-Extensions", "permessage-deflate; client_no_context_takeover=x"),
       extension_parameters_invalid, "rfc7692-7.1.1.2-2"},
  };
  for (const auto& row : rows) {
    const auto reading = read_request(row.head);
    ASSERT_EQ(reading.faults.size(), 1u) << serialize(row.head);
    EXPECT_EQ(reading.faults[0].violation, row.violation) << serialize(row.head);
    EXPECT_EQ(reading.faults[0].requirement, row.requirement) << serialize(row.head);
    EXPECT_TRUE(reading.facts) << serialize(row.head);
    const bool lenient = row.violation == extension_parameters_invalid;  // a server declines such an offer
    EXPECT_EQ(check_request(row.head).has_value(), lenient) << serialize(row.head);
  }
}

TEST(ReadRequest, GivesUpWhereNobodyKnowsWhatComesAfterTheHead) {
  for (const auto* version : {"0", "6", "hybi", ""}) {
    const auto reading = read_request(request_with("Sec-WebSocket-Version", version));
    ASSERT_FALSE(reading.facts) << version;
    EXPECT_EQ(reading.facts.error(), version_unsupported);
    EXPECT_EQ(reading.faults.size(), 1u);
  }
  EXPECT_FALSE(read_request(request_with("Content-Length", "5")).facts);
  EXPECT_FALSE(read_request(request_with("Transfer-Encoding", "chunked")).facts);
  EXPECT_TRUE(read_request(request_with("Content-Length", "0")).facts);
}

TEST(ReadRequest, TakesOfAnOfferWhatHasAMeaning) {
  const auto offered = [](const char* value) {
    const auto reading = read_request(request_with("Sec-WebSocket-Extensions", value));
    EXPECT_TRUE(reading.facts && reading.offer_unclear) << value;
    return reading.facts ? serialize(reading.facts->extensions) : std::string();
  };
  EXPECT_EQ(offered("permessage-deflate; x; client_max_window_bits"), "permessage-deflate; client_max_window_bits");
  EXPECT_EQ(offered("permessage-deflate;;=x, other"), "permessage-deflate, other");
  EXPECT_EQ(offered("permessage-deflate; client_max_window_bits=16"), "permessage-deflate; client_max_window_bits=15");
  EXPECT_EQ(offered("permessage-deflate; server_max_window_bits"), "permessage-deflate");
  EXPECT_EQ(offered("permessage-deflate; x, permessage-deflate; client_max_window_bits"),
            "permessage-deflate; client_max_window_bits, permessage-deflate");  // what is in order goes first
}

TEST(ReadRequest, SaysWhereNoAnswerMayFit) {
  EXPECT_TRUE(read_request(request_without("Sec-WebSocket-Key")).key_unclear);
  EXPECT_TRUE(read_request(again("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")).key_unclear);
  EXPECT_FALSE(read_request(again("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")).key_unclear);
  EXPECT_FALSE(read_request(request_with("Sec-WebSocket-Key", "short")).key_unclear);
  EXPECT_FALSE(read_request(ordinary()).offer_unclear);
}

}  // namespace
}  // namespace ws::rules

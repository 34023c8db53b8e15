// Every rule of the table is broken at least once, and every answer is looked at.
#include <ws/core/connection/connection.h>

#include <gtest/gtest.h>

#include <set>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using enum Violation;
using test::hex;

std::string text(std::string_view octets) { return to_string(hex(octets)); }

// Octets that a peer sends to an endpoint of `role`, and where the rule turns out to be broken.
struct Row {
  Violation violation;
  Role role;
  std::string input;
  std::uint64_t offset;
  bool deflate = false;
};

Limits small_limits() {
  Limits limits;
  limits.frame = 1000;
  limits.message = 1500;
  limits.fragments = 3;
  return limits;
}

std::vector<Row> frame_rows() {
  constexpr Role c = Role::client, s = Role::server;
  const std::string frame_700 = text("02 7e 02 bc") + std::string(700, 'a'),
                    more_700 = text("00 7e 02 bc") + std::string(700, 'a');
  return {
      {reserved_bit, c, text("c1"), 0},
      {reserved_bit, c, text("a1"), 0},
      {reserved_bit, c, text("91"), 0},
      {reserved_bit, c, text("a1"), 0, true},
      {reserved_bit, c, text("c9"), 0},
      {reserved_bit, c, text("01 00 c0"), 2},
      {reserved_opcode, c, text("83"), 0},
      {reserved_opcode, c, text("87"), 0},
      {reserved_opcode, c, text("8b"), 0},
      {reserved_opcode, c, text("8f"), 0},
      {reserved_opcode, c, text("c3"), 0, true},
      {length_not_minimal, c, text("81 7e 00 7d"), 3},
      {length_not_minimal, c, text("81 7f 00 00 00 00 00 00 ff ff"), 9},
      {length_not_minimal, s, text("81 fe 00 7d"), 3},
      {length_high_bit, c, text("81 7f 80 00 00 00 00 00 00 00"), 9},
      {mask_missing, s, text("81 05"), 1},
      {mask_missing, s, text("88 00"), 1},
      {mask_present, c, text("81 85"), 1},
      {control_fragmented, c, text("09"), 0},
      {control_fragmented, c, text("08"), 0},
      {control_too_long, c, text("89 7e"), 1},
      {control_too_long, s, text("88 ff"), 1},
      {continuation_unexpected, c, text("80"), 0},
      {continuation_unexpected, c, text("81 00 80"), 2},
      {continuation_missing, c, text("01 00 81"), 2},
      {continuation_missing, c, text("01 00 89 00 82"), 4},
      {text_not_utf8, c, text("81 05 61 c3 28"), 4},
      {text_not_utf8, c, text("81 01 c3"), 3},
      {text_not_utf8, c, text("01 01 e2 80 01 28"), 5},
      {text_not_utf8, s, text("81 82 37 fa 21 3d f4 d2"), 7},
      {text_not_utf8, c, text("c1 03 fa 0f 00"), 2, true},  // inflates to FF
      {close_payload_of_one, c, text("88 01 03"), 2},
      {close_code_invalid, c, text("88 02 03 ed"), 2},
      {close_reason_not_utf8, c, text("88 03 03 e8 ff"), 2},
      {compressed_bit_misplaced, c, text("c9"), 0, true},
      {compressed_bit_misplaced, c, text("41 00 c0"), 2, true},
      {deflate_corrupt, c, text("c1 01 07"), 2, true},
      {deflate_corrupt, c, text("c1 00"), 2, true},
      {frame_too_big, c, text("82 7e 03 e9"), 3},
      {frame_too_big, s, text("82 ff 7f ff ff ff ff ff ff ff"), 9},
      {message_too_big, c, frame_700 + more_700 + text("80 65"), 704 * 2 + 1},
      {message_too_big, c, text("c2 10 62 60 18 05 a3 60 14 8c 82 51 30 0a 48 07 00 00"), 2, true},
      {too_many_fragments, c, text("02 00 00 00 00 00 80"), 6},
  };
}

TEST(ConnectionViolation, FramesThatBreakARuleFailTheConnection) {
  for (const Row& row : frame_rows()) {
    SCOPED_TRACE(std::string(rule(row.violation).name) + " " +
                 test::to_hex(as_octets(row.input).first(std::min<std::size_t>(row.input.size(), 20))));
    Connection connection =
        test::open(row.role, row.deflate ? std::optional(DeflateParams{}) : std::nullopt, small_limits());
    // Nothing before the last octet breaks a rule, and the last one is enough. What the first octets of a
    // deflate stream tell is zlib's business.
    const ByteView input = as_octets(row.input);
    if (!row.deflate) {
      connection.receive(input.first(input.size() - 1));
      for (const std::string& line : test::events(connection)) EXPECT_FALSE(line.starts_with("failed")) << line;
      connection.receive(input.last(1));
    } else {
      connection.receive(input);
    }
    const auto lines = test::events(connection);
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines.back(), "failed " + std::string(rule(row.violation).name) + " at " + std::to_string(row.offset));

    const Bytes reply = test::frame_to(
        row.role == Role::client ? Role::server : Role::client, Opcode::close,
        encode_close(CloseReason{rule(row.violation).close_code, std::string(rule(row.violation).name)}));
    const Bytes out = test::take_output(connection);
    ASSERT_GE(out.size(), reply.size());
    EXPECT_EQ(to_bytes(ByteView(out).last(reply.size())), reply);
    EXPECT_EQ(connection.state(), State::draining);
    EXPECT_TRUE(connection.wants_shutdown());

    // RFC 6455 7.1.7: nothing more is read, not even a Close.
    connection.receive(test::frame_to(row.role, Opcode::close, {}));
    connection.receive_eof();
    EXPECT_EQ(test::events(connection), (std::vector<std::string>{"closed 1006 unclean"}));
    EXPECT_TRUE(test::take_output(connection).empty());
  }
}

TEST(ConnectionViolation, OctetsBehindACloseAreReportedOnceAndDropped) {
  Connection connection = test::open(Role::client);
  connection.receive(hex("88 00 81 01 61 81 01 62"));
  connection.receive(hex("81 01 63"));
  connection.receive_eof();
  EXPECT_EQ(test::events(connection),
            (std::vector<std::string>{"close none", "failed frame-after-close at 2", "closed 1005 clean"}));
  EXPECT_EQ(test::take_output(connection), test::frame_to(Role::server, Opcode::close, {}));
}

std::string replace(std::string all, std::string_view what, std::string_view with) {
  return all.replace(all.find(what), what.size(), with);
}

std::vector<Row> handshake_rows() {
  constexpr Role c = Role::client, s = Role::server;
  const std::string request = test::request_text(), response = test::response_text();
  std::string many_fields;
  for (int i = 0; i < 101; ++i) many_fields += "X: y\r\n";
  return {
      {head_malformed, s, text("16 03 01 0a"), 0},
      {head_malformed, s, "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 0},
      {head_malformed, c, "HTTP/1.1 101\r\n\r\n", 0},
      {head_too_big, s, "GET /" + std::string(17'000, 'a'), 0},
      {head_too_big, c, "HTTP/1.1 101 " + std::string(17'000, 'a'), 0},
      {too_many_fields, s, test::request_text(many_fields), 0},
      {http_version_too_low, s, replace(request, "HTTP/1.1", "HTTP/1.0"), 0},
      {http_version_too_low, c, replace(response, "HTTP/1.1", "HTTP/1.0"), 0},
      {upgrade_missing, s, replace(request, "Upgrade: websocket", "Upgrade: h2c"), 0},
      {upgrade_missing, c, replace(response, "Upgrade: websocket", "Upgrade: h2c"), 0},
      {connection_upgrade_missing, s, replace(request, "Connection: Upgrade", "Connection: close"), 0},
      {extensions_malformed, s, test::request_text("Sec-WebSocket-Extensions: a;;b\r\n"), 0},
      {subprotocol_malformed, s, test::request_text("Sec-WebSocket-Protocol: a b\r\n"), 0},
      {handshake_field_repeated, s, test::request_text("Host: a\r\n"), 0},
      {method_not_get, s, replace(request, "GET", "PUT"), 0},
      {target_malformed, s, replace(request, "/chat", "chat"), 0},
      {host_missing, s, replace(request, "Host: ", "Most: "), 0},
      {key_missing, s, replace(request, "Sec-WebSocket-Key", "X"), 0},
      {key_invalid, s, replace(request, "dGhl", "dGh"), 0},
      {version_missing, s, replace(request, "Sec-WebSocket-Version", "X"), 0},
      {version_unsupported, s, replace(request, "Version: 13", "Version: 12"), 0},
      {accept_missing, c, replace(response, "Sec-WebSocket-Accept", "X"), 0},
      {accept_wrong, c, replace(response, "s3pP", "S3pP"), 0},
      {extension_not_offered, c, test::response_text("Sec-WebSocket-Extensions: foo\r\n"), 0},
      {extension_parameters_invalid, c, test::response_text("Sec-WebSocket-Extensions: permessage-deflate; foo\r\n"),
       0},
      {subprotocol_not_offered, c, test::response_text("Sec-WebSocket-Protocol: foo\r\n"), 0},
      {head_malformed, c, "HTTP/1.1 100 Continue\r\n\r\nHTTP 101\r\n\r\n", 25},
  };
}

TEST(ConnectionViolation, HandshakesThatBreakARuleFailTheConnection) {
  for (const Row& row : handshake_rows()) {
    SCOPED_TRACE(rule(row.violation).name);
    Connection connection = test::connecting(test::options(row.role));
    connection.receive(as_octets(row.input));
    EXPECT_EQ(test::events(connection), (std::vector<std::string>{"failed " + std::string(rule(row.violation).name) +
                                                                  " at " + std::to_string(row.offset)}));
    EXPECT_EQ(connection.state(), State::draining);
    const std::string answer = to_string(test::take_output(connection));
    EXPECT_TRUE(connection.wants_shutdown());
    if (row.role == Role::client) {
      EXPECT_EQ(answer, "");
      continue;
    }
    // RFC 6455 10.7: a fitting HTTP status.
    const auto end = head_end(as_octets(answer), {});
    ASSERT_TRUE(end && *end);
    const auto head = parse_response(as_octets(answer).first(**end), {});
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status, rule(row.violation).http_status);
    EXPECT_FALSE(head->reason.empty());
    EXPECT_TRUE(list_has_token(head->fields, "Connection", "close"));
    const std::string body = answer.substr(**end);
    EXPECT_EQ(find_field(head->fields, "Content-Length")->value, std::to_string(body.size()));
    EXPECT_TRUE(body.starts_with(rule(row.violation).name));
    EXPECT_EQ(find_field(head->fields, "Sec-WebSocket-Version") != nullptr, head->status == 426);
    EXPECT_EQ(find_field(head->fields, "Upgrade") != nullptr, head->status == 426);
    EXPECT_EQ(find_field(head->fields, "Allow") != nullptr, head->status == 405);
  }
}

TEST(ConnectionViolation, EveryRuleIsBrokenHere) {
  std::set<Violation> broken = {frame_after_close};
  for (const Row& row : frame_rows()) broken.insert(row.violation);
  for (const Row& row : handshake_rows()) broken.insert(row.violation);
  for (const Rule& r : all_rules()) EXPECT_TRUE(broken.contains(r.id)) << r.name;
}

// RFC 6455 5: however the octets are cut, the same rule is broken at the same place.
TEST(ConnectionViolation, CutDoesNotMatter) {
  const auto check = [](const Row& row, const auto& make) {
    const test::Trace whole = test::trace(make(), as_octets(row.input), {});
    const std::size_t step = row.input.size() > 300 ? 97 : 1;
    for (std::size_t cut = 1; cut < row.input.size(); cut += step)
      ASSERT_EQ(test::trace(make(), as_octets(row.input), {cut}), whole)
          << rule(row.violation).name << " cut at " << cut;
    std::vector<std::size_t> all;
    for (std::size_t i = 1; i < row.input.size(); ++i) all.push_back(i);
    ASSERT_EQ(test::trace(make(), as_octets(row.input), all), whole) << rule(row.violation).name;
  };
  for (Row row : frame_rows()) {
    row.input += text("88 00 81 00");
    check(row, [&] {
      return test::open(row.role, row.deflate ? std::optional(DeflateParams{}) : std::nullopt, small_limits());
    });
  }
  for (const Row& row : handshake_rows()) check(row, [&] { return test::connecting(test::options(row.role)); });
}

}  // namespace
}  // namespace ws

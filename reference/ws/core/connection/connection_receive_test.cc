// Messages in both directions: what is read, and what is sent.
#include <ws/core/connection/connection.h>
#include <ws/core/deflate/deflate.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using Lines = std::vector<std::string>;
using test::hex;
using test::operator+;

TEST(ConnectionMessages, ExamplesOfTheRfc) {  // RFC 6455 5.7
  Connection client = test::open(Role::client), server = test::open(Role::server);
  client.receive(hex("81 05 48 65 6c 6c 6f 01 03 48 65 6c 80 02 6c 6f"));
  EXPECT_EQ(test::events(client), (Lines{"text Hello", "text Hello"}));
  server.receive(hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
  EXPECT_EQ(test::events(server), Lines{"text Hello"});
  client.receive(hex("89 05 48 65 6c 6c 6f"));
  EXPECT_EQ(test::events(client), Lines{"ping 48 65 6c 6c 6f"});
  EXPECT_EQ(test::take_output(client), hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"));
}

TEST(ConnectionMessages, ExamplesOfTheDeflateRfc) {  // RFC 7692 7.2.3
  Connection client = test::open(Role::client, DeflateParams{});
  client.receive(hex("c1 07 f2 48 cd c9 c9 07 00"));
  client.receive(hex("41 03 f2 00 11 80 02 00 00"));  // with the window of the first
  client.receive(hex("81 05 48 65 6c 6c 6f"));        // uncompressed ones may stand in between
  client.receive(hex("c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00"));
  client.receive(hex("c1 08 f3 48 cd c9 c9 07 00 00"));
  client.receive(hex("c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00"));
  EXPECT_EQ(test::events(client), Lines(6, "text Hello"));
  client.receive(hex("c1 01 00"));
  EXPECT_EQ(test::events(client), Lines{"text "});
}

TEST(ConnectionMessages, EveryCutOfAConversationGivesTheSame) {
  for (const Role role : {Role::client, Role::server}) {
    const auto frame = [&](Opcode opcode, std::string_view payload, bool fin = true, bool rsv1 = false) {
      return test::frame_to(role, opcode, as_octets(payload), fin, rsv1);
    };
    const Bytes input = frame(Opcode::text, "gr\xc3", false) + frame(Opcode::ping, "p") +
                        frame(Opcode::cont, "", false) +
                        frame(Opcode::cont,
                              "\xbc\xc3\x9f"
                              "e") +
                        frame(Opcode::binary, std::string(200, '\xff')) + frame(Opcode::text, "") +
                        frame(Opcode::pong, "") + frame(Opcode::text, "\xf2\x48\xcd", false, true) +
                        frame(Opcode::ping, "q") + frame(Opcode::cont, "\xc9\xc9\x07" + std::string(1, '\0')) +
                        frame(Opcode::close,
                              "\x03\xe8"
                              "bye") +
                        frame(Opcode::text, "late");
    Options o = test::options(role);
    o.report_frames = true;
    const auto make = [&] { return Connection::opened(o, DeflateParams{}); };
    const auto whole = test::trace(make(), input, {});
    const Lines last(whole.events.end() - 4, whole.events.end());
    EXPECT_EQ(last,
              (Lines{"frame close 5 fin", "close 1000 'bye'",
                     "failed frame-after-close at " + std::to_string(input.size() - frame(Opcode::text, "late").size()),
                     "closed 1000 clean"}));
    for (std::size_t one = 1; one < input.size(); ++one)
      for (std::size_t two = one; two < input.size(); two += 5)
        ASSERT_EQ(test::trace(make(), input, {one, two}), whole) << one << " " << two;
  }
}

TEST(ConnectionMessages, EmptyFragmentsCount) {
  Limits limits;
  limits.fragments = 2;
  Connection client = test::open(Role::client, {}, limits);
  client.receive(hex("02 00 80 00 02 00 00 00"));
  EXPECT_EQ(test::events(client), Lines{"binary "});
  client.receive(hex("80"));
  EXPECT_EQ(test::events(client), Lines{"failed too-many-fragments at 8"});
}

TEST(ConnectionMessages, LimitIsCountedAfterInflating) {
  Limits limits;
  limits.message = 5;
  limits.frame = 7;
  for (const bool exact : {true, false}) {
    limits.message = exact ? 5 : 4;
    Connection client = test::open(Role::client, DeflateParams{}, limits);
    client.receive(hex("c1 07 f2 48 cd c9 c9 07 00"));
    EXPECT_EQ(test::events(client), Lines{exact ? "text Hello" : "failed message-too-big at 2"});
  }
}

// The octet above the limit is not looked at, or the verdict would depend on how much came at once.
TEST(ConnectionMessages, LimitGoesBeforeTheOctetThatBreaksIt) {
  Limits limits;
  limits.message = 5;
  for (const auto* text : {"Hell\xff", "Hello\xff"}) {
    Connection client = test::open(Role::client, DeflateParams{}, limits);
    Bytes wire;
    Deflater(15, false).compress(as_octets(text), true, wire);
    client.receive(test::frame_to(Role::client, Opcode::text, wire, true, true));
    const bool inside = std::string_view(text).size() <= limits.message;
    EXPECT_EQ(test::events(client), Lines{inside ? "failed text-not-utf8 at 2" : "failed message-too-big at 2"});
  }
}

// RFC 7692 7.1.2.2: a client keeps to the window that it hinted, even when the answer names none.
TEST(ConnectionMessages, ClientKeepsToTheWindowItHinted) {
  Bytes text(2000);
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::byte>((i % 1000) * (i % 1000) * 7 >> 3);
  for (const bool hints : {true, false}) {
    Options o = test::options(Role::client);
    o.mask_key = [] { return MaskKey{}; };
    if (hints) o.deflate_offer->client_max_window_bits_hint = 9;
    Connection client = Connection::opened(o, DeflateParams{});
    ASSERT_TRUE(client.submit(command::Binary{text}));
    const Bytes wire = test::take_output(client);
    const std::size_t header = header_size(std::span(wire).first<2>());
    Inflater small(9, false);
    Bytes out;
    // With the full window the second half points a thousand octets back.
    EXPECT_EQ(small.inflate(ByteView(wire).subspan(header), 10'000, out).has_value(), hints);
  }
}

TEST(ConnectionMessages, AnnouncedLengthIsNotAllocated) {
  Limits limits;
  limits.frame = limits.message = ~0ULL >> 1;
  Connection client = test::open(Role::client, {}, limits);
  client.receive(hex("82 7f 7f ff ff ff ff ff ff ff 00 00"));  // 8 EiB
  EXPECT_TRUE(test::events(client).empty());
  EXPECT_EQ(client.state(), State::open);
}

TEST(ConnectionMessages, SendsFramesAsAsked) {
  Connection server = test::open(Role::server), client = test::open(Role::client);
  ASSERT_TRUE(server.submit(command::Text{"Hel", false}));
  ASSERT_TRUE(server.submit(command::Ping{}));
  ASSERT_TRUE(server.submit(command::Continue{as_octets("lo")}));
  ASSERT_TRUE(server.submit(command::Binary{hex("ff")}));
  EXPECT_EQ(test::take_output(server), hex("01 03 48 65 6c 89 00 80 02 6c 6f 82 01 ff"));
  ASSERT_TRUE(client.submit(command::Text{"Hello"}));
  EXPECT_EQ(test::take_output(client), hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
}

TEST(ConnectionMessages, CompressesAboveTheThresholdAndOnTheFirstFrameOnly) {
  Options o = test::options(Role::server);
  o.deflate_threshold = 5;
  Connection server = Connection::opened(o, DeflateParams{});
  ASSERT_TRUE(server.submit(command::Text{"Hell"}));
  EXPECT_EQ(test::take_output(server), hex("81 04 48 65 6c 6c"));
  ASSERT_TRUE(server.submit(command::Text{"Hello"}));
  EXPECT_EQ(test::take_output(server), hex("c1 07 f2 48 cd c9 c9 07 00"));
  ASSERT_TRUE(server.submit(command::Text{"", false}));
  ASSERT_TRUE(server.submit(command::Continue{}));
  const Bytes out = test::take_output(server);
  EXPECT_EQ(out[0], std::byte{0x41});
  EXPECT_EQ(out[out.size() - 3], std::byte{0x80});
}

TEST(ConnectionMessages, ClientDoesNotCompressWhenItsWindowIs256Octets) {
  Connection client = test::open(Role::client, DeflateParams{.client_max_window_bits = 8});
  ASSERT_TRUE(client.submit(command::Text{"Hello"}));
  EXPECT_EQ(test::take_output(client), hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
  client.receive(hex("c1 07 f2 48 cd c9 c9 07 00"));
  EXPECT_EQ(test::events(client), Lines{"text Hello"});
}

TEST(ConnectionMessages, LargeMessageInSmallPiecesArrivesWhole) {
  Bytes payload(8 * 1024 * 1024);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::byte>(i * 31 >> 3);
  const Bytes wire = test::frame_to(Role::server, Opcode::binary, payload);
  Connection server = test::open(Role::server);
  for (std::size_t at = 0; at < wire.size(); at += 1000)
    server.receive(ByteView(wire).subspan(at, std::min<std::size_t>(1000, wire.size() - at)));
  const auto event = server.next_event();
  ASSERT_TRUE(event && std::holds_alternative<event::Binary>(*event));
  EXPECT_TRUE(std::get<event::Binary>(*event).data == payload);
}

TEST(ConnectionMessages, FloodOfPingsFromAPeerThatDoesNotReadIsBounded) {  // RFC 6455 5.5.3
  Connection client = test::open(Role::client);
  const std::string last(125, 'z');
  for (int i = 0; i < 100'000; ++i) {
    client.receive(test::frame_to(Role::client, Opcode::ping, as_octets(std::string(125, 'a'))));
    while (client.next_event()) {
    }
  }
  client.receive(test::frame_to(Role::client, Opcode::ping, as_octets(last)));
  EXPECT_LT(client.output().size(), 300'000U);
  test::take_output(client);
  // The latest is answered.
  EXPECT_EQ(test::take_output(client), test::frame_to(Role::server, Opcode::pong, as_octets(last)));
}

TEST(ConnectionMessages, WrittenOctetsAreForgottenInOrder) {
  Connection server = test::open(Role::server);
  Bytes expected, got;
  for (int i = 0; i < 2000; ++i) {
    const std::string text(1000, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(server.submit(command::Text{text}));
    append(expected, test::frame_to(Role::client, Opcode::text, as_octets(text)));
    const ByteView some = server.output().first(std::min<std::size_t>(server.output().size(), 700));
    append(got, some);
    server.wrote(some.size());
  }
  append(got, test::take_output(server));
  EXPECT_TRUE(got == expected);
}

}  // namespace
}  // namespace ws

// Messages that are taken in pieces while they come: the pieces and what is left for the event make the message,
// wherever the input is cut.
#include <ws/core/connection/connection.h>
#include <ws/core/utf8.h>

#include <gtest/gtest.h>
#include <utility>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using test::hex;
using test::operator+;

// Events as text, with the pieces that were taken after each part of the input in front of what they began.
struct Taken {
  std::vector<std::string> events;
  std::vector<Piece> pieces;
};

Taken take_at(Connection connection, ByteView input, const std::vector<std::size_t>& cuts) {
  Taken taken;
  std::string begun;
  std::size_t at = 0;
  const auto look = [&](std::size_t to) {
    connection.receive(input.subspan(at, to - at));
    at = to;
    while (auto event = connection.next_event()) {
      if (auto* text = std::get_if<event::Text>(&*event)) text->data = std::exchange(begun, {}) + text->data;
      if (auto* binary = std::get_if<event::Binary>(&*event))
        binary->data = to_bytes(as_octets(std::exchange(begun, {}))) + binary->data;
      taken.events.push_back(test::show(*event));
    }
    if (auto piece = connection.take_piece()) {
      begun += to_string(piece->data);
      taken.pieces.push_back(std::move(*piece));
    }
  };
  for (const std::size_t cut : cuts) look(cut);
  look(input.size());
  return taken;
}

void expect_the_same_at_every_cut(const std::optional<DeflateParams>& params, ByteView input) {
  const auto whole = take_at(test::open(Role::client, params), input, {});
  for (std::size_t first = 0; first <= input.size(); ++first) {
    for (std::size_t second = first; second <= input.size(); ++second) {
      const auto cut = take_at(test::open(Role::client, params), input, {first, second});
      ASSERT_EQ(cut.events, whole.events) << first << " " << second;
      for (const Piece& piece : cut.pieces) {
        EXPECT_FALSE(piece.data.empty());
        EXPECT_TRUE(!piece.is_text || is_utf8(piece.data)) << first << " " << second;
      }
    }
  }
}

TEST(Pieces, PlainMessagesAreTheSameWhereverTheyAreTaken) {
  const Bytes input = test::frame_to(Role::client, Opcode::text, as_octets("z\xc3\xa4h \xf0\x9f\x98\x80"), false) +
                      test::frame_to(Role::client, Opcode::ping, as_octets("p")) +
                      test::frame_to(Role::client, Opcode::cont, as_octets("\xe2\x82\xac!")) +
                      test::frame_to(Role::client, Opcode::binary, hex("c3 00 01 02 ff")) +
                      test::frame_to(Role::client, Opcode::text, {});
  expect_the_same_at_every_cut(std::nullopt, input);
}

TEST(Pieces, CompressedMessagesAreTheSameWhereverTheyAreTaken) {
  const DeflateParams params{.server_max_window_bits = 9, .client_max_window_bits = 9};
  Connection server = test::open(Role::server, params);
  const std::string text = "z\xc3\xa4h z\xc3\xa4h z\xc3\xa4h \xf0\x9f\x98\x80\xf0\x9f\x98\x80";
  ASSERT_TRUE(server.submit(command::Text{text, false}));
  ASSERT_TRUE(server.submit(command::Continue{as_octets(text)}));
  ASSERT_TRUE(server.submit(command::Binary{as_octets(text)}));
  expect_the_same_at_every_cut(params, test::take_output(server));
}

TEST(Pieces, AreThereBeforeTheMessageIs) {
  Connection client = test::open(Role::client);
  EXPECT_FALSE(client.take_piece());
  client.receive(hex("81 7e 01 00 48 69 c3"));
  const auto piece = client.take_piece();
  ASSERT_TRUE(piece);
  EXPECT_TRUE(piece->is_text);
  EXPECT_EQ(to_string(piece->data), "Hi");  // half a character waits for its other half
  EXPECT_FALSE(client.take_piece());
  client.receive(hex("a4"));
  EXPECT_EQ(to_string(client.take_piece()->data), "\xc3\xa4");
}

TEST(Pieces, TheLimitCountsThoseThatWereTaken) {
  Limits limits;
  limits.message = 10;
  for (const bool taking : {false, true}) {
    Connection plain = test::open(Role::client, std::nullopt, limits);
    plain.receive(test::frame_to(Role::client, Opcode::binary, Bytes(6), false));
    EXPECT_TRUE(!taking || plain.take_piece());
    plain.receive(test::frame_to(Role::client, Opcode::cont, Bytes(5)));
    EXPECT_EQ(test::events(plain), std::vector<std::string>{"failed message-too-big at 9"}) << taking;

    const DeflateParams params;
    Connection server = test::open(Role::server, params);
    ASSERT_TRUE(server.submit(command::Binary{Bytes(6), false}));
    const Bytes first = test::take_output(server);
    ASSERT_TRUE(server.submit(command::Continue{Bytes(5)}));
    Connection client = test::open(Role::client, params, limits);
    client.receive(first);
    EXPECT_TRUE(!taking || client.take_piece());
    client.receive(test::take_output(server));
    const auto events = test::events(client);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_TRUE(events[0].starts_with("failed message-too-big")) << events[0];
    EXPECT_FALSE(client.take_piece()) << "of a failed connection";
  }
}

TEST(Pieces, WithThemAMessageNeedsNoMemory) {
  Limits limits;
  limits.message = limits.frame = std::uint64_t{1} << 40;
  Connection client = test::open(Role::client, std::nullopt, limits);
  client.receive(hex("82 7f 00 00 00 10 00 00 00 00"));  // 64 GiB
  const Bytes part(1 << 16);
  for (int i = 0; i < 1000; ++i) {
    client.receive(part);
    ASSERT_EQ(client.take_piece()->data.size(), part.size());
  }
}

}  // namespace
}  // namespace ws

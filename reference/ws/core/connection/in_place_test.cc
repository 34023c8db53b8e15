// The short way of a message, beside its plain twin: whatever comes and however it is cut, read_in_place() and
// receive() together give what receive() gives alone.
#include <gtest/gtest.h>
#include <ws/core/connection/connection.h>

#include <random>

#include "ws/core/connection/fast_way.h"
#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using test::hex;

// The octets that a peer of `receiver` sends: mostly legal.
Bytes some_octets(Role receiver, std::mt19937& random) {
  constexpr std::array kOpcodes = {Opcode::text,   Opcode::binary, Opcode::text, Opcode::binary,
                                   Opcode::binary, Opcode::cont,   Opcode::ping, Opcode::pong};
  Bytes out;
  for (std::size_t left = random() % 8; left > 0; --left) {
    const Opcode opcode = random() % 40 == 0 ? Opcode::close : kOpcodes[random() % kOpcodes.size()];
    Bytes payload(random() % 8 == 0 ? random() % 70'000 : random() % 130);
    for (auto& octet : payload) octet = static_cast<std::byte>('a' + random() % 26);
    if (!payload.empty() && random() % 10 == 0) payload[random() % payload.size()] = std::byte{0xC3};  // not UTF-8
    append(out, test::frame_to(receiver, opcode, payload, random() % 4 != 0, random() % 30 == 0));
  }
  if (!out.empty() && random() % 6 == 0) out.resize(random() % out.size());
  if (!out.empty() && random() % 6 == 0) out[random() % out.size()] ^= std::byte{0x41};
  return out;
}

// As test::trace(), but each piece is offered to read_in_place() first.
test::Trace trace_in_place(Connection connection, Bytes input, const std::vector<std::size_t>& cuts, int& in_place) {
  test::Trace seen;
  const auto look = [&] {
    for (const std::string& line : test::events(connection)) seen.events.push_back(line);
    append(seen.output, test::take_output(connection));
  };
  std::size_t at = 0;
  const auto give = [&](std::size_t to) {
    auto in = std::span(input).subspan(at, to - at);
    at = to;
    while (const auto message = FastWay::read_in_place(connection, in)) {
      ++in_place;
      seen.events.push_back(message->is_text ? "text " + to_string(message->data)
                                             : "binary " + test::to_hex(message->data));
    }
    connection.receive(in);
    look();
  };
  for (const std::size_t cut : cuts) give(cut);
  give(input.size());
  connection.receive_eof();
  look();
  return seen;
}

TEST(InPlace, GivesWhatReceivingGives) {
  std::mt19937 random(20);
  int in_place = 0;
  for (int round = 0; round < 2000; ++round) {
    const Role role = round % 2 == 0 ? Role::server : Role::client;
    const std::optional<DeflateParams> deflate = round % 3 == 0 ? std::optional(DeflateParams{}) : std::nullopt;
    const Limits limits = {.frame = 60'000, .message = 65'000};
    const Bytes input = some_octets(role, random);
    std::vector<std::size_t> cuts(random() % 4);
    for (auto& cut : cuts) cut = input.empty() ? 0 : random() % input.size();
    std::ranges::sort(cuts);
    EXPECT_EQ(trace_in_place(test::open(role, deflate, limits), input, cuts, in_place),
              test::trace(test::open(role, deflate, limits), input, cuts))
        << "round " << round;
  }
  EXPECT_GT(in_place, 500);
}

TEST(InPlace, UnmasksWhereTheMessageStands) {
  Connection server = test::open(Role::server);
  Bytes octets = test::frame_to(Role::server, Opcode::text, as_octets("Hello"));
  append(octets, hex("81"));
  std::span<std::byte> in = octets;
  const auto message = FastWay::read_in_place(server, in);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->is_text);
  EXPECT_EQ(as_text(message->data), "Hello");
  EXPECT_EQ(message->data.data(), octets.data() + 6);
  EXPECT_EQ(in.data(), octets.data() + 11);
  EXPECT_EQ(in.size(), 1u);
  EXPECT_FALSE(server.next_event());
}

// What is not taken is there for receive(), as it came.
void expect_untouched(Connection connection, const Bytes& octets) {
  Bytes given = octets;
  std::span<std::byte> in = given;
  EXPECT_FALSE(FastWay::read_in_place(connection, in)) << test::to_hex(octets);
  EXPECT_EQ(in.data(), given.data());
  EXPECT_EQ(in.size(), given.size());
  EXPECT_EQ(given, octets);
}

TEST(InPlace, LeavesWhatIsNotTheUsualCase) {
  const auto text = test::frame_to(Role::server, Opcode::text, as_octets("Hello"));
  expect_untouched(test::open(Role::server), {});
  expect_untouched(test::open(Role::server), Bytes(text.begin(), text.end() - 1));
  expect_untouched(test::open(Role::server), test::frame_to(Role::server, Opcode::text, hex("61 c3 28")));
  expect_untouched(test::open(Role::server), test::frame_to(Role::server, Opcode::text, hex("61"), /*fin=*/false));
  expect_untouched(test::open(Role::server), test::frame_to(Role::server, Opcode::ping, hex("61")));
  expect_untouched(test::open(Role::server), test::frame_to(Role::client, Opcode::text, hex("61")));  // without a mask
  expect_untouched(test::open(Role::server, DeflateParams{}),
                   test::frame_to(Role::server, Opcode::text, hex("61"), true, /*rsv1=*/true));
  expect_untouched(test::connecting(test::options(Role::server)), text);

  Options reporting = test::options(Role::server);
  reporting.report_frames = true;
  expect_untouched(Connection::opened(reporting, {}), text);

  Connection in_header = test::open(Role::server);
  in_header.receive(hex("81"));
  expect_untouched(std::move(in_header), text);
  Connection in_message = test::open(Role::server);
  in_message.receive(test::frame_to(Role::server, Opcode::text, {}, /*fin=*/false));
  expect_untouched(std::move(in_message), text);
  Connection with_event = test::open(Role::server);
  with_event.receive(text);
  expect_untouched(std::move(with_event), text);  // its turn comes when the first one was taken
  Connection closing = test::open(Role::server);
  ASSERT_TRUE(closing.submit(command::Close{}));
  expect_untouched(std::move(closing), text);
}

}  // namespace
}  // namespace ws

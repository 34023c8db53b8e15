#include "runner/live/tap/plant.h"

#include <gtest/gtest.h>

namespace touchstone::tap {
namespace {

using Change = Plant::Change;

ws::Bytes hex(std::string_view digits) {
  ws::Bytes out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out.push_back(static_cast<std::byte>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  return out;
}

// RFC 6455 5.7: "Hello", masked, and a Ping after it.
const ws::Bytes kHello = hex("818537fa213d7f9f4d5158"), kPing = hex("898537fa213d7f9f4d5158");

ws::Bytes through(const Plant& plant, std::size_t piece) {
  Planter planter(ws::Role::client);
  planter.add(plant);
  ws::Bytes in = kHello, out;
  ws::append(in, kPing);
  for (std::size_t at = 0; at < in.size() && !planter.cuts_by_reset(); at += piece)
    ws::append(out, planter.take(ws::ByteView(in).subspan(at, std::min(piece, in.size() - at))));
  ws::append(out, planter.rest());
  return out;
}

struct Row {
  Plant plant;
  std::string_view out;
};

class PlantTest : public ::testing::TestWithParam<std::size_t> {};

// The vectors of RFC 6455 5.7, changed by hand.
TEST_P(PlantTest, ChangesWhatItSaysAndNothingElse) {
  const Row rows[] = {
      {{.frame = 1, .change = Change::mask_bit}, "810537fa213d7f9f4d5158898537fa213d7f9f4d5158"},
      {{.frame = 1, .change = Change::unmask}, "810548656c6c6f898537fa213d7f9f4d5158"},
      {{.frame = 1, .change = Change::rsv, .value = 2}, "a18537fa213d7f9f4d5158898537fa213d7f9f4d5158"},
      {{.frame = 1, .change = Change::opcode, .value = 3}, "838537fa213d7f9f4d5158898537fa213d7f9f4d5158"},
      {{.frame = 1, .change = Change::fin}, "018537fa213d7f9f4d5158898537fa213d7f9f4d5158"},
      {{.frame = 1, .change = Change::payload, .value = 4}, "818537fa213d7f9f4d5159898537fa213d7f9f4d5158"},
      {{.frame = 1, .change = Change::drop}, "898537fa213d7f9f4d5158"},
      {{.frame = 2, .change = Change::drop}, "818537fa213d7f9f4d5158"},
      {{.frame = 2, .change = Change::repeat}, "818537fa213d7f9f4d5158898537fa213d7f9f4d5158898537fa213d7f9f4d5158"},
      {{.frame = 2, .change = Change::insert, .octets = hex("8a80")},
       "818537fa213d7f9f4d51588a80898537fa213d7f9f4d5158"},
      {{.frame = 2, .change = Change::cut, .value = 3}, "818537fa213d7f9f4d5158898537"},
      {{.frame = 3, .change = Change::drop}, "818537fa213d7f9f4d5158898537fa213d7f9f4d5158"},
      {{.frame = 1, .every = true, .change = Change::fin}, "018537fa213d7f9f4d5158098537fa213d7f9f4d5158"},
      {{.from = ws::Role::server, .frame = 1, .change = Change::fin}, "818537fa213d7f9f4d5158898537fa213d7f9f4d5158"},
  };
  for (const Row& row : rows) EXPECT_EQ(through(row.plant, GetParam()), hex(row.out)) << row.out;
}

INSTANTIATE_TEST_SUITE_P(HoweverItIsCut, PlantTest, ::testing::Values(1, 2, 3, 5, 7, 100));

TEST(PlantTest, MasksWhatAServerSays) {
  Planter planter(ws::Role::server);
  planter.add({.from = ws::Role::server, .change = Change::mask});
  EXPECT_EQ(planter.take(hex("810548656c6c6f")), kHello);
}

}  // namespace
}  // namespace touchstone::tap

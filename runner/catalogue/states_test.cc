#include "runner/catalogue/states.h"

#include "runner/catalogue/generated_axes.h"

#include <gtest/gtest.h>

#include <set>

namespace touchstone {
namespace {

TEST(States, HaveNamesOfTheirOwn) {
  for (const bool deflate : {false, true}) {
    std::set<std::string> names, words;
    for (const State& s : all_states(deflate)) {
      EXPECT_TRUE(names.insert(name(s)).second) << name(s);
      EXPECT_TRUE(words.insert(in_words(s)).second) << in_words(s);
    }
  }
  std::set<std::string> names, words;
  for (const Input& i : all_inputs()) {
    EXPECT_TRUE(names.insert(name(i)).second) << name(i);
    EXPECT_TRUE(words.insert(in_words(i)).second) << in_words(i);
  }
  // Opcodes, FIN, RSV, masking, lengths.
  EXPECT_EQ(names.size(), 16U * 2 * 8 * 3 * 5);
}

TEST(States, LeavesOutOnlyWhatTheRulesSay) {
  for (const State& s : all_states(true)) {
    for (const Input& i : all_inputs()) {
      const PairClass found = class_of(s, i);
      EXPECT_EQ(found.key == 0, excluded(found.merge)) << name(s) << " " << name(i);
      EXPECT_FALSE(reason(found.merge).empty());
    }
  }
}

// RFC 6455 5.4 and 5.5; RFC 7692 6.1.
TEST(States, KnowsWhatIsLegal) {
  const State start{}, deflate{.deflate = true};
  State inside{.unfinished = true, .message = State::Message::text, .last = State::Last::first};
  EXPECT_TRUE(legal(start, {.opcode = ws::Opcode::text}));
  EXPECT_FALSE(legal(start, {.opcode = ws::Opcode::cont}));
  EXPECT_TRUE(legal(inside, {.opcode = ws::Opcode::cont}));
  EXPECT_FALSE(legal(inside, {.opcode = ws::Opcode::binary}));
  EXPECT_TRUE(legal(inside, {.opcode = ws::Opcode::ping}));
  EXPECT_FALSE(legal(start, {.opcode = ws::Opcode::ping, .fin = false}));
  EXPECT_FALSE(legal(start, {.opcode = ws::Opcode::close, .length = Input::Length::two_octets}));
  EXPECT_FALSE(legal(start, {.opcode = ws::Opcode::text, .rsv = 4}));
  EXPECT_TRUE(legal(deflate, {.opcode = ws::Opcode::text, .rsv = 4}));
  EXPECT_FALSE(legal(deflate, {.opcode = ws::Opcode::ping, .rsv = 4}));
  EXPECT_FALSE(legal(start, {.opcode = ws::Opcode::text, .mask = Input::Mask::bit}));
}

TEST(States, RowsNameTheirRules) {
  for (const bool deflate : {false, true}) {
    std::set<std::string> ids;
    for (const Json& row : state_rows(StateRows::faults, deflate)) {
      const std::string id = row["state"].get<std::string>() + "/" + row["input"].get<std::string>();
      EXPECT_TRUE(ids.insert(id).second) << id;
      const bool after_the_end = row["state"] == "closing" || row["state"] == "failed";
      EXPECT_TRUE(after_the_end || !row["rules"].empty()) << id;
    }
  }
}

}  // namespace
}  // namespace touchstone

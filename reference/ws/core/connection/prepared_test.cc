// Prepared messages are those that each connection would have made by itself.
#include <ws/core/connection/prepared.h>
#include <ws/core/deflate/deflate.h>

#include <gtest/gtest.h>

#include "ws/core/connection/test_support.h"

namespace ws {
namespace {

using Lines = std::vector<std::string>;

Bytes repetitive(std::size_t size) {
  Bytes octets(size);
  for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::byte>('a' + i * i / 7 % 13);
  return octets;
}

TEST(Prepared, IsTheFrameThatAServerSends) {  // RFC 6455 5.7
  const auto hello = PreparedMessage::text("Hello");
  ASSERT_TRUE(hello);
  EXPECT_EQ(to_bytes(hello->frame()), test::hex("81 05 48 65 6c 6c 6f"));
  EXPECT_TRUE(hello->deflated_frame().empty()) << "it would not be smaller";
  EXPECT_EQ(PreparedMessage::text("\xff").error(), Misuse::text_not_utf8);
  EXPECT_EQ(to_bytes(PreparedMessage::binary({}).frame()), test::hex("82 00"));
}

TEST(Prepared, TheCompressedFormNeedsNoLargerWindowThanTheMessageIsLong) {
  const struct {
    std::size_t size;
    int bits;
  } rows[] = {{100, 8}, {256, 8}, {257, 9}, {512, 9}, {513, 10}, {32'768, 15}, {100'000, 15}};
  for (const auto& row : rows) {
    const Bytes payload = repetitive(row.size);
    const PreparedMessage message = PreparedMessage::binary(payload);
    ASSERT_FALSE(message.deflated_frame().empty());
    EXPECT_EQ(message.deflated_window_bits(), row.bits) << row.size;
    // The strict reader with just that window takes it.
    Inflater inflater(row.bits, true);
    Bytes inflated;
    ASSERT_TRUE(inflater.inflate(message.deflated_payload(), row.size, inflated)) << row.size;
    ASSERT_TRUE(inflater.finish(row.size, inflated)) << row.size;
    EXPECT_EQ(inflated, payload);
  }
}

// A reader with the parameters, fed by a sender with the same that mixes prepared and other messages.
Lines exchanged(Role sender_role, std::optional<DeflateParams> params, std::size_t* octets = nullptr) {
  Connection sender = test::open(sender_role, params);
  Connection reader = test::open(sender_role == Role::server ? Role::client : Role::server, params);
  const std::string text(300, 'x');
  const auto prepared = PreparedMessage::text(text);
  std::size_t total = 0;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(sender.submit(command::Text{text}));
    EXPECT_TRUE(sender.submit(command::Prepared{&*prepared}));
    const Bytes out = test::take_output(sender);
    total += out.size();
    reader.receive(out);
  }
  if (octets != nullptr) *octets = total;
  return test::events(reader);
}

TEST(Prepared, MixesWithOtherMessagesWhateverWasAgreed) {
  const Lines expected(6, "text " + std::string(300, 'x'));
  for (const Role sender : {Role::server, Role::client}) {
    EXPECT_EQ(exchanged(sender, std::nullopt), expected);
    for (int bits = 8; bits <= 15; ++bits) {
      for (const bool forget : {false, true}) {
        const DeflateParams params{.server_no_context_takeover = forget,
                                   .client_no_context_takeover = forget,
                                   .server_max_window_bits = bits,
                                   .client_max_window_bits = bits};
        std::size_t octets = 0;
        EXPECT_EQ(exchanged(sender, params, &octets), expected) << bits << forget;
        EXPECT_EQ(octets < 600, bits >= 9) << octets;  // 300 octets need a window of 512; zlib has none of 256
      }
    }
  }
}

TEST(Prepared, DoesNotCutIntoAFragmentedMessage) {
  Connection server = test::open(Role::server);
  const PreparedMessage message = PreparedMessage::binary({});
  ASSERT_TRUE(server.submit(command::Text{"a", false}));
  EXPECT_EQ(server.submit(command::Prepared{&message}).error(), Misuse::message_in_progress);
  ASSERT_TRUE(server.submit(command::Continue{}));
  EXPECT_TRUE(server.submit(command::Prepared{&message}));
  ASSERT_TRUE(server.submit(command::Close{}));
  EXPECT_EQ(server.submit(command::Prepared{&message}).error(), Misuse::wrong_state);
}

}  // namespace
}  // namespace ws

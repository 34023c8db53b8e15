// RFC 7692 7.2: what is compressed comes back, for every window and takeover mode.
#include "property/generators.h"

#include <ws/core/deflate/deflate.h>
#include <ws/core/http/extensions.h>

using namespace ws;

RC_GTEST_PROP(Deflate, MessagesComeBackHoweverTheyAreCut, (bool forget)) {
  const int bits = *rc::gen::inRange(9, 16);
  Deflater deflater(bits, forget, *rc::gen::inRange(0, 10));
  Inflater inflater(*rc::gen::inRange(bits, 16), forget);
  for (int message = *rc::gen::inRange(1, 5); message > 0; --message) {
    Bytes text, wire;
    for (int fragment = *rc::gen::inRange(1, 4); fragment > 0; --fragment) {
      const Bytes part = *rc::gen::oneOf(laws::any_octets(), laws::repetitive_octets());
      append(text, part);
      deflater.compress(part, fragment == 1, wire);
    }
    Bytes back;
    std::size_t at = 0;
    auto cuts = *laws::cuts(wire.size());
    cuts.push_back(wire.size());
    for (const std::size_t cut : cuts) {
      RC_ASSERT(inflater.inflate(ByteView(wire).subspan(at, cut - at), 1 << 20, back).has_value());
      at = cut;
    }
    RC_ASSERT(inflater.finish(1 << 20, back).has_value());
    RC_ASSERT(back == text);
  }
}

// The same messages through every pair of windows in which the reader's is no smaller, with takeover or without.
RC_GTEST_PROP(Deflate, MessagesComeBackUnderEveryWindowPairAndTakeoverMode, (bool forget)) {
  const auto messages =
      *rc::gen::container<std::vector<Bytes>>(rc::gen::oneOf(laws::any_octets(), laws::repetitive_octets()));
  for (int writer = 9; writer <= 15; ++writer) {
    for (int reader = writer; reader <= 15; ++reader) {
      Deflater deflater(writer, forget);
      Inflater inflater(reader, forget);
      for (const Bytes& message : messages) {
        Bytes wire, back;
        deflater.compress(message, true, wire);
        RC_ASSERT(inflater.inflate(wire, 1 << 20, back).has_value());
        RC_ASSERT(inflater.finish(1 << 20, back).has_value());
        RC_ASSERT(back == message);
      }
    }
  }
}

// Any octets: both decoders stop at the same place for the same reason, however the input is cut.
RC_GTEST_PROP(Deflate, RubbishIsJudgedAlikeHoweverItIsCut, ()) {
  const int bits = *rc::gen::inRange(8, 16);
  Bytes wire;
  Deflater(9, false, 6).compress(*laws::repetitive_octets(), true, wire);
  if (!wire.empty())
    wire[*rc::gen::inRange<std::size_t>(0, wire.size())] ^= static_cast<std::byte>(*rc::gen::inRange(0, 256));
  append(wire, *laws::any_octets());
  const std::uint64_t limit = *rc::gen::inRange<std::uint64_t>(0, 2000);

  Inflater whole(bits, false), pieces(bits, false);
  Bytes expected, got;
  auto expected_result = whole.inflate(wire, limit, expected);
  if (expected_result) expected_result = whole.finish(limit, expected);
  std::expected<void, Violation> result;
  for (std::size_t i = 0; i < wire.size() && result; ++i)
    result = pieces.inflate(ByteView(wire).subspan(i, 1), limit, got);
  if (result) result = pieces.finish(limit, got);
  RC_ASSERT(result.has_value() == expected_result.has_value());
  if (!result) RC_ASSERT(result.error() == expected_result.error());
  RC_ASSERT(got == expected);
}

// RFC 7692 7.1: whatever a server of ours accepts, the client that offered it takes.
RC_GTEST_PROP(Deflate, AgreementIsMutual, (bool a, bool b, bool c, bool d)) {
  DeflateOffer offer{.server_no_context_takeover = a, .client_no_context_takeover = b, .client_max_window_bits = c};
  if (d) offer.server_max_window_bits = *rc::gen::inRange(8, 16);
  if (c && *rc::gen::arbitrary<bool>()) offer.client_max_window_bits_hint = *rc::gen::inRange(8, 16);
  const auto preference = laws::deflate_params();
  const auto agreement = accept_deflate({to_extension(offer)}, (*preference).value_or(DeflateParams{}));
  RC_ASSERT(agreement.has_value() == (offer.server_max_window_bits != 8));
  if (agreement) RC_ASSERT((check_deflate(offer, agreement->response) == agreement->params));
}

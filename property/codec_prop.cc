// The pure parts: what is written is read back, and cuts do not matter.
#include "property/generators.h"

#include <ws/core/close.h>
#include <ws/core/frame.h>
#include <ws/core/http/http1.h>
#include <ws/core/mask.h>
#include <ws/core/utf8.h>

using namespace ws;

// RFC 6455 5.3: masking is an involution and does not depend on how the payload is cut.
RC_GTEST_PROP(Mask, IsItsOwnInverseAndMayBeCut, ()) {
  const Bytes payload = *laws::any_octets();
  const MaskKey key = *laws::mask_key();
  const auto cut = *rc::gen::inRange<std::size_t>(0, payload.size() + 1);
  Bytes whole = payload, pieces = payload;
  apply_mask(whole, key);
  apply_mask(std::span(pieces).first(cut), key);
  apply_mask(std::span(pieces).subspan(cut), key, cut);
  RC_ASSERT(whole == pieces);
  apply_mask(whole, key);
  RC_ASSERT(whole == payload);
}

// RFC 6455 5.2: every header that can be written is read back, in the shortest form.
RC_GTEST_PROP(Frame, HeaderComesBack, (bool fin, bool rsv1, bool rsv2, bool rsv3, bool masked)) {
  FrameHeader header{fin, rsv1, rsv2, rsv3};
  header.opcode = static_cast<Opcode>(*rc::gen::inRange(0, 16));
  // Lengths of all magnitudes, not only small ones.
  header.length = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(1, 64);
  if (masked) header.mask = *laws::mask_key();
  Bytes octets;
  encode_header(header, octets);
  RC_ASSERT(octets.size() == header_size(std::span(octets).first<2>()));
  RC_ASSERT((decode_header(octets) == header));
}

// Whatever decode_header() takes is what encode_header() would write: minimal lengths are unique.
RC_GTEST_PROP(Frame, StrictDecodingIsTheInverseOfEncoding, ()) {
  Bytes octets =
      laws::octets(*rc::gen::container<std::vector<std::uint8_t>>(kMaxHeaderSize, rc::gen::arbitrary<std::uint8_t>()));
  octets.resize(header_size(std::span(octets).first<2>()));
  const auto header = decode_header(octets);
  if (!header) {
    RC_ASSERT(header.error() == Violation::length_not_minimal || header.error() == Violation::length_high_bit);
    return;
  }
  Bytes again;
  encode_header(*header, again);
  RC_ASSERT(again == octets);
}

RC_GTEST_PROP(Utf8, CutsDoNotMatter, ()) {
  Bytes text = to_bytes(*laws::utf8_text());
  append(text, *laws::any_octets());
  Utf8Validator whole, pieces;
  const std::size_t expected = whole.consume(text);
  std::size_t valid = 0, at = 0;
  auto cuts = *laws::cuts(text.size());
  cuts.push_back(text.size());
  for (const std::size_t cut : cuts) {
    const std::size_t n = pieces.consume(ByteView(text).subspan(at, cut - at));
    valid += n;
    if (n < cut - at) break;
    at = cut;
  }
  RC_ASSERT(valid == expected);
  RC_ASSERT(pieces.complete() == whole.complete());
}

RC_GTEST_PROP(Close, ReasonComesBack, ()) {
  const auto code = *rc::gen::suchThat(rc::gen::arbitrary<std::uint16_t>(), close_code_on_wire);
  const CloseReason reason{code, *laws::utf8_text()};
  const auto again = decode_close(encode_close(reason));
  RC_ASSERT(again.has_value() && again->has_value() && **again == reason);
}

RC_GTEST_PROP(Http1, RequestComesBack, ()) {
  const auto token = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'Z', '0', '-', '!', '~')));
  const auto value = rc::gen::container<std::string>(rc::gen::element('a', ':', ',', '"', '\xff', ';'));
  RequestHead head{.method = *token, .target = "/" + *token};
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) head.fields.push_back({*token, *value});
  const std::string text = serialize(head);
  RC_ASSERT(head_end(as_octets(text), {}).value() == text.size());
  const auto again = parse_request(as_octets(text), {});
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->method == head.method && again->target == head.target && again->fields == head.fields);
}

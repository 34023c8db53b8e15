#include "property/cases.h"

#include <ws/rules/frame_walker.h>

namespace laws {
namespace {

using namespace touchstone;

Payload literal(ws::ByteView octets) { return {recipe::Literal{ws::to_bytes(octets)}}; }

rc::Gen<Payload> any_payload() {
  const auto of_text = rc::gen::map(utf8_text(), [](const std::string& text) { return literal(ws::as_octets(text)); });
  const auto of_octets = rc::gen::map(any_octets(), [](const ws::Bytes& octets) { return literal(octets); });
  const auto fill =
      rc::gen::apply([](std::uint64_t length) { return Payload{recipe::Fill{ws::to_bytes("ab"), length}}; },
                     rc::gen::element<std::uint64_t>(0, 1, 125, 126, 127, 300, 70'000));
  return rc::gen::weightedOneOf<Payload>({{4, of_text}, {3, of_octets}, {1, fill}});
}

rc::Gen<Step> any_frame() {
  return rc::gen::apply(
      [](int opcode, bool fin, int rsv, Payload payload) {
        step::Frame frame;
        frame.opcode = static_cast<ws::Opcode>(opcode);
        frame.fin = fin;
        frame.rsv = static_cast<std::uint8_t>(rsv);
        frame.payload = std::move(payload);
        return Step{frame};
      },
      rc::gen::weightedElement<int>({{4, 0}, {4, 1}, {3, 2}, {1, 8}, {3, 9}, {2, 10}, {1, 3}, {1, 15}}),
      rc::gen::weightedElement<bool>({{3, true}, {1, false}}),
      rc::gen::weightedElement<int>({{20, 0}, {1, 1}, {1, 2}, {1, 4}}), any_payload());
}

rc::Gen<Step> any_message() {
  return rc::gen::apply(
      [](bool is_text, const std::string& text, const ws::Bytes& octets, std::uint64_t fragment, bool deflate) {
        step::Message message;
        message.opcode = is_text ? ws::Opcode::text : ws::Opcode::binary;
        message.payload = is_text ? literal(ws::as_octets(text)) : literal(octets);
        message.fragment = fragment;
        message.deflate = deflate;
        return Step{message};
      },
      rc::gen::arbitrary<bool>(), utf8_text(), any_octets(), rc::gen::element<std::uint64_t>(0, 0, 1, 7),
      rc::gen::arbitrary<bool>());
}

rc::Gen<Step> any_close() {
  return rc::gen::apply(
      [](bool has_code, std::uint16_t code, const std::string& text) {
        step::Close close;
        if (has_code) {
          close.code = code;
          close.reason = literal(ws::as_octets(text).first(std::min<std::size_t>(text.size(), 123)));
        }
        return Step{close};
      },
      rc::gen::weightedElement<bool>({{4, true}, {1, false}}),
      rc::gen::weightedOneOf<std::uint16_t>({{3, rc::gen::element<std::uint16_t>(1000, 1001, 1005, 1010, 3000, 4999)},
                                             {1, rc::gen::arbitrary<std::uint16_t>()}}),
      utf8_text());
}

rc::Gen<Step> any_step() {
  return rc::gen::weightedOneOf<Step>(
      {{6, any_frame()}, {4, any_message()}, {1, any_close()}, {2, rc::gen::just(Step{step::Sentinel{}})}});
}

rc::Gen<Wire> any_wire() {
  return rc::gen::element(Wire{}, Wire{Wire::Cut::frame, 0}, Wire{Wire::Cut::octets, 1}, Wire{Wire::Cut::octets, 3});
}

Case make(std::vector<Step> steps, const Wire& wire, bool deflate) {
  Case c;
  c.id = "law/any";
  c.title = "A generated case";
  c.requirements = {"rfc6455-5.2-1"};
  c.sides = {Side::server, Side::client};
  c.wire = wire;
  c.needs_deflate = deflate;
  if (deflate) c.offer = {"permessage-deflate"};
  int marks = 0;
  for (Step& step : steps)
    if (auto* sentinel = std::get_if<step::Sentinel>(&step.action)) sentinel->mark = "m" + std::to_string(marks++);
  c.steps = std::move(steps);
  return c;
}

}  // namespace

Case as_case(ws::ByteView octets, ws::Role receiver) {
  std::vector<Step> steps;
  while (const auto in_place = ws::rules::first_frame(octets)) {
    const ws::FrameHeader& header = in_place->header;
    octets = octets.subspan(in_place->size());
    step::Frame frame;
    frame.opcode = header.opcode;
    frame.fin = header.fin;
    frame.rsv = static_cast<std::uint8_t>((header.rsv1 ? 4 : 0) | (header.rsv2 ? 2 : 0) | (header.rsv3 ? 1 : 0));
    frame.payload = literal(in_place->unmasked());
    // What else a header may say: RFC 6455 5.1, 5.2.
    frame.form.wrong_mask = header.mask.has_value() != (receiver == ws::Role::server);
    frame.form.key = header.mask;
    if (in_place->cut_off()) frame.form.announces = header.length;
    const auto strictly = ws::decode_header(in_place->head);
    if (!strictly && strictly.error() == ws::Violation::length_not_minimal)
      frame.form.length_bits = in_place->length_bits();
    steps.push_back({frame});
  }
  Case c = make(std::move(steps), {}, false);
  c.sides = {receiver == ws::Role::server ? Side::server : Side::client};
  return c;
}

rc::Gen<GeneratedCase> any_case() {
  return rc::gen::apply(
      [](std::vector<Step> steps, const Wire& wire, bool deflate) {
        if (steps.empty()) steps.push_back({step::Sentinel{}});
        return GeneratedCase{make(std::move(steps), wire, deflate)};
      },
      rc::gen::container<std::vector<Step>>(any_step()), any_wire(),
      rc::gen::weightedElement<bool>({{2, false}, {1, true}}));
}

}  // namespace laws

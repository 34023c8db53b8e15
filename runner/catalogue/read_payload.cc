// Payload recipes and the small vocabulary of steps: octets, opcodes, codes.
#include "runner/catalogue/read_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace touchstone {
namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

ws::Bytes read_hex(const Cursor& c) {
  const auto text = c.text();
  if (!text || !c.faults().spend(text->size())) return {};
  ws::Bytes octets;
  bool good = text->size() % 2 == 0;
  for (std::size_t i = 0; good && i < text->size(); i += 2) {
    const int high = nibble((*text)[i]), low = nibble((*text)[i + 1]);
    good = high >= 0 && low >= 0;
    octets.push_back(static_cast<std::byte>((high << 4 | low) & 0xff));
  }
  if (!good) c.wrong("pairs of the digits 0-9 a-f");
  return octets;
}

// "text" or {"hex": "00ff"}.
ws::Bytes read_octets(const Cursor& c) {
  if (c.value().is_object()) {
    if (c.object({"hex"}, {}) && c.has("hex")) return read_hex(c.at("hex"));
    return {};
  }
  const auto text = c.text();
  return text && c.faults().spend(text->size()) ? ws::to_bytes(std::string_view(*text)) : ws::Bytes{};
}

recipe::Fill read_fill(const Cursor& c) {
  recipe::Fill fill;
  if (!c.object({"fill", "len"}, {})) return fill;
  if (c.has("fill")) {
    fill.pattern = read_octets(c.at("fill"));
    if (fill.pattern.empty()) c.at("fill").wrong("a pattern of at least one octet");
  }
  if (c.has("len")) fill.length = c.at("len").number(0, kMaxPayload).value_or(0);
  return fill;
}

recipe::Stream read_stream(const Cursor& c) {
  recipe::Stream stream;
  if (!c.object({"stream", "len"}, {})) return stream;
  if (c.has("stream")) {
    stream.name = c.at("stream").text().value_or("");
    const auto names = stream_names();
    if (std::ranges::find(names, stream.name) == names.end())
      c.at("stream").wrong("json, html, prose, letters, bitmap or noise");
  }
  if (c.has("len")) stream.length = c.at("len").number(0, kMaxPayload).value_or(0);
  return stream;
}

}  // namespace

Payload read_payload(const Cursor& c) {
  if (c.has("fill")) return {read_fill(c)};
  if (c.has("stream")) return {read_stream(c)};
  if (!c.has("cat")) {
    if (c.value().is_object() && !c.has("hex")) {
      c.wrong("a string or an object with hex, fill and len, stream and len, or cat");
      return {};
    }
    return {recipe::Literal{read_octets(c)}};
  }
  recipe::Cat cat;
  if (c.object({"cat"}, {})) {
    c.at("cat").each([&](const Cursor& part) { cat.parts.push_back(read_payload(part)); });
  }
  Payload payload{std::move(cat)};
  if (length(payload) > kMaxPayload) {
    c.fault(fmt::format("{} octets", length(payload)), fmt::format("at most {} octets", kMaxPayload));
  }
  return payload;
}

ws::Opcode read_opcode(const Cursor& c) {
  constexpr std::array<std::string_view, 16> kNames = {"cont", "text", "binary", "",     "",    "",
                                                       "",     "",     "close",  "ping", "pong"};
  if (c.value().is_string()) {
    const auto text = c.text().value_or("");
    const auto found = std::ranges::find(kNames, text);
    if (!text.empty() && found != kNames.end()) return static_cast<ws::Opcode>(found - kNames.begin());
  } else if (c.value().is_number_unsigned() && c.value().get<std::uint64_t>() < 16) {
    return static_cast<ws::Opcode>(c.value().get<unsigned>());
  }
  c.wrong("cont, text, binary, close, ping, pong or an opcode from 0 to 15");
  return ws::Opcode::text;
}

std::vector<std::uint16_t> read_codes(const Cursor& c) {
  std::vector<std::uint16_t> codes;
  c.each([&](const Cursor& code) { codes.push_back(static_cast<std::uint16_t>(code.number(0, 65535).value_or(0))); });
  if (c.value().is_array() && codes.empty()) c.wrong("at least one status code");
  return codes;
}

}  // namespace touchstone

#include "runner/campaign/http2_scripts.h"

#include "runner/campaign/contents.h"
#include "runner/catalogue/payload.h"
#include "runner/engine/compose/http2_frame.h"

#include <algorithm>
#include <array>

namespace touchstone::fuzz {
namespace {

using On = Http2Frame::On;
using When = Http2Frame::When;

// "x-trailer: 1" without indexing; a whole GET by the static table.
const std::array<ws::Bytes, 2> kSections = {ws::to_bytes(std::string_view("\x00\x09x-trailer\x01"
                                                                          "1",
                                                                          13)),
                                            ws::to_bytes(std::string_view("\x82\x86\x84\x01\x01x", 6))};
constexpr std::array<std::uint32_t, 10> kWindowSizes = {1, 2, 9, 10, 100, 299, 1000, 16'384, 65'535, 1'048'576};
constexpr std::array<std::uint32_t, 9> kUpdates = {1, 2, 100, 65'535, 1 << 20, 0, 0x7fffffff, 0x80000001, 0x40000000};
constexpr std::array<std::uint16_t, 6> kUnknownSettings = {10, 0x1a1a, 0x0a0a, 0xf000, 0xffff, 77};

ws::Bytes numbers(std::initializer_list<std::pair<std::uint64_t, int>> all) {
  ws::Bytes out;
  for (const auto& [value, octets] : all) http2::put(out, value, octets);
  return out;
}

ws::Bytes any_noise(Dice& dice, std::uint64_t most) {
  ws::Bytes out(static_cast<std::size_t>(dice.below(most + 1)));
  for (std::byte& octet : out) octet = static_cast<std::byte>(dice.below(256));
  return out;
}

std::pair<std::uint16_t, std::uint32_t> any_setting(Dice& dice) {
  constexpr std::array<std::uint32_t, 3> kTables = {0, 64, 4096}, kFrames = {16'384, 20'000, 16'777'215};
  switch (dice.below(5)) {
    case 0:
      return {http2::initial_window_size, dice.pick(kWindowSizes)};
    case 1:
      return {http2::header_table_size, dice.pick(kTables)};
    case 2:
      return {http2::max_frame_size, dice.pick(kFrames)};
    default: {
      const std::uint16_t id = dice.pick(kUnknownSettings);
      return {id, static_cast<std::uint32_t>(dice.below(UINT32_MAX))};
    }
  }
}

ws::Bytes any_settings(Dice& dice) {
  ws::Bytes out;
  for (std::uint64_t i = dice.below(4); i > 0; --i) {
    constexpr std::array<std::pair<std::uint16_t, std::uint32_t>, 5> kWrong = {
        {{http2::enable_push, 2},
         {http2::initial_window_size, 0x80000000},
         {http2::max_frame_size, 16'383},
         {http2::max_frame_size, 16'777'216},
         {http2::enable_push, 0xffffffff}}};
    const auto [id, value] = dice.one_in(8) ? dice.pick(kWrong) : any_setting(dice);
    http2::put(out, id, 2);
    http2::put(out, value, 4);
  }
  if (dice.one_in(12)) out.resize(out.size() + 1 + static_cast<std::size_t>(dice.below(5)));
  return out;
}

// What a frame of that type is full of, more often right than not.
ws::Bytes any_payload(std::uint8_t type, Dice& dice) {
  if (dice.one_in(6)) return any_noise(dice, 12);
  switch (type) {
    case http2::data:
      return dice.one_in(2) ? ws::Bytes() : numbers({{dice.below(4), 1}, {0, 2}});
    case http2::headers:
      return dice.pick(kSections);
    case http2::priority:
      return numbers({{0, 4}, {dice.below(256), 1}});
    case http2::rst_stream:
      return numbers({{dice.below(15), 4}});
    case http2::settings:
      return any_settings(dice);
    case http2::ping:
      return numbers({{dice.below(UINT64_MAX), 8}});
    case http2::goaway:
      return numbers({{0, 4}, {0, 4}});
    case http2::window_update:
      return numbers({{dice.pick(kUpdates), 4}});
    default:
      return any_noise(dice, 20);
  }
}

bool is_of_connection(std::uint8_t type) {
  return type == http2::settings || type == http2::ping || type == http2::goaway;
}

Http2Frame any_hand_made(Dice& dice) {
  constexpr std::array<std::uint8_t, 18> kTypes = {0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 10, 11, 42, 255};
  constexpr std::array<On, 5> kOn = {On::tunnel, On::connection, On::idle, On::even, On::older};
  constexpr std::array<When, 3> kWhen = {When::open, When::within, When::end};
  Http2Frame frame;
  frame.type = dice.pick(kTypes);
  frame.on = is_of_connection(frame.type) ? On::connection : On::tunnel;
  if (dice.one_in(5)) frame.on = dice.pick(kOn);
  if (frame.type == http2::headers) frame.flags = http2::end_headers;
  if (frame.type > http2::continuation || dice.one_in(6)) frame.flags = static_cast<std::uint8_t>(dice.below(256));
  frame.payload = payload_of(any_payload(frame.type, dice));
  frame.when = dice.pick(kWhen);
  return frame;
}

SectionEdit any_edit(Dice& dice) {
  using enum SectionEdit::Kind;
  static const std::array<SectionEdit, 27> kEdits = {{
      {add, "x-field", "a value"},
      {add, "x-field", ""},
      {add, "cookie", "a=b"},
      {add, "te", "trailers"},
      {add, "x-long", std::string(2000, 'x')},
      {add, "user-agent", "x (y)"},
      {add, "sec-websocket-key", "no key"},
      {set, ":path", "/?a=b"},
      {remove, ":path"},
      {remove, ":scheme"},
      {remove, ":protocol"},
      {remove, ":method"},
      {set, ":protocol", "x-other"},
      {set, ":protocol", ""},
      {set, ":method", "GET"},
      {first, ":unknown", "1"},
      {add, ":path", "/"},
      {first, ":protocol", "websocket"},
      {add, "connection", "upgrade"},
      {add, "upgrade", "websocket"},
      {add, "transfer-encoding", "chunked"},
      {add, "te", "gzip"},
      {add, "X-Upper", "1"},
      {add, "x-value", std::string("a\nb")},
      {add, "x-value", " a"},
      {set, "sec-websocket-version", "12"},
      {remove, "sec-websocket-version"},
  }};
  return dice.pick(kEdits);
}

// A pseudo-header field after the others (RFC 9113 8.3), or one edit.
void edit_section(std::vector<SectionEdit>& edits, Dice& dice) {
  static const std::array<std::pair<std::string, std::string>, 3> kPseudo = {
      {{":path", "/"}, {":protocol", "websocket"}, {":scheme", "http"}}};
  if (!dice.one_in(8)) return edits.push_back(any_edit(dice));
  const auto& [name, value] = dice.pick(kPseudo);
  edits.push_back({SectionEdit::Kind::remove, name, ""});
  edits.push_back({SectionEdit::Kind::add, name, value});
}

Http2Beside any_beside(Dice& dice) {
  using enum Http2Beside::What;
  constexpr std::array kWhats = {get, refused, tunnel, tunnel, faulty, reset, stalled};
  Http2Beside beside;
  beside.what = dice.pick(kWhats);
  beside.first = dice.one_in(2);
  return beside;
}

void any_form(Http2Script& script, Dice& dice) {
  constexpr std::array<std::uint8_t, 4> kPadding = {0, 1, 5, 255};
  constexpr std::array<std::uint32_t, 8> kSizes = {1, 2, 3, 7, 37, 125, 1000, 16'384};
  switch (dice.below(8)) {
    case 0:
      script.head_padding = dice.pick(kPadding);
      break;
    case 1:
      script.head_pieces = 1 + static_cast<std::uint32_t>(dice.below(8));
      break;
    case 2:
      script.head_priority = true;
      break;
    case 3:
      script.data_padding = dice.pick(kPadding);
      break;
    case 4:
      script.data_size = dice.pick(kSizes);
      break;
    case 5:
      script.data_empty = true;
      break;
    case 6:
      script.held = true;
      break;
    default:
      script.settings.push_back(any_setting(dice));
  }
}

template <class T>
void drop_one(std::vector<T>& from, Dice& dice) {
  if (!from.empty()) from.erase(from.begin() + static_cast<std::ptrdiff_t>(dice.below(from.size())));
}

void drop_something(Http2Script& script, Dice& dice) {
  switch (dice.below(5)) {
    case 0:
      return drop_one(script.frames, dice);
    case 1:
      return drop_one(script.fields, dice);
    case 2:
      return drop_one(script.settings, dice);
    case 3:
      return drop_one(script.beside, dice);
    default:
      script.data_padding.reset(), script.head_padding.reset(), script.head_pieces = 1, script.data_size = 0;
  }
}

}  // namespace

bool is_known_section(ws::ByteView octets) {
  return std::ranges::any_of(kSections, [&](const ws::Bytes& known) { return std::ranges::equal(known, octets); });
}

void script_http2(Case& c, Dice& dice) {
  c.http2.emplace();
  for (std::uint64_t i = dice.below(4); i > 0; --i) any_form(*c.http2, dice);
  for (std::uint64_t i = dice.below(4); i > 0; --i) c.http2->frames.push_back(any_hand_made(dice));
  for (int i = 0; i < 2; ++i)
    if (dice.one_in(4)) edit_section(c.http2->fields, dice);
  for (std::uint64_t i = dice.one_in(4) ? 1 + dice.below(3) : 0; i > 0; --i)
    c.http2->beside.push_back(any_beside(dice));
}

void vary_http2(Case& c, Dice& dice) {
  if (!c.http2) return script_http2(c, dice);
  constexpr std::size_t kMost = 8;
  Http2Script& script = *c.http2;
  if (script.frames.size() > kMost || script.beside.size() > kMost || dice.one_in(4))
    return drop_something(script, dice);
  switch (dice.below(6)) {
    case 0:
    case 1: {
      const Http2Frame frame = any_hand_made(dice);
      const auto at = static_cast<std::ptrdiff_t>(dice.below(script.frames.size() + 1));
      script.frames.insert(script.frames.begin() + at, frame);
      break;
    }
    case 2:
      edit_section(script.fields, dice);
      break;
    case 3:
      script.beside.push_back(any_beside(dice));
      break;
    default:
      any_form(script, dice);
  }
}

void fit_steps(Case& c) {
  const Http2Script& script = *c.http2;
  std::uint64_t least = script.data_size == 0 ? UINT64_MAX : script.data_size;  // octets in a frame
  const auto window = [&](std::uint32_t id, std::uint64_t value) {
    if (id == http2::initial_window_size) least = std::min(least, value);
  };
  for (const auto& [id, value] : script.settings) window(id, value);
  for (const Http2Frame& frame : script.frames) {
    const ws::Bytes octets = PayloadGenerator(1).make(frame.payload);
    if (frame.type != http2::settings) continue;
    for (std::size_t at = 0; at + 6 <= octets.size(); at += 6)
      window(http2::number(octets, at, 2), http2::number(octets, at + 2, 4));
  }
  constexpr std::uint64_t kMostFrames = 400;
  std::uint64_t left = least > UINT32_MAX ? UINT64_MAX : std::max<std::uint64_t>(least, 1) * kMostFrames;
  const auto too_much = std::ranges::find_if(c.steps, [&](const Step& step) {
    const std::uint64_t size = traffic(step) + ws::kMaxHeaderSize;
    const bool fits = size <= left;
    left -= fits ? size : 0;
    return !fits;
  });
  c.steps.erase(too_much, c.steps.end());
}

}  // namespace touchstone::fuzz

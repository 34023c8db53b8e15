// What a case says of HTTP/2.
#include "runner/catalogue/http2_words.h"
#include "runner/catalogue/read_case.h"

#include <fmt/format.h>

namespace touchstone {
namespace {

constexpr std::uint64_t kMaxOctet = 255;

// Any octets but none: what is wrong about a name is the case's matter.
SectionEdit read_section_edit(const Cursor& c) {
  using enum SectionEdit::Kind;
  SectionEdit edit;
  const auto read = [&](std::string_view key, SectionEdit::Kind kind) {
    edit.kind = kind;
    edit.name = c.at(key).text().value_or("");
    if (edit.name.empty()) c.at(key).wrong("the name of a field");
  };
  if (c.has("set") && c.object({"set", "to"}, {})) {
    read("set", set);
  } else if (c.has("add") && c.object({"add", "to"}, {})) {
    read("add", add);
  } else if (c.has("first") && c.object({"first", "to"}, {})) {
    read("first", first);
  } else if (c.has("remove") && c.object({"remove"}, {})) {
    read("remove", remove);
  } else if (!c.has("set") && !c.has("add") && !c.has("first") && !c.has("remove")) {
    c.wrong("an edit with set, add, first or remove");
  }
  if (c.has("to")) edit.value = c.at("to").text().value_or("");
  return edit;
}

// The word of a table, in the order of the enumeration.
template <class Enum, std::size_t kSize>
Enum one_of(const Cursor& c, const Words<Enum, kSize>& words) {
  const auto word = c.text().value_or("");
  const auto found = std::ranges::find(words.all, word);
  if (found == words.all.end()) c.wrong(fmt::format("one of {}", fmt::join(words.all, ", ")));
  return found == words.all.end() ? Enum{} : static_cast<Enum>(found - words.all.begin());
}

std::uint8_t read_type(const Cursor& c) {
  constexpr std::array<std::string_view, 10> kTypes = {"data",          "headers",      "priority", "rst-stream",
                                                       "settings",      "push-promise", "ping",     "goaway",
                                                       "window-update", "continuation"};
  if (!c.value().is_string()) return static_cast<std::uint8_t>(c.number(0, kMaxOctet).value_or(0));
  const auto name = c.text().value_or("");
  const auto found = std::ranges::find(kTypes, name);
  if (found == kTypes.end()) c.wrong(fmt::format("a number, or one of {}", fmt::join(kTypes, ", ")));
  return static_cast<std::uint8_t>(found - kTypes.begin());
}

Http2Frame read_http2_frame(const Cursor& c) {
  Http2Frame frame;
  if (!c.object({"frame"}, {"flags", "on", "payload", "when"})) return frame;
  frame.type = read_type(c.at("frame"));
  if (c.has("flags")) frame.flags = static_cast<std::uint8_t>(c.at("flags").number(0, kMaxOctet).value_or(0));
  if (c.has("payload")) frame.payload = read_payload(c.at("payload"));
  if (c.has("on")) frame.on = one_of(c.at("on"), kPlaces);
  if (c.has("when")) frame.when = one_of(c.at("when"), kMoments);
  return frame;
}

Http2Beside read_beside(const Cursor& c) {
  Http2Beside beside;
  if (!c.object({"stream"}, {"first"})) return beside;
  beside.what = one_of(c.at("stream"), kStreams);
  if (c.has("first")) beside.first = c.at("first").boolean().value_or(false);
  return beside;
}

std::optional<std::uint8_t> read_padding(const Cursor& c) {
  return static_cast<std::uint8_t>(c.number(0, kMaxOctet).value_or(0));
}

}  // namespace

Http2Script read_http2_script(const Cursor& c, bool two_sided) {
  Http2Script script;
  // What an intermediary has to do is said in sentences about both ends.
  const bool fine = two_sided ? c.object({}, {"fields", "end_stream", "head_padding", "head_pieces", "head_priority",
                                              "data_padding", "data_size", "data_empty", "last_data_ends", "frames"})
                              : c.object({"endpoint"}, {"settings", "fields", "end_stream", "head_padding",
                                                        "head_pieces", "head_priority", "data_padding", "data_size",
                                                        "data_empty", "last_data_ends", "held", "frames", "beside"});
  if (!fine) return script;
  if (!two_sided) script.outcome = one_of(c.at("endpoint"), kOutcomes);
  if (c.has("settings")) {
    c.at("settings").each([&](const Cursor& one) {
      if (!one.object({"id", "value"}, {})) return;
      script.settings.emplace_back(static_cast<std::uint16_t>(one.at("id").number(0, UINT16_MAX).value_or(0)),
                                   static_cast<std::uint32_t>(one.at("value").number(0, UINT32_MAX).value_or(0)));
    });
  }
  if (c.has("fields")) c.at("fields").each([&](const Cursor& e) { script.fields.push_back(read_section_edit(e)); });
  if (c.has("end_stream")) script.end_stream = c.at("end_stream").boolean().value_or(false);
  if (c.has("head_padding")) script.head_padding = read_padding(c.at("head_padding"));
  if (c.has("head_pieces"))
    script.head_pieces = static_cast<std::uint32_t>(c.at("head_pieces").number(1, 64).value_or(1));
  if (c.has("head_priority")) script.head_priority = c.at("head_priority").boolean().value_or(false);
  if (c.has("data_padding")) script.data_padding = read_padding(c.at("data_padding"));
  if (c.has("data_size"))
    script.data_size = static_cast<std::uint32_t>(c.at("data_size").number(1, 16'384).value_or(1));
  if (c.has("data_empty")) script.data_empty = c.at("data_empty").boolean().value_or(false);
  if (c.has("last_data_ends")) script.last_data_ends = c.at("last_data_ends").boolean().value_or(false);
  if (c.has("held")) script.held = c.at("held").boolean().value_or(false);
  if (c.has("frames")) c.at("frames").each([&](const Cursor& f) { script.frames.push_back(read_http2_frame(f)); });
  if (c.has("beside")) c.at("beside").each([&](const Cursor& b) { script.beside.push_back(read_beside(b)); });
  return script;
}

}  // namespace touchstone

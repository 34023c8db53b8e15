// What a case says of HTTP/2, back to text.
#include "runner/catalogue/http2_words.h"
#include "runner/catalogue/write_case.h"

namespace touchstone {
namespace {

Json section_edit_to_json(const SectionEdit& edit) {
  using enum SectionEdit::Kind;
  const char* const key = edit.kind == set ? "set" : edit.kind == add ? "add" : edit.kind == first ? "first" : "remove";
  Json result;
  result[key] = edit.name;
  if (edit.kind != remove) result["to"] = edit.value;
  return result;
}

Json http2_frame_to_json(const Http2Frame& frame) {
  Json result;
  result["frame"] = frame.type;
  if (frame.flags != 0) result["flags"] = frame.flags;
  if (frame.on != Http2Frame::On::tunnel) result["on"] = kPlaces.of(frame.on);
  if (length(frame.payload) > 0) result["payload"] = payload_to_json(frame.payload);
  if (frame.when != Http2Frame::When::open) result["when"] = kMoments.of(frame.when);
  return result;
}

}  // namespace

Json http2_script_to_json(const Http2Script& script) {
  Json result;
  result["endpoint"] = kOutcomes.of(script.outcome);
  for (const auto& [id, value] : script.settings) {
    Json one;
    one["id"] = id;
    one["value"] = value;
    result["settings"].push_back(std::move(one));
  }
  for (const SectionEdit& edit : script.fields) result["fields"].push_back(section_edit_to_json(edit));
  if (script.end_stream) result["end_stream"] = true;
  if (script.head_padding) result["head_padding"] = *script.head_padding;
  if (script.head_pieces != 1) result["head_pieces"] = script.head_pieces;
  if (script.head_priority) result["head_priority"] = true;
  if (script.data_padding) result["data_padding"] = *script.data_padding;
  if (script.data_size != 0) result["data_size"] = script.data_size;
  if (script.data_empty) result["data_empty"] = true;
  if (script.last_data_ends) result["last_data_ends"] = true;
  if (script.held) result["held"] = true;
  for (const Http2Frame& frame : script.frames) result["frames"].push_back(http2_frame_to_json(frame));
  for (const Http2Beside& beside : script.beside) {
    Json one;
    one["stream"] = kStreams.of(beside.what);
    if (beside.first) one["first"] = true;
    result["beside"].push_back(std::move(one));
  }
  return result;
}

}  // namespace touchstone

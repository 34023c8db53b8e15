#include "runner/engine/talk/opening_head.h"

#include "runner/engine/talk/read_by_peer.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <utility>

namespace touchstone {
namespace {

// With another character of Base64 in this place.
std::string with_other_character(std::string accept, std::size_t place) {
  if (place < accept.size()) accept[place] = accept[place] == 'Q' ? 'g' : 'Q';
  return accept;
}

// Each word in the text gives way to what it stands for; no word is the beginning of another.
std::string filled(std::string text, const HeadWords& words) {
  constexpr std::size_t kMiddle = 13, kLast = 26;  // of the 27 characters of 20 octets
  const std::string& accept = words.accept;
  const std::array<std::pair<std::string_view, std::string>, 11> kWords = {
      {{"@host", words.host},
       {"@target", words.target},
       {"@key", words.key},
       {"@accept", accept},
       {"@subprotocol", words.subprotocol},
       {"@swapped", words.swapped},
       {"@miscased", words.miscased},
       {"@unpadded", accept.substr(0, accept.find('='))},
       {"@other-first", with_other_character(accept, 0)},
       {"@other-middle", with_other_character(accept, kMiddle)},
       {"@other-last", with_other_character(accept, kLast)}}};
  for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at)) {
    const auto rest = std::string_view(text).substr(at);
    const auto found = std::ranges::find_if(kWords, [&](const auto& word) { return rest.starts_with(word.first); });
    if (found == kWords.end()) {
      ++at;
      continue;
    }
    text.replace(at, found->first.size(), found->second);
    at += found->second.size();
  }
  return text;
}

constexpr std::size_t kLongWord = 256;  // what a word in the start line may stand for; a longer one costs a copy

struct Line {
  std::string name;  // empty: no field
  std::string text;  // of a field: its value
};

void apply(const FieldEdit& edit, const std::string& value, std::vector<Line>& lines) {
  const auto has_name = [&](const Line& line) { return ws::equals_ignoring_case(line.name, edit.name); };
  switch (edit.kind) {
    case FieldEdit::Kind::set:
      if (const auto found = std::ranges::find_if(lines, has_name); found != lines.end()) {
        *found = {edit.name, value};
      } else {
        lines.push_back({edit.name, value});
      }
      break;
    case FieldEdit::Kind::add:
      lines.insert(lines.end(), edit.times, {edit.name, value});
      break;
    case FieldEdit::Kind::remove:
      std::erase_if(lines, has_name);
      break;
    case FieldEdit::Kind::line:
      lines.push_back({{}, value});
      break;
  }
}

// The field that a line is, if it is one.
std::optional<ws::Field> as_field(Line line) {
  if (!line.name.empty()) return ws::Field{std::move(line.name), std::move(line.text)};
  const auto colon = line.text.find(':');
  if (colon == std::string::npos || !ws::is_token(line.text.substr(0, colon))) return std::nullopt;
  return ws::Field{line.text.substr(0, colon), line.text.substr(colon + 1)};
}

// In TLS they may be octets of its own.
bool octets_wait(ws::io::Stream& stream) {
  int waiting = 0;
  return !stream.secure() && ::ioctl(stream.descriptor(), FIONREAD, &waiting) == 0 && waiting > 0;
}

}  // namespace

ScriptedHead scripted_head(const HeadScript& script, const PlainHead& plain, const HeadWords& words,
                           std::uint64_t seed) {
  PayloadGenerator payloads(seed);
  const auto text = [&](const Payload& payload) { return filled(ws::to_string(payloads.make(payload)), words); };
  ScriptedHead head{ws::to_bytes(text(script.before)), 0, {}};
  head.start = head.octets.size();
  if (script.raw) {
    const ws::Bytes octets = ws::to_bytes(text(*script.raw));
    if (auto request = ws::parse_request(octets, {.octets = octets.size(), .fields = octets.size()})) {
      head.fields = std::move(request->fields);
    }
    ws::append(head.octets, octets);
    return head;
  }
  std::vector<Line> lines;
  for (const ws::Field& field : plain.fields) lines.push_back({field.name, field.value});
  for (const FieldEdit& edit : script.fields) apply(edit, text(edit.value), lines);
  // A field may have megabytes, so none is copied more often than it must be.
  std::size_t size = 0;
  for (const Line& line : lines) size += line.name.size() + line.text.size() + 4;
  head.octets.reserve(head.octets.size() + size + plain.start.size() + script.start.size() + kLongWord);
  const auto add = [&head](std::string_view octets) { ws::append(head.octets, ws::as_octets(octets)); };
  add(script.start.empty() ? plain.start : filled(script.start, words));
  add("\r\n");
  for (Line& line : lines) {
    if (!line.name.empty()) add(line.name + ": ");
    add(line.text);
    add("\r\n");
    auto field = as_field(std::move(line));
    if (!field) continue;
    if (const auto value = ws::trim(field->value); value.size() < field->value.size())
      field->value = std::string(value);
    head.fields.push_back(std::move(*field));
  }
  add("\r\n");
  return head;
}

asio::awaitable<SentHead> send_head(ws::io::Stream& stream, const HeadScript& script, ws::ByteView head,
                                    ws::ByteView behind, const SessionOptions& options) {
  SentHead sent;
  ReadByPeer read(stream, options);
  const auto has_spoken = [&stream] { return octets_wait(stream); };
  ws::Bytes together;  // a head may have 16 MiB, and is not copied where it is all there is
  if (!behind.empty()) {
    together.reserve(head.size() + behind.size());
    ws::append(together, head);
    ws::append(together, behind);
  }
  ws::ByteView octets = behind.empty() ? head : ws::ByteView(together);
  if (script.stop) octets = octets.first(std::min(octets.size(), static_cast<std::size_t>(script.stop->after)));
  const std::size_t piece = script.wire == 0 ? std::max<std::size_t>(octets.size(), 1) : script.wire;
  for (std::size_t at = 0; at < octets.size() && !sent.error; at += piece) {
    if (at > 0) co_await read.wait(has_spoken);
    if (at > 0 && at < head.size()) sent.spoke_early = sent.spoke_early || has_spoken();
    sent.error = co_await stream.write(octets.subspan(at, std::min(piece, octets.size() - at)));
  }
  if (sent.error || !script.stop) co_return sent;
  if (script.stop->reset) {
    stream.reset();
  } else {
    sent.error = co_await stream.shutdown_send();
  }
  co_return sent;
}

}  // namespace touchstone

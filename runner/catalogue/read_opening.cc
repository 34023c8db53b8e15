// The opening handshake of a case: what the tester's head says, and what may come of it.
#include "runner/catalogue/read_case.h"

#include <fmt/format.h>

namespace touchstone {
namespace {

std::string read_name(const Cursor& c) {
  auto name = c.text().value_or("");
  if (!ws::is_token(name)) c.wrong("the name of a field; a line that has none as {\"line\": ...}");
  return name;
}

FieldEdit read_edit(const Cursor& c) {
  using enum FieldEdit::Kind;
  FieldEdit edit;
  if (c.has("set") && c.object({"set", "to"}, {})) {
    edit = {.kind = set, .name = read_name(c.at("set")), .value = {}, .times = 1};
  } else if (c.has("add") && c.object({"add", "to"}, {"times"})) {
    edit = {.kind = add, .name = read_name(c.at("add")), .value = {}, .times = 1};
    if (c.has("times")) edit.times = static_cast<std::uint32_t>(c.at("times").number(1, kMaxUnrolled).value_or(1));
  } else if (c.has("remove") && c.object({"remove"}, {})) {
    edit = {.kind = remove, .name = read_name(c.at("remove")), .value = {}, .times = 1};
  } else if (c.has("line") && c.object({"line"}, {})) {
    edit = {.kind = line, .name = {}, .value = read_payload(c.at("line")), .times = 1};
  } else if (!c.has("set") && !c.has("add")) {
    c.wrong("an edit with set, add, remove or line");
  }
  if (c.has("to")) edit.value = read_payload(c.at("to"));
  return edit;
}

HeadScript::Stop read_stop(const Cursor& c) {
  HeadScript::Stop stop;
  if (!c.object({"after", "with"}, {})) return stop;
  if (c.has("after")) stop.after = c.at("after").number(0, kMaxPayload).value_or(0);
  if (c.has("with")) {
    const auto with = c.at("with").text().value_or("");
    if (with != "fin" && with != "reset") c.at("with").wrong("fin or reset");
    stop.reset = with == "reset";
  }
  return stop;
}

// A whole request: what follows it is the next one.
HeadScript read_earlier(const Cursor& c) {
  HeadScript script = read_head_script(c);
  if (script.glue || script.stop || !script.earlier.empty())
    c.fault("glue, stop or earlier in an earlier request", "start, fields, raw, before, behind and wire");
  return script;
}

}  // namespace

HeadScript read_head_script(const Cursor& c) {
  HeadScript script;
  if (!c.object({}, {"start", "fields", "raw", "before", "behind", "wire", "glue", "stop", "earlier", "pipelined"}))
    return script;
  if (c.has("start")) script.start = c.at("start").text().value_or("");
  if (c.has("fields")) c.at("fields").each([&](const Cursor& edit) { script.fields.push_back(read_edit(edit)); });
  if (c.has("raw")) script.raw = read_payload(c.at("raw"));
  if (script.raw && (c.has("start") || c.has("fields"))) c.fault("raw beside start or fields", "one way to say a head");
  if (c.has("before")) script.before = read_payload(c.at("before"));
  if (c.has("behind")) script.behind = read_payload(c.at("behind"));
  if (c.has("wire")) script.wire = c.at("wire").number(1, kMaxPayload).value_or(0);
  if (c.has("glue")) script.glue = c.at("glue").boolean().value_or(false);
  if (c.has("stop")) script.stop = read_stop(c.at("stop"));
  if (c.has("earlier")) c.at("earlier").each([&](const Cursor& one) { script.earlier.push_back(read_earlier(one)); });
  if (c.has("pipelined")) script.pipelined = c.at("pipelined").boolean().value_or(false);
  if (script.pipelined && script.earlier.empty())
    c.at("pipelined").fault("pipelined alone", "pipelined beside earlier");
  if (script.stop && (script.glue || c.has("behind"))) c.fault("stop beside glue or behind", "nothing after a stop");
  return script;
}

ExpectOpening read_expect_opening(const Cursor& c) {
  using Level = ExpectOpening::Level;
  using Outcome = ExpectOpening::Outcome;
  ExpectOpening expect;
  if (!c.object({}, {"must", "should", "may", "statuses", "with"})) return expect;
  const int levels = (c.has("must") ? 1 : 0) + (c.has("should") ? 1 : 0) + (c.has("may") ? 1 : 0);
  if (levels != 1) {
    c.wrong("one of must, should and may");
    return expect;
  }
  const std::string_view key = c.has("must") ? "must" : c.has("should") ? "should" : "may";
  expect.level = c.has("must") ? Level::must : c.has("should") ? Level::should : Level::may;
  const Cursor place = c.at(key);
  const auto outcome = place.text().value_or("");
  if (outcome == "refuse") {
    expect.outcome = Outcome::refuse;
  } else if (outcome == "judge") {
    expect.outcome = Outcome::judge;
  } else if (outcome != "open") {
    place.wrong("open, refuse or judge");
  }
  if (c.has("statuses")) expect.statuses = read_codes(c.at("statuses"));
  if (c.has("with")) {
    const Cursor with = c.at("with");
    if (!with.value().is_object()) {
      with.wrong("an object: the name of a field and what it has to list");
      return expect;
    }
    for (const auto& [name, value] : with.value().items()) {
      if (!ws::is_token(name)) with.fault(fmt::format("the name '{}'", name), "the name of a field");
      expect.with.push_back({name, with.at(name).text().value_or("")});
    }
  }
  return expect;
}

}  // namespace touchstone

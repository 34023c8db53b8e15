// The opening handshake of a case, back to text.
#include "runner/catalogue/write_case.h"

namespace touchstone {
namespace {

Json edit_to_json(const FieldEdit& edit) {
  using enum FieldEdit::Kind;
  Json result;
  switch (edit.kind) {
    case set:
      result["set"] = edit.name;
      result["to"] = payload_to_json(edit.value);
      break;
    case add:
      result["add"] = edit.name;
      result["to"] = payload_to_json(edit.value);
      if (edit.times != 1) result["times"] = edit.times;
      break;
    case remove:
      result["remove"] = edit.name;
      break;
    case line:
      result["line"] = payload_to_json(edit.value);
      break;
  }
  return result;
}

}  // namespace

Json head_script_to_json(const HeadScript& script) {
  Json result = Json::object();
  if (!script.start.empty()) result["start"] = script.start;
  for (const FieldEdit& edit : script.fields) result["fields"].push_back(edit_to_json(edit));
  if (script.raw) result["raw"] = payload_to_json(*script.raw);
  if (length(script.before) > 0) result["before"] = payload_to_json(script.before);
  if (length(script.behind) > 0) result["behind"] = payload_to_json(script.behind);
  if (script.wire != 0) result["wire"] = script.wire;
  if (script.glue) result["glue"] = true;
  for (const HeadScript& earlier : script.earlier) result["earlier"].push_back(head_script_to_json(earlier));
  if (script.pipelined) result["pipelined"] = true;
  if (script.stop) {
    Json stop;
    stop["after"] = script.stop->after;
    stop["with"] = script.stop->reset ? "reset" : "fin";
    result["stop"] = std::move(stop);
  }
  return result;
}

Json expect_opening_to_json(const ExpectOpening& expect) {
  using Level = ExpectOpening::Level;
  using Outcome = ExpectOpening::Outcome;
  const char* const level = expect.level == Level::must ? "must" : expect.level == Level::should ? "should" : "may";
  const char* const outcome = expect.outcome == Outcome::open     ? "open"
                              : expect.outcome == Outcome::refuse ? "refuse"
                                                                  : "judge";
  Json result;
  result[level] = outcome;
  if (!expect.statuses.empty()) result["statuses"] = expect.statuses;
  for (const ws::Field& field : expect.with) result["with"][field.name] = field.value;
  return result;
}

}  // namespace touchstone

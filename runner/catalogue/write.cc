// Cases back to text: what a fuzzing run finds is written as a case file that anybody can replay.
#include "runner/catalogue/read_case.h"
#include "runner/catalogue/two_sided.h"
#include "runner/catalogue/write_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace touchstone {
namespace {

std::string hex(ws::ByteView octets) {
  std::string text;
  for (const auto octet : octets) text += fmt::format("{:02x}", static_cast<unsigned>(octet));
  return text;
}

// True when the octets can stand as a string: printable ASCII in which nothing looks like a parameter.
bool is_plain(ws::ByteView octets) {
  const auto text = ws::as_text(octets);
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '{' && c != '\\' && c != '"'; };
  return std::ranges::all_of(text, plain) && !text.starts_with('$') && !text.starts_with('@') &&
         !text.starts_with("...$");
}

Json octets_to_json(ws::ByteView octets) {
  if (is_plain(octets)) return Json(ws::to_string(octets));
  return Json{{"hex", hex(octets)}};
}

}  // namespace

Json opcode_to_json(ws::Opcode opcode) {
  switch (opcode) {
    case ws::Opcode::cont:
      return "cont";
    case ws::Opcode::text:
      return "text";
    case ws::Opcode::binary:
      return "binary";
    case ws::Opcode::close:
      return "close";
    case ws::Opcode::ping:
      return "ping";
    case ws::Opcode::pong:
      return "pong";
  }
  return static_cast<unsigned>(opcode);
}

Json payload_to_json(const Payload& payload) {
  struct Write {
    Json operator()(const recipe::Literal& literal) const { return octets_to_json(literal.octets); }
    Json operator()(const recipe::Fill& fill) const {
      Json result;
      result["fill"] = octets_to_json(fill.pattern);
      result["len"] = fill.length;
      return result;
    }
    Json operator()(const recipe::Stream& stream) const {
      Json result;
      result["stream"] = stream.name;
      result["len"] = stream.length;
      return result;
    }
    Json operator()(const recipe::Cat& cat) const {
      Json parts = Json::array();
      for (const Payload& part : cat.parts) parts.push_back(payload_to_json(part));
      Json result;
      result["cat"] = std::move(parts);
      return result;
    }
  };
  return std::visit(Write{}, payload.recipe);
}

namespace {

bool is_empty(const Payload& payload) {
  const auto* literal = std::get_if<recipe::Literal>(&payload.recipe);
  return literal != nullptr && literal->octets.empty();
}

Json steps_to_json(std::span<const Step> steps);

Json seconds_to_json(std::chrono::milliseconds length) {
  if (length.count() % 1000 == 0) return length.count() / 1000;
  return static_cast<double>(length.count()) / 1000;
}

struct WriteStep {
  Json operator()(const step::Frame& frame) const {
    Json result;
    result["frame"] = opcode_to_json(frame.opcode);
    if (!frame.fin) result["fin"] = false;
    if (frame.rsv != 0) result["rsv"] = frame.rsv;
    if (!is_empty(frame.payload)) result["payload"] = payload_to_json(frame.payload);
    for (std::size_t i = 0; i < frame.pause_at.size(); ++i) {
      Json pause;
      pause["at"] = frame.pause_at[i];
      pause["mark"] = frame.marks[i];
      result["pauses"].push_back(std::move(pause));
    }
    const step::FrameForm& form = frame.form;
    if (form.key) result["mask"] = hex(*form.key);
    if (form.wrong_mask) result["mask"] = "wrong";
    if (form.wrong_mask_bit) result["mask"] = "bit";
    if (form.length_bits != 0) result["length_bits"] = form.length_bits;
    if (form.announces) result["announces"] = *form.announces;
    if (form.cut) result["cut"] = *form.cut;
    return result;
  }
  Json operator()(const step::Message& message) const {
    Json result;
    result["message"] = opcode_to_json(message.opcode);
    if (!is_empty(message.payload)) result["payload"] = payload_to_json(message.payload);
    for (const Payload& part : message.parts) result["parts"].push_back(payload_to_json(part));
    if (message.fragment != 0) result["fragment"] = message.fragment;
    if (message.deflate) result["deflate"] = true;
    return result;
  }
  Json operator()(const step::Close& close) const {
    Json result;
    result["close"] = close.code ? Json(*close.code) : Json(nullptr);
    if (!is_empty(close.reason)) result["reason"] = payload_to_json(close.reason);
    return result;
  }
  Json operator()(const step::Sentinel& sentinel) const {
    Json result;
    result["sentinel"] = sentinel.mark;
    return result;
  }
  Json operator()(const step::AwaitEcho&) const {
    Json result;
    result["await"] = "echo";
    return result;
  }
  Json operator()(const step::Octets& raw) const {
    Json result;
    result["octets"] = payload_to_json(raw.octets);
    return result;
  }
  Json operator()(const step::Tcp& tcp) const {
    Json result;
    result["tcp"] = tcp.how == step::Tcp::How::fin ? "fin" : "reset";
    return result;
  }
  Json operator()(const step::Reading& reading) const {
    Json result;
    result["reading"] = reading.on;
    return result;
  }
  Json operator()(const step::Alive& alive) const {
    Json result;
    result["alive_s"] = alive.within.count();
    if (alive.memory_mib != step::Alive{}.memory_mib) result["memory_mib"] = alive.memory_mib;
    if (alive.cpu != step::Alive{}.cpu) result["cpu_s"] = alive.cpu.count();
    if (alive.is_crowd()) result["connections"] = alive.connections;
    if (alive.how != step::Alive::How::polite)
      result["ended_by"] = alive.how == step::Alive::How::fin ? "fin" : "reset";
    return result;
  }
  Json operator()(const step::Open& open) const { return {{"open", open.name}}; }
  Json operator()(const step::Idle& idle) const {
    Json result;
    result["idle_s"] = seconds_to_json(idle.length);
    if (!idle.pongs) result["pongs"] = false;
    return result;
  }
  Json operator()(const step::Hold& hold) const { return {{"hold", hold.on}}; }
  Json operator()(const step::Stuck& stuck) const {
    Json result;
    result["stuck_s"] = seconds_to_json(stuck.length);
    if (stuck.memory_mib) result["memory_mib"] = *stuck.memory_mib;
    return result;
  }
  Json operator()(const step::Repeat& repeat) const {
    Json result;
    result["repeat"] = repeat.count;
    result["steps"] = steps_to_json(repeat.steps);
    return result;
  }
};

Json steps_to_json(std::span<const Step> steps) {
  Json all = Json::array();
  for (const Step& step : steps) {
    Json one = std::visit(WriteStep{}, step.action);
    if (!step.on.empty()) one["on"] = step.on;
    all.push_back(std::move(one));
  }
  return all;
}

Json reply_to_json(const Reply& reply) {
  Json result;
  if (reply.kind == Reply::Kind::mark) {
    result["passes"] = reply.mark;
    return result;
  }
  result["recv"] = reply.kind == Reply::Kind::text ? "text" : reply.kind == Reply::Kind::binary ? "binary" : "pong";
  if (reply.sent) {
    result["payload"] = "@sent";
  } else if (!is_empty(reply.payload)) {
    result["payload"] = payload_to_json(reply.payload);
  }
  return result;
}

Json expect_to_json(const Expect& expect) {
  struct WriteEnd {
    Json operator()(const end::Polite&) const { return "polite"; }
    Json operator()(const end::Replies& e) const { return codes("answers", e.codes); }
    Json operator()(const end::Fails& e) const { return codes("fails", e.codes); }
    Json operator()(const end::Open& e) const { return codes("open", e.codes); }
    Json operator()(const end::MayFail& e) const { return codes("may_fail", e.codes); }
    Json operator()(const end::Abandoned&) const { return "abandoned"; }
    static Json codes(const char* kind, const std::vector<std::uint16_t>& list) {
      Json result;
      result[kind] = list;
      return result;
    }
  };
  Json result;
  if (expect.opening) result["opening"] = expect_opening_to_json(*expect.opening);
  for (const Reply& reply : expect.replies) result["replies"].push_back(reply_to_json(reply));
  if (expect.echoes) result["echoes"] = true;
  if (!expect.opening || !std::holds_alternative<end::Polite>(expect.end)) {
    result["end"] = std::visit(WriteEnd{}, expect.end);
  }
  return result;
}

Json wire_to_json(const Wire& wire) {
  switch (wire.cut) {
    case Wire::Cut::whole:
      return "whole";
    case Wire::Cut::frame:
      return "frame";
    case Wire::Cut::headers:
      return "headers";
    case Wire::Cut::after:
      return {{"after", wire.octets}};
    case Wire::Cut::octets:
      break;
  }
  return wire.octets;
}

constexpr std::array<std::string_view, 3> kSides{"server", "client", "intermediary"};

Json relay_step_to_json(const RelayStep& step) {
  static constexpr std::array<std::string_view, 4> kHeads{"request", "get", "answer", "respond"};
  Json result{{"as", kSides[static_cast<std::size_t>(step.as)]}};
  if (const auto* head = std::get_if<RelayHead>(&step.action)) {
    result[kHeads[static_cast<std::size_t>(head->kind)]] = head_script_to_json(head->script);
  } else {
    result["steps"] = steps_to_json(std::get<std::vector<Step>>(step.action));
  }
  if (!step.on.empty()) result["on"] = step.on;
  if (step.at_once) result["at_once"] = true;
  return result;
}

Json claim_to_json(const Claim& claim) {
  Json result{{name(claim.level), name(claim.verb)}, {"at", kSides[static_cast<std::size_t>(claim.at)]}};
  if (claim.head != 1) result["head"] = claim.head;
  if (!claim.what.empty()) result["what"] = claim.what;
  if (!claim.list.empty()) result["list"] = claim.list;
  if (!claim.statuses.empty()) result["statuses"] = claim.statuses;
  if (!claim.requirement.empty()) result["requirement"] = claim.requirement;
  if (!claim.on.empty()) result["on"] = claim.on;
  return result;
}

Json group_to_json(const Case& c, std::string_view id) {
  Json group;
  group["id"] = id;
  group["title"] = c.title;
  group["requirements"] = c.requirements;
  if (!c.aliases.empty()) group["aliases"] = c.aliases;
  if (!c.tags.empty()) group["tags"] = c.tags;
  if (!c.made_of.empty()) group["made_of"] = c.made_of;
  if (!c.bugs.empty()) group["bugs"] = c.bugs;
  if (c.sides != std::vector{Side::server, Side::client}) {
    group["sides"] = Json::array();
    for (const Side side : c.sides) group["sides"].push_back(kSides[static_cast<std::size_t>(side)]);
  }
  if (!c.note.empty()) group["note"] = c.note;
  if (!c.informational.empty()) group["informational"] = c.informational;
  if (c.bulk) group["bulk"] = true;
  if (c.needs_deflate) group["needs"] = {"permessage-deflate"};
  if (!c.offer.empty()) group["offer"] = c.offer;
  if (!c.accept.empty()) group["accept"] = c.accept;
  if (c.request) group["request"] = head_script_to_json(*c.request);
  if (c.answer) group["answer"] = head_script_to_json(*c.answer);
  if (c.http2) {
    group["http2"] = http2_script_to_json(*c.http2);
    if (c.two_sided) group["http2"].erase("endpoint");
  }
  if (c.deadline != Case{}.deadline) group["deadline_s"] = c.deadline.count();
  if (c.wire.cut != Wire::Cut::whole) group["wire"] = wire_to_json(c.wire);
  if (c.two_sided) {
    for (const RelayStep& step : c.two_sided->steps) group["steps"].push_back(relay_step_to_json(step));
    for (const Claim& claim : c.two_sided->claims) group["expect"].push_back(claim_to_json(claim));
    return group;
  }
  group["steps"] = steps_to_json(c.steps);
  for (const Beside& beside : c.connections) {
    if (!beside.request && !beside.offer && !beside.expect) continue;
    Json& one = group["connections"][beside.name] = Json::object();
    if (beside.request) one["request"] = head_script_to_json(*beside.request);
    if (beside.offer) one["offer"] = *beside.offer;
    if (beside.expect) one["expect"] = expect_to_json(*beside.expect);
  }
  if (c.expect) group["expect"] = expect_to_json(*c.expect);
  return group;
}

}  // namespace

Json to_document(const Case& c) {
  const std::string_view id = c.id;
  const auto slash = id.find('/');
  Json file;
  file["suite"] = id.substr(0, slash);
  file["about"] = "One case, written by touchstone.";
  file["groups"] = Json::array({group_to_json(c, slash == std::string_view::npos ? id : id.substr(slash + 1))});
  return file;
}

std::string to_json(const Case& c) { return canonical(to_document(c)); }

std::string to_json(const std::vector<Case>& cases) {
  Json file = to_document(cases.front());
  file["about"] = "Cases, written by touchstone.";
  for (std::size_t i = 1; i < cases.size(); ++i) file["groups"].push_back(to_document(cases[i])["groups"][0]);
  return canonical(file);
}

}  // namespace touchstone

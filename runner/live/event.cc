#include "runner/live/event.h"

#include "reports/support/said.h"

#include <fmt/format.h>
#include <ws/core/close.h>
#include <ws/core/utf8.h>

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::size_t kMostShown = 1024 * 1024;  // octets of a payload in one line

// In ASCII: no terminal and no log takes what an endpoint said for a command.
std::string dumped(const Json& json) { return json.dump(-1, ' ', true, Json::error_handler_t::replace); }

// "   12 ms  #1 message from=client text="hello"", for people.
std::string sentence(const Json& object) {
  std::string line;
  for (const auto& [key, value] : object.items()) {
    if (key == "event" || key == "at_ms" || key == "connection" || value.is_null()) continue;
    line +=
        fmt::format(" {}={}", key,
                    value.is_string() && !value.get_ref<const std::string&>().contains(' ') ? value.get<std::string>()
                                                                                            : dumped(value));
  }
  return said(fmt::format("{:>7} ms {:>4} {}{}", object.value("at_ms", 0),
                          object.contains("connection") ? fmt::format("#{}", object["connection"].get<int>()) : "",
                          object.value("event", "touchstone"), line));
}

}  // namespace

void Events::tell(std::string_view event, std::uint64_t connection, Json more) {
  Json object;
  object["event"] = event;
  object["at_ms"] =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_).count();
  if (connection != 0) object["connection"] = connection;
  object.update(more);
  tell_object(object);
}

void Events::tell_object(const Json& object) { sink_(people_ ? sentence(object) : dumped(object)); }

std::string hex_of(ws::ByteView octets) {
  std::string hex;
  hex.reserve(2 * octets.size());
  for (const std::byte octet : octets) fmt::format_to(std::back_inserter(hex), "{:02x}", std::to_integer<int>(octet));
  return hex;
}

std::string_view name(ws::Role role) noexcept { return role == ws::Role::client ? "client" : "server"; }

Json payload_json(ws::ByteView octets, bool is_text) {
  Json json = Json::object();
  const ws::ByteView shown = octets.first(std::min(octets.size(), kMostShown));
  if (is_text && ws::is_utf8(shown)) {
    json["text"] = ws::to_string(shown);
  } else {
    json["hex"] = hex_of(shown);
  }
  if (shown.size() < octets.size()) json["length"] = octets.size();
  return json;
}

Json frame_json(ws::Role from, const SaidFrame& frame) {
  const ws::FrameHeader& header = frame.header;
  Json json;
  json["from"] = name(from);
  json["opcode"] = static_cast<int>(header.opcode);
  json["name"] = ws::name(header.opcode);
  json["fin"] = header.fin;
  json["rsv"] = (header.rsv1 ? 4 : 0) + (header.rsv2 ? 2 : 0) + (header.rsv3 ? 1 : 0);
  json["masked"] = header.mask.has_value();
  json["length"] = header.length;
  if (header.opcode == ws::Opcode::ping || header.opcode == ws::Opcode::pong) {
    Json payload = payload_json(frame.payload, true);
    payload.erase("length");
    json.update(payload);
  }
  return json;
}

Json message_json(ws::Role from, const SaidMessage& message) {
  Json json;
  json["from"] = name(from);
  json["kind"] = ws::name(message.opcode);
  if (message.garbled) json["garbled"] = true;
  json.update(payload_json(message.data, message.opcode == ws::Opcode::text && !message.garbled));
  if (message.length > message.data.size()) json["length"] = message.length;
  return json;
}

Json close_json(ws::Role from, ws::ByteView payload) {
  Json json;
  json["from"] = name(from);
  const auto code = ws::close_code_of(payload);
  json["code"] = code ? Json(*code) : Json(nullptr);
  const std::string reason = payload.size() > 2 ? ws::to_string(payload.subspan(2)) : std::string();
  json["reason"] = clean_text(reason);
  return json;
}

std::string clause_of(std::string_view requirement) {
  const auto first = requirement.find('-'), last = requirement.rfind('-');
  if (!requirement.starts_with("rfc") || first == last) return std::string(requirement);
  return fmt::format("RFC {} {}", requirement.substr(3, first - 3), requirement.substr(first + 1, last - first - 1));
}

Json violation_json(ws::Role by, const ws::testing::Complaint& complaint) {
  Json json;
  json["by"] = name(by);
  json["level"] = complaint.weight == ws::testing::Complaint::Weight::must ? "MUST" : "SHOULD";
  json["kind"] = ws::testing::name(complaint);
  json["clause"] = clause_of(complaint.requirement);
  json["requirement"] = complaint.requirement;
  if (complaint.rule) json["rule"] = ws::rule(*complaint.rule).name;
  json["expected"] = complaint.expected;
  json["seen"] = complaint.seen;
  return json;
}

}  // namespace touchstone

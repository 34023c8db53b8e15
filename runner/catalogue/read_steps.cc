// Steps: what the tester does, in order.
#include "runner/catalogue/read_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace touchstone {
namespace {

constexpr std::chrono::milliseconds kLongestWait{600'000};

void read_pauses(const Cursor& c, step::Frame& frame) {
  const auto octets = length(frame.payload);
  std::uint64_t last = 0;
  c.each([&](const Cursor& pause) {
    if (!pause.object({"at", "mark"}, {}) || !pause.has("at") || !pause.has("mark")) return;
    const auto at = pause.at("at").number(0, octets).value_or(0);
    if (!frame.pause_at.empty() && at <= last) pause.at("at").wrong("offsets in rising order");
    last = at;
    frame.pause_at.push_back(at);
    frame.marks.push_back(pause.at("mark").text().value_or(""));
  });
}

void read_mask(const Cursor& c, step::FrameForm& form) {
  const auto text = c.text();
  if (text == "wrong") {
    form.wrong_mask = true;
    return;
  }
  if (text == "bit") {
    form.wrong_mask_bit = true;
    return;
  }
  unsigned key = 0;
  const bool good =
      text && text->size() == 8 && std::from_chars(text->data(), text->data() + 8, key, 16).ptr == text->data() + 8;
  if (!good) return c.wrong("\"wrong\", \"bit\", or a masking key of 8 digits 0-9 a-f");
  form.key.emplace();
  for (std::size_t i = 0; i < 4; ++i) (*form.key)[i] = static_cast<std::byte>(key >> (24 - 8 * i) & 0xff);
}

void read_form(const Cursor& c, step::Frame& frame) {
  step::FrameForm& form = frame.form;
  if (c.has("mask")) read_mask(c.at("mask"), form);
  if (c.has("length_bits")) {
    form.length_bits = static_cast<unsigned>(c.at("length_bits").number(16, 64).value_or(64));
    if (form.length_bits != 16 && form.length_bits != 64) c.at("length_bits").wrong("16 or 64");
  }
  if (c.has("announces")) form.announces = c.at("announces").number(0, UINT64_MAX).value_or(0);
  if (c.has("cut")) form.cut = c.at("cut").number(0, kMaxPayload).value_or(0);
  if (form.length_bits == 16 && form.announces.value_or(length(frame.payload)) > 0xffff) {
    c.at("length_bits").wrong("64 for more than 65535 octets");
  }
  if (!form.ordinary() && !frame.pause_at.empty())
    c.at("pauses").fault("pauses in such a frame", "pauses in an ordinary frame");
}

step::Frame read_frame(const Cursor& c) {
  step::Frame frame;
  c.object({"frame"}, {"fin", "rsv", "payload", "pauses", "mask", "length_bits", "announces", "cut"});
  frame.opcode = read_opcode(c.at("frame"));
  if (c.has("fin")) frame.fin = c.at("fin").boolean().value_or(true);
  if (c.has("rsv")) frame.rsv = static_cast<std::uint8_t>(c.at("rsv").number(0, 7).value_or(0));
  if (c.has("payload")) frame.payload = read_payload(c.at("payload"));
  if (c.has("pauses")) read_pauses(c.at("pauses"), frame);
  read_form(c, frame);
  return frame;
}

step::Message read_message(const Cursor& c) {
  step::Message message;
  c.object({"message"}, {"payload", "parts", "fragment", "pieces", "deflate"});
  message.opcode = read_opcode(c.at("message"));
  if (message.opcode != ws::Opcode::text && message.opcode != ws::Opcode::binary)
    c.at("message").wrong("text or binary");
  if (c.has("payload")) message.payload = read_payload(c.at("payload"));
  if (c.has("parts")) {
    c.at("parts").each([&](const Cursor& part) { message.parts.push_back(read_payload(part)); });
    if (message.parts.empty()) c.at("parts").wrong("at least one part");
    if (c.has("payload") || c.has("fragment")) c.fault("parts beside payload or fragment", "one way to cut a message");
  }
  if (c.has("fragment")) message.fragment = c.at("fragment").number(0, kMaxPayload).value_or(0);
  if (c.has("pieces")) {
    const auto pieces = c.at("pieces").number(1, kMaxPayload).value_or(1);
    if (c.has("parts") || c.has("fragment")) c.fault("pieces beside parts or fragment", "one way to cut a message");
    if (pieces > 1) message.fragment = std::max<std::uint64_t>((length(message.payload) + pieces - 1) / pieces, 1);
  }
  if (c.has("deflate")) message.deflate = c.at("deflate").boolean().value_or(false);
  return message;
}

step::Close read_close(const Cursor& c) {
  step::Close close;
  c.object({"close"}, {"reason"});
  const Cursor code = c.at("close");
  if (!code.value().is_null()) {
    close.code = static_cast<std::uint16_t>(code.number(0, 65535).value_or(0));
  } else if (c.has("reason")) {
    c.at("reason").fault("a reason without a status code", "a reason only after a code (RFC 6455 5.5.1)");
  }
  if (c.has("reason")) close.reason = read_payload(c.at("reason"));
  if (length(close.reason) > ws::kMaxControlPayload - 2) {
    c.at("reason").wrong("at most 123 octets; a longer one as {\"frame\": \"close\", \"payload\": ...}");
  }
  return close;
}

step::Repeat read_repeat(const Cursor& c) {
  step::Repeat repeat;
  if (!c.object({"repeat", "steps"}, {}) || !c.has("steps")) return repeat;
  repeat.count = static_cast<std::uint32_t>(c.at("repeat").number(1, kMaxRepeat).value_or(1));
  repeat.steps = read_steps(c.at("steps"));
  const auto nested = [](const Step& s) { return std::holds_alternative<step::Repeat>(s.action); };
  if (std::ranges::any_of(repeat.steps, nested))
    c.at("steps").fault("a repeat inside a repeat", "repeats side by side");
  // A repeat is of one connection, its own.
  const auto staged = [](const Step& s) {
    return !s.on.empty() || std::visit([]<class Kind>(const Kind&) { return step::Staging<Kind>; }, s.action);
  };
  if (std::ranges::any_of(repeat.steps, staged))
    c.at("steps").fault("on, open, idle_s, hold or stuck_s inside a repeat", "them beside it, or a repeat with \"as\"");
  return repeat;
}

step::Tcp read_tcp(const Cursor& c) {
  c.object({"tcp"}, {});
  const auto how = c.at("tcp").text();
  if (how && how != "fin" && how != "reset") c.at("tcp").wrong("fin or reset");
  return {how == "reset" ? step::Tcp::How::reset : step::Tcp::How::fin};
}

step::Alive read_alive(const Cursor& c) {
  step::Alive alive;
  c.object({"alive_s"}, {"memory_mib", "cpu_s", "connections", "ended_by"});
  alive.within = std::chrono::seconds(c.at("alive_s").number(1, 60).value_or(5));
  if (c.has("memory_mib")) alive.memory_mib = c.at("memory_mib").number(1, 1 << 20).value_or(1);
  if (c.has("cpu_s")) alive.cpu = std::chrono::seconds(c.at("cpu_s").number(1, 3600).value_or(1));
  if (c.has("connections"))
    alive.connections = static_cast<std::uint32_t>(c.at("connections").number(2, 10'000).value_or(2));
  if (!c.has("ended_by")) return alive;
  const auto how = c.at("ended_by").text();
  if (how == "fin") {
    alive.how = step::Alive::How::fin;
  } else if (how == "reset") {
    alive.how = step::Alive::How::reset;
  } else if (how && how != "close") {
    c.at("ended_by").wrong("close, fin or reset");
  }
  return alive;
}

step::Idle read_idle(const Cursor& c) {
  step::Idle idle;
  c.object({"idle_s"}, {"pongs"});
  idle.length = c.at("idle_s").seconds(kLongestWait).value_or(idle.length);
  if (c.has("pongs")) idle.pongs = c.at("pongs").boolean().value_or(true);
  return idle;
}

step::Stuck read_stuck(const Cursor& c) {
  step::Stuck stuck;
  c.object({"stuck_s"}, {"memory_mib"});
  stuck.length = c.at("stuck_s").seconds(kLongestWait).value_or(stuck.length);
  if (c.has("memory_mib")) stuck.memory_mib = c.at("memory_mib").number(1, 1 << 20);
  return stuck;
}

step::Hold read_hold(const Cursor& c) {
  c.object({"hold"}, {});
  return {c.at("hold").boolean().value_or(true)};
}

step::Open read_open(const Cursor& c) {
  c.object({"open"}, {});
  auto name = c.at("open").text().value_or("b");
  if (!is_parameter_name(name) || name == kFirstConnection)
    c.at("open").wrong("a name of a-z, 0-9 and _ other than a, which is the first connection");
  return {std::move(name)};
}

std::string read_on(const Cursor& c) {
  auto name = c.text().value_or("");
  return name == kFirstConnection ? std::string() : name;
}

Step read_action(const Cursor& c) {
  if (c.has("frame")) return {read_frame(c)};
  if (c.has("message")) return {read_message(c)};
  if (c.has("close")) return {read_close(c)};
  if (c.has("repeat")) return {read_repeat(c)};
  if (c.has("sentinel")) {
    c.object({"sentinel"}, {});
    return {step::Sentinel{c.at("sentinel").text().value_or("")}};
  }
  if (c.has("await")) {
    c.object({"await"}, {});
    if (c.at("await").text().value_or("echo") != "echo") c.at("await").wrong("echo");
    return {step::AwaitEcho{}};
  }
  if (c.has("octets")) {
    c.object({"octets"}, {});
    return {step::Octets{read_payload(c.at("octets"))}};
  }
  if (c.has("tcp")) return {read_tcp(c)};
  if (c.has("alive_s")) return {read_alive(c)};
  if (c.has("reading")) {
    c.object({"reading"}, {});
    return {step::Reading{c.at("reading").boolean().value_or(true)}};
  }
  if (c.has("open")) return {read_open(c)};
  if (c.has("idle_s")) return {read_idle(c)};
  if (c.has("hold")) return {read_hold(c)};
  if (c.has("stuck_s")) return {read_stuck(c)};
  c.wrong(
      "a step with one of the keys frame, message, close, sentinel, await, octets, tcp, reading, alive_s, open, "
      "idle_s, "
      "hold, stuck_s, repeat");
  return {step::AwaitEcho{}};
}

}  // namespace

Step read_step(const Cursor& c) {
  c.faults().spend(sizeof(Step));
  Cursor place = c;
  if (!c.has("open")) place.allow("on");
  Step step = read_action(place);
  if (c.has("on") && !c.has("open")) step.on = read_on(c.at("on"));
  return step;
}

void each_unrolled(const Cursor& array, std::string_view body, const std::function<void(const Cursor&)>& visit) {
  array.each([&](const Cursor& element) {
    if (!element.has("repeat") || !element.has("as")) return visit(element);
    if (!element.object({"repeat", "as", body}, {}) || !element.has(body)) return;
    const auto count = element.at("repeat").number(1, kMaxUnrolled);
    const auto name = element.at("as").text();
    if (!count || !name) return;
    if (!is_parameter_name(*name)) return element.at("as").wrong("a name of a-z, 0-9 and _");
    if (element.scope() != nullptr && element.scope()->find(*name) != nullptr) {
      return element.at("as").fault(fmt::format("'{}' a second time", *name), "a name that nothing around has");
    }
    bool used = false;
    for (std::uint64_t i = 0; i < *count && !element.faults().spent(); ++i) {
      const Json counter = i;
      const Scope scope{element.scope(), {{*name, &counter, &used}}};
      const Cursor inner = element.in(scope);
      inner.at(body).each(visit);
    }
    if (!used) element.at("as").fault(fmt::format("'{}' is not used", *name), "a counter that the body uses");
  });
}

std::vector<Step> read_steps(const Cursor& c) {
  std::vector<Step> steps;
  each_unrolled(c, "steps", [&](const Cursor& element) {
    if (steps.size() < kMaxUnrolled) return steps.push_back(read_step(element));
    element.fault("more steps", fmt::format("at most {} steps, repeats written out", kMaxUnrolled));
  });
  return steps;
}

Wire read_wire(const Cursor& c) {
  Wire wire;
  if (c.value().is_number_unsigned()) {
    wire.cut = Wire::Cut::octets;
    wire.octets = c.number(1, kMaxPayload).value_or(1);
  } else if (c.value().is_string() && c.text() == "whole") {
    wire.cut = Wire::Cut::whole;
  } else if (c.value().is_string() && c.text() == "frame") {
    wire.cut = Wire::Cut::frame;
  } else if (c.value().is_string() && c.text() == "headers") {
    wire.cut = Wire::Cut::headers;
  } else if (c.value().is_object()) {
    wire.cut = Wire::Cut::after;
    if (c.object({"after"}, {})) wire.octets = c.at("after").number(1, kMaxPayload).value_or(1);
  } else {
    c.wrong("whole, frame, headers, {\"after\": n} or a number of octets");
  }
  return wire;
}

}  // namespace touchstone

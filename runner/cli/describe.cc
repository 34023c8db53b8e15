#include "runner/cli/describe.h"

#include "runner/catalogue/two_sided.h"
#include "runner/cli/text.h"
#include "runner/engine/verdict/describe_expect.h"
#include "runner/proxy/claim_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace touchstone::cli {
namespace {

// As text in quotes when every octet is printable ASCII, else as hex; long ones are cut.
std::string show(const ws::Bytes& octets) {
  static constexpr std::size_t kShown = 48;
  if (octets.empty()) return "nothing";
  const auto printable = [](std::byte b) { return b >= std::byte{0x20} && b < std::byte{0x7f}; };
  const std::size_t shown = std::min(octets.size(), kShown);
  const std::string rest = shown == octets.size() ? "" : fmt::format("... ({} bytes)", octets.size());
  if (std::all_of(octets.begin(), octets.end(), printable)) {
    return fmt::format("\"{}\"{}", std::string_view(reinterpret_cast<const char*>(octets.data()), shown), rest);
  }
  std::string hex = "hex ";
  for (std::size_t i = 0; i < shown; ++i) hex += fmt::format("{:02x}", static_cast<unsigned>(octets[i]));
  return hex + rest;
}

std::string_view opcode_name(ws::Opcode opcode) {
  switch (opcode) {
    case ws::Opcode::cont:
      return "continuation";
    case ws::Opcode::text:
      return "text";
    case ws::Opcode::binary:
      return "binary";
    case ws::Opcode::close:
      return "Close";
    case ws::Opcode::ping:
      return "Ping";
    case ws::Opcode::pong:
      return "Pong";
    default:
      return "";
  }
}

std::string describe_frame(const step::Frame& frame) {
  const std::string_view known = opcode_name(frame.opcode);
  std::string out =
      known.empty() ? fmt::format("send a frame with the reserved opcode {:#x}", static_cast<unsigned>(frame.opcode))
                    : fmt::format("send a {} frame", known);
  if (!frame.fin) out += ", FIN clear";
  if ((frame.rsv & 4) != 0) out += ", RSV1 set";
  if ((frame.rsv & 2) != 0) out += ", RSV2 set";
  if ((frame.rsv & 1) != 0) out += ", RSV3 set";
  out += length(frame.payload) == 0 ? ", empty" : ": " + describe(frame.payload);
  const step::FrameForm& form = frame.form;
  if (form.wrong_mask_bit) out += ", its MASK bit alone wrong";
  if (form.wrong_mask) out += ", masked where it must not be or bare where it must be masked";
  if (form.key) {
    out += ", masked with ";
    for (const std::byte octet : *form.key) out += fmt::format("{:02x}", static_cast<unsigned>(octet));
  }
  if (form.length_bits != 0) out += fmt::format(", its length in {} bits", form.length_bits);
  if (form.announces) out += fmt::format(", announcing {}", count_of(*form.announces, "byte"));
  if (form.cut) out += fmt::format("; only its first {} sent", count_of(*form.cut, "byte"));
  for (std::size_t i = 0; i < frame.pause_at.size(); ++i) {
    out += fmt::format("{}{}", i == 0 ? "; pausing at byte " : ", ", frame.pause_at[i]);
  }
  return out;
}

std::string describe_message(const step::Message& message) {
  std::string out =
      fmt::format("send a {}{} message", message.deflate ? "compressed " : "", opcode_name(message.opcode));
  if (message.fragment > 0) out += fmt::format(" in fragments of {} bytes", message.fragment);
  if (message.parts.empty()) return out + ": " + describe(message.payload);
  out += fmt::format(" in {}: ", count_of(message.parts.size(), "fragment"));
  for (std::size_t i = 0; i < message.parts.size(); ++i) {
    if (i == 4) return out + ", ...";
    out += (i == 0 ? "" : ", ") + describe(message.parts[i]);
  }
  return out;
}

std::string describe_close(const step::Close& close) {
  if (!close.code) return "send a Close frame without a status code";
  std::string out = fmt::format("send a Close frame with status code {}", *close.code);
  if (length(close.reason) > 0) out += " and the reason " + describe(close.reason);
  return out;
}

std::string in_seconds(std::chrono::milliseconds length) {
  return fmt::format("{:g} s", static_cast<double>(length.count()) / 1000);
}

std::string describe_stuck(const step::Stuck& stuck) {
  std::string out = "wait until the endpoint's writes are stuck, because nobody reads them";
  if (stuck.length.count() > 0) out += fmt::format(", and {} more", in_seconds(stuck.length));
  if (stuck.memory_mib) out += fmt::format("; its memory has grown by at most {} MiB", *stuck.memory_mib);
  return out;
}

void describe_into(std::vector<std::string>& out, const std::vector<Step>& steps, const std::string& indent) {
  for (const Step& step : steps) {
    const std::string on = step.on.empty() ? "" : fmt::format("on {}: ", step.on);
    const auto say = [&](const std::string& line) { out.push_back(indent + on + line); };
    std::visit(
        Overloaded{
            [&](const step::Frame& frame) { say(describe_frame(frame)); },
            [&](const step::Message& message) { say(describe_message(message)); },
            [&](const step::Close& close) { say(describe_close(close)); },
            [&](const step::Sentinel& sentinel) {
              say("send a Ping of our own and wait for its Pong" +
                  (sentinel.mark.empty() ? std::string() : fmt::format(" (wait '{}')", sentinel.mark)));
            },
            [&](const step::AwaitEcho&) { say("wait until every message sent so far has come back"); },
            [&](const step::Octets& raw) { say("send bytes that are no frame: " + describe(raw.octets)); },
            [&](const step::Tcp& tcp) {
              say(tcp.how == step::Tcp::How::fin ? "end our half of TCP (FIN)" : "end TCP with a reset (RST)");
            },
            [&](const step::Reading& reading) {
              say(reading.on ? "read again" : "read nothing from here on, until our own writes get stuck");
            },
            [&](const step::Alive& alive) {
              if (alive.is_crowd()) {
                say(
                    fmt::format("{} fresh connections, one after the other, and then a look at what the endpoint's "
                                "processes keep of them",
                                alive.connections));
                return;
              }
              say(fmt::format("a fresh connection opens, gets a Ping answered and closes within {} s",
                              alive.within.count()));
            },
            [&](const step::Open& open) { say(fmt::format("open one more connection, {}", open.name)); },
            [&](const step::Idle& idle) {
              say(fmt::format("send nothing for {}{}", in_seconds(idle.length),
                              idle.pongs ? "" : ", and leave the endpoint's Pings unanswered"));
            },
            [&](const step::Hold& hold) {
              say(hold.on ? "hold: read nothing from here on, with a receive buffer of 4 KiB" : "let go: read again");
            },
            [&](const step::Stuck& stuck) { say(describe_stuck(stuck)); },
            [&](const step::Repeat& repeat) {
              say(fmt::format("{} times:", repeat.count));
              describe_into(out, repeat.steps, indent + "  ");
            },
        },
        step.action);
  }
}

std::string describe_reply(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::mark:
      return reply.mark.empty() ? "the wait is passed" : "the wait '" + reply.mark + "' is passed";
    case Reply::Kind::pong:
      return reply.sent ? "a Pong with the payload of the Ping" : "a Pong: " + describe(reply.payload);
    case Reply::Kind::text:
    case Reply::Kind::binary:
      break;
  }
  const std::string_view kind = reply.kind == Reply::Kind::text ? "text" : "binary";
  return reply.sent ? fmt::format("the {} message that was sent", kind)
                    : fmt::format("a {} message: {}", kind, describe(reply.payload));
}

std::string codes_in_words(std::vector<std::uint16_t> codes) {
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  std::string out;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    out += fmt::format("{}{}", i == 0 ? "" : i + 1 == codes.size() ? " or " : ", ", codes[i]);
  }
  return out;
}

std::string describe_end(const End& end) {
  return std::visit(
      Overloaded{
          [](const end::Polite&) { return std::string("the connection is open still and closes cleanly with 1000"); },
          [](const end::Replies& replies) {
            return "the endpoint answers the Close" +
                   (replies.codes.empty() ? std::string() : " (usually with " + codes_in_words(replies.codes) + ")") +
                   " and the connection ends";
          },
          [](const end::Fails& fails) {
            return "the endpoint fails the connection" +
                   (fails.codes.empty() ? std::string()
                                        : " (fitting status code: " + codes_in_words(fails.codes) + ")");
          },
          [](const end::Open&) {
            return std::string("the endpoint answers the Close or fails the connection; the RFC leaves it open");
          },
          [](const end::MayFail& may) {
            return "a clean close, or the endpoint has failed the connection (" + codes_in_words(may.codes) +
                   "); the RFC leaves it open";
          },
          [](const end::Abandoned&) {
            return std::string("we end TCP without a closing handshake, and the endpoint ends it too");
          },
      },
      end);
}

}  // namespace

std::string describe(const Payload& payload) {
  return std::visit(Overloaded{
                        [](const recipe::Literal& literal) { return show(literal.octets); },
                        [](const recipe::Fill& fill) {
                          return fmt::format("{} of {} repeated", count_of(fill.length, "byte"), show(fill.pattern));
                        },
                        [](const recipe::Stream& stream) {
                          return fmt::format("{} of generated {}", count_of(stream.length, "byte"), stream.name);
                        },
                        [](const recipe::Cat& cat) {
                          std::string out;
                          for (const Payload& part : cat.parts) out += (out.empty() ? "" : " + ") + describe(part);
                          return out.empty() ? std::string("nothing") : out;
                        },
                    },
                    payload.recipe);
}

namespace {

std::vector<std::string> describe_both_sides(const TwoSided& two_sided) {
  static constexpr std::array<std::string_view, 4> kHeads{"an opening handshake", "a GET", "the answer to it",
                                                          "an ordinary answer"};
  std::vector<std::string> out;
  if (!has_own_opening(two_sided)) out.emplace_back("an opening handshake through the intermediary");
  for (const RelayStep& step : two_sided.steps) {
    const std::string whose =
        fmt::format("as the {}{}: ", name(step.as), step.on.empty() ? "" : fmt::format(" of '{}'", step.on));
    if (const auto* head = std::get_if<RelayHead>(&step.action)) {
      const HeadScript& script = head->script;
      const bool departs = !script.fields.empty() || script.raw || !script.start.empty();
      out.push_back(fmt::format(
          "{}{}{}{}", whose, kHeads[static_cast<std::size_t>(head->kind)], departs ? ", as the case has it" : "",
          length(script.behind) > 0 ? fmt::format(", and {} after it", count_of(length(script.behind), "byte")) : ""));
      continue;
    }
    describe_into(out, std::get<std::vector<Step>>(step.action), whose);
  }
  return out;
}

}  // namespace

std::vector<std::string> describe_steps(const Case& c) {
  if (c.two_sided) return describe_both_sides(*c.two_sided);
  std::vector<std::string> out;
  describe_into(out, c.steps, "");
  if (c.wire.cut == Wire::Cut::octets) {
    out.push_back(fmt::format("(all of it cut into TCP writes of {})", count_of(c.wire.octets, "byte")));
  } else if (c.wire.cut == Wire::Cut::frame) {
    out.emplace_back("(one TCP write a frame)");
  } else if (c.wire.cut == Wire::Cut::headers) {
    out.emplace_back("(every byte of a frame's header in a TCP write of its own)");
  } else if (c.wire.cut == Wire::Cut::after) {
    out.push_back(fmt::format("(each frame cut once, after its first {})", count_of(c.wire.octets, "byte")));
  }
  return out;
}

namespace {

std::vector<std::string> describe_one(const Case& c) {
  if (!c.expect)
    return {"whatever RFC 6455 and RFC 7692 allow in answer to these bytes, as the strict reference stack derives it"};
  std::vector<std::string> out;
  if (auto opening = describe_opening(c)) out.push_back(std::move(*opening));
  if (!may_open(c)) return out;
  if (c.expect->echoes) out.emplace_back("every message comes back, in order and unchanged");
  for (const Reply& reply : c.expect->replies) out.push_back(describe_reply(reply));
  out.push_back((out.empty() ? "" : "then ") + describe_end(c.expect->end));
  return out;
}

}  // namespace

std::vector<std::string> describe_expectation(const Case& c) {
  if (c.two_sided) return proxy::claims_in_words(c);
  std::vector<std::string> out = describe_one(on_connection(c, {}));
  for (const Beside& beside : c.connections) {
    for (const std::string& line : describe_one(on_connection(c, beside.name)))
      out.push_back(fmt::format("on {}: {}", beside.name, line));
  }
  return out;
}

std::uint64_t octets_sent(const Case& c) { return traffic(c.steps); }

std::string in_words(const EndpointProfile& profile) {
  if (profile.is_echo()) return "it echoes";
  std::vector<std::string> facts;
  const auto add = [&](Taken taken, std::string_view type) {
    if (taken == Taken::accepted) facts.push_back(fmt::format("it takes {} messages and does not echo them", type));
    if (taken == Taken::refused) facts.push_back(fmt::format("it refuses {} messages", type));
  };
  add(profile.text, "text");
  add(profile.binary, "binary");
  if (profile.speaks_unasked) facts.push_back("it sends messages that nobody asked for");
  const auto limit = [&](const std::optional<std::uint64_t>& most, std::string_view what, std::string_view unit) {
    if (most) facts.push_back(fmt::format("it takes {} of {} {} and refuses more", what, *most, unit));
  };
  limit(profile.largest_message, "messages", "bytes");
  limit(profile.largest_frame, "frames", "bytes");
  limit(profile.most_fragments, "messages", "fragments");
  limit(profile.largest_text, "text messages", "bytes");
  limit(profile.largest_inflated, "compressed messages", "bytes when inflated");
  limit(profile.largest_deflated, "compressed messages", "bytes");
  limit(profile.most_messages, "connections", "messages");
  limit(profile.most_pings, "connections", "Pings");
  return fmt::format("{}. What comes back is compared where it is an echo; what cannot be asked is NOT-APPLICABLE",
                     fmt::join(facts, ", "));
}

std::string_view name(Side side) noexcept {
  return side == Side::server ? "server" : side == Side::client ? "client" : "intermediary";
}

std::string_view name(Profile profile) noexcept {
  switch (profile) {
    case Profile::core:
      return "core";
    case Profile::standard:
      return "default";
    case Profile::full:
      return "full";
  }
  return "";
}

std::vector<std::string_view> profiles_of(const Case& c) {
  std::vector<std::string_view> names;
  for (const Profile profile : {Profile::core, Profile::standard, Profile::full}) {
    if (belongs_to(c, profile)) names.push_back(name(profile));
  }
  return names;
}

}  // namespace touchstone::cli

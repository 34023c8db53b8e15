#include "runner/campaign/opening_grammar.h"

#include "runner/campaign/opening_words.h"

#include <fmt/format.h>
#include <ws/core/http/handshake.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace touchstone::fuzz {
namespace {

using Level = ExpectOpening::Level;
using Outcome = ExpectOpening::Outcome;
using Kind = FieldEdit::Kind;

constexpr std::string_view kDrawnPrefix = "fuzz-opening/";

Payload text(std::string_view value) { return {recipe::Literal{ws::to_bytes(value)}}; }

// --- A part ----------------------------------------------------------------------------------------------------------

// The fields that an opening request has to have, and the requirement that each has.
struct Required {
  std::string_view name, value, requirement;
};
constexpr std::array kRequired{
    Required{"Host", "@host", "rfc6455-4.2.1-5"}, Required{"Upgrade", "websocket", "rfc6455-4.2.1-6"},
    Required{"Connection", "Upgrade", "rfc6455-4.2.1-8"}, Required{"Sec-WebSocket-Key", "@key", "rfc6455-4.2.1-10"},
    Required{"Sec-WebSocket-Version", "13", "rfc6455-4.2.1-12"}};

struct Part {
  HeadScript script;
  Outcome outcome = Outcome::open;
  Level level = Level::must;
  std::string_view requirement;
  std::vector<std::uint16_t> statuses = {200};  // any
  std::vector<ws::Field> with = {};
};

Part opens(std::string_view requirement, HeadScript script, Level level = Level::must) {
  return {std::move(script), Outcome::open, level, requirement};
}
Part refused(std::string_view requirement, HeadScript script, Level level = Level::must) {
  return {std::move(script), Outcome::refuse, level, requirement};
}
HeadScript start(std::string line) { return {.start = std::move(line)}; }
HeadScript set(std::string_view name, std::string_view value) {
  return {.fields = {{Kind::set, std::string(name), text(value)}}};
}
HeadScript add(std::string_view name, std::string_view value) {
  return {.fields = {{Kind::add, std::string(name), text(value)}}};
}
HeadScript remove(std::string_view name) { return {.fields = {{Kind::remove, std::string(name)}}}; }
// The field's line as it stands, where the field was or last of all.
HeadScript line_of(std::string_view name, std::string_view line) {
  return {.fields = {{Kind::remove, std::string(name)}, {Kind::line, {}, text(line)}}};
}

// --- The request line: RFC 6455 4.2.1 item 1, RFC 9112 2.3, 3
// -------------------------------------------------------------

Part other_method(Dice& dice) {
  constexpr std::string_view kMethods[] = {"POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH",
                                           "get",  "gEt", "GETS", "GE",      "TGET"};
  return refused("rfc6455-4.2.1-2", start(fmt::format("{} @target HTTP/1.1", dice.pick(kMethods))));
}
Part old_version(Dice& dice) {
  return refused("rfc6455-4.2.1-3", start(fmt::format("GET @target HTTP/{}", dice.one_in(2) ? "1.0" : "0.9")));
}
Part no_version(Dice& dice) {
  constexpr std::string_view kForms[] = {"http/1.1", "HTTP/1.10", "HTTP/01.1", "HTTP/1",
                                         "HTTP/1,1", "HTTP/A.1",  "HTTP 1.1",  "HTCPCP/1.1"};
  return refused("rfc9112-2.3-1", start(fmt::format("GET @target {}", dice.pick(kForms))), Level::should);
}
Part absolute_target(Dice& dice) {
  return opens("rfc6455-4.2.1-4", start(fmt::format("GET {}://@host@target HTTP/1.1", in_any_case(dice, "http"))));
}
Part no_target(Dice& dice) {
  constexpr std::string_view kRequestLines[] = {
      "GET HTTP/1.1",      "GET @target",    "GET @target a HTTP/1.1",   "GET",
      "GET chat HTTP/1.1", "GET * HTTP/1.1", "GET @target#part HTTP/1.1"};
  return refused("rfc9112-3.2-3", start(std::string(dice.pick(kRequestLines))), Level::should);
}

// --- The fields that it must have: RFC 6455 4.2.1 items 2 to 6
// -------------------------------------------------------------

Part missing(Dice& dice) {
  const Required& field = dice.pick(kRequired);
  return refused(field.requirement, remove(field.name));
}
Part other_upgrade(Dice& dice) {
  constexpr std::string_view kOthers[] = {"h2c",        "",         "TLS/1.0", std::string_view("websocket\0x", 11),
                                          "web socket", "weboscket"};
  return refused("rfc6455-4.2.1-6",
                 set("Upgrade", dice.one_in(3) ? std::string(dice.pick(kOthers)) : nearly(dice, "websocket")));
}
Part upgrade_letters(Dice& dice) {
  return opens("rfc6455-4.2.1-7", set("Upgrade", dice.one_in(3) ? "WebSocket" : in_any_case(dice, "websocket")));
}
Part other_connection(Dice& dice) {
  constexpr std::string_view kOthers[] = {"keep-alive", "close", "keep-alive, close", "TE"};
  return refused("rfc6455-4.2.1-8",
                 set("Connection", dice.one_in(3) ? std::string(dice.pick(kOthers)) : nearly(dice, "Upgrade")));
}
Part connection_list(Dice& dice) {
  std::string list;
  const std::uint64_t n = dice.between(1, 4), place = dice.below(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::string element = i == place       ? in_any_case(dice, "Upgrade")
                                : dice.one_in(2) ? std::string("keep-alive")
                                                 : "x-" + token(dice);
    if (i > 0) {
      list += blanks(dice) + ",";
      list += blanks(dice);
    }
    list += element;
  }
  return opens("rfc6455-4.2.1-9", set("Connection", list));
}
Part two_connections(Dice& dice) {
  const bool first = dice.one_in(2);
  HeadScript script = remove("Connection");
  script.fields.push_back({Kind::add, "Connection", text(first ? "Upgrade" : "keep-alive")});
  script.fields.push_back({Kind::add, "Connection", text(first ? "keep-alive" : "Upgrade")});
  return opens("rfc9110-5.3-2", std::move(script));
}
Part fresh_key(Dice& dice) { return opens("rfc6455-4.2.2-18", set("Sec-WebSocket-Key", base64_of(dice, 16))); }
Part key_of_octets(Dice& dice) {
  const std::uint64_t other = dice.one_in(2)   ? dice.between(13, 15)
                              : dice.one_in(2) ? dice.between(17, 20)
                                               : dice.below(60);
  return refused("rfc6455-4.2.1-11",
                 set("Sec-WebSocket-Key", base64_of(dice, static_cast<std::size_t>(other == 16 ? 0 : other))),
                 Level::should);
}
Part key_no_base64(Dice& dice) {
  std::string key = base64_of(dice, 16);
  constexpr std::string_view kForeign = "_-!=#. ";
  if (dice.one_in(4)) {
    key.resize(22);
  } else {
    key[static_cast<std::size_t>(dice.below(20)) + 1] = dice.pick(kForeign);
  }
  return refused("rfc6455-4.2.1-11", set("Sec-WebSocket-Key", key), Level::should);
}
Part two_keys(Dice& dice) { return refused("rfc6455-11.3.1-2", add("Sec-WebSocket-Key", base64_of(dice, 16))); }

// RFC 6455 4.2.1 item 6, 4.4: numbers of drafts may be known to a server.
Part other_version(Dice& dice) {
  Part part = refused("rfc6455-4.2.2-7", set("Sec-WebSocket-Version", std::to_string(dice.between(14, 255))));
  part.with = {{"Sec-WebSocket-Version", "13"}};
  return part;
}
Part no_version_number(Dice& dice) {
  constexpr std::string_view kValues[] = {"abc", "-1", "256", "", "thirteen", "4294967309", "1 3", "13a"};
  return refused("rfc6455-4.3-4", set("Sec-WebSocket-Version", dice.pick(kValues)));
}
Part version_form(Dice& dice) {
  constexpr std::string_view kValues[] = {"013", "13.0", "+13", "13, 8", "0xd", "13;", "0013"};
  return refused("rfc6455-4.3-4", set("Sec-WebSocket-Version", dice.pick(kValues)), Level::should);
}
Part two_hosts(Dice& dice) { return refused("rfc9112-3.2-2", add("Host", dice.one_in(2) ? "@host" : "other.invalid")); }
Part bad_host(Dice& dice) {
  constexpr std::string_view kValues[] = {"a b", "a.invalid:port", "a.invalid/x", "a,b/c", "[::1"};
  return refused("rfc9112-3.2-2", set("Host", dice.pick(kValues)), Level::should);
}

// --- Forms that change nothing
// -----------------------------------------------------------------------------------------------

Part letters(Dice& dice) {
  HeadScript script;
  for (const Required& field : kRequired) {
    if (dice.one_in(2)) script.fields.push_back({Kind::set, in_any_case(dice, field.name), text(field.value)});
  }
  if (script.fields.empty()) script.fields.push_back({Kind::set, "sec-websocket-key", text("@key")});
  return opens("rfc6455-4.1-50", std::move(script));
}
Part blanks_around(Dice& dice) {
  const Required& field = dice.pick(kRequired);
  const std::string before = blanks(dice), after = blanks(dice);
  return opens("rfc9112-5.1-2", line_of(field.name, fmt::format("{}:{}{}{}", field.name, before, field.value, after)));
}
Part order(Dice& dice) {
  std::array<std::size_t, kRequired.size()> places{0, 1, 2, 3, 4};
  for (std::size_t i = places.size(); i > 1; --i)
    std::swap(places[i - 1], places[static_cast<std::size_t>(dice.below(i))]);
  HeadScript script;
  for (std::size_t i = 0; i < static_cast<std::size_t>(dice.between(1, places.size())); ++i) {
    const Required& field = kRequired[places[i]];
    script.fields.push_back({Kind::remove, std::string(field.name)});
    script.fields.push_back({Kind::add, std::string(field.name), text(field.value)});
  }
  return opens("rfc6455-4.2.1-17", std::move(script));
}
Part unknown_fields(Dice& dice) {
  constexpr std::string_view kValues[] = {"",    "1",  "a b; c=\"d, e\"", "close", "Upgrade: x", "\\",
                                          "%00", ",,", "websocket"};
  HeadScript script;
  for (std::uint64_t i = dice.between(1, 5); i > 0; --i) {
    script.fields.push_back(
        {Kind::add, (dice.one_in(3) ? "Sec-WebSocket-X" : "X-") + token(dice), text(dice.pick(kValues))});
  }
  return opens("rfc6455-4.2.1-16", std::move(script));
}
Part high_octets(Dice& dice) {
  std::string value;
  for (std::uint64_t i = dice.between(1, 6); i > 0; --i) value += static_cast<char>(dice.between(0x80, 0xFF));
  return opens("rfc9112-2.2-1", add("X-" + token(dice), value), Level::should);
}
Part in_pieces(Dice& dice) {
  HeadScript script;
  script.wire = dice.one_in(4) ? dice.between(1, 8) : dice.between(20, 150);
  return opens("rfc6455-4.2.1-19", std::move(script));
}

// --- RFC 9112: lines, bodies
// ---------------------------------------------------------------------------------------------------

Part blank_before_colon(Dice& dice) {
  const Required& field = dice.pick(kRequired);
  return refused("rfc9112-5.1-1", line_of(field.name, fmt::format("{} : {}", field.name, field.value)));
}
Part no_field(Dice& dice) {
  constexpr std::string_view kNoFields[] = {"no colon here", ": no name here", "a b: c", "\x01: x", "(x): y"};
  return refused("rfc9112-2.2-8", {.fields = {{Kind::line, {}, text(dice.pick(kNoFields))}}}, Level::should);
}
Part hidden_by_cr(Dice& dice) {
  const Required& field = kRequired[1 + static_cast<std::size_t>(dice.below(kRequired.size() - 1))];
  HeadScript script = remove(field.name);
  script.fields.push_back({Kind::add, "X-" + token(dice), text(fmt::format("a\r{}: {}", field.name, field.value))});
  return refused("rfc9112-2.2-4", std::move(script));
}
Part bad_length(Dice& dice) {
  constexpr std::string_view kValues[] = {"none", "-1", "0x0", "+0", "0, 11", "1e3", "0 1", ""};
  Part part = refused("rfc9112-6.3-4", add("Content-Length", dice.pick(kValues)));
  part.statuses = {400};
  return part;
}
Part bad_coding(Dice& dice) {
  const std::string value = dice.one_in(3)   ? "identity"
                            : dice.one_in(2) ? "x-" + token(dice)
                                             : "chunked, x-" + token(dice);
  Part part = refused("rfc9112-6.3-3", add("Transfer-Encoding", value));
  part.statuses = {400, 501};
  return part;
}
// A body that looks like a frame: what comes of it would be the work of whoever wrote the body.
Part body(Dice& dice) {
  const std::string frame("\x81\x85\0\0\0\0Hello", 11);
  const bool chunked = dice.one_in(2);
  HeadScript script =
      chunked ? add("Transfer-Encoding", "chunked") : add("Content-Length", std::to_string(frame.size()));
  script.behind = text(chunked ? "b\r\n" + frame + "\r\n0\r\n\r\n" : frame);
  return opens("rfc9112-6.3-2", std::move(script), Level::may);
}

// --- What it may have: RFC 6455 4.2.1 items 7 to 9
// -------------------------------------------------------------------------------

Part subprotocols(Dice& dice) {
  std::string list = "x-" + token(dice);
  for (std::uint64_t i = dice.below(3); i > 0; --i) {
    list += "," + blanks(dice) + "y-" + std::to_string(i);
    list += token(dice);
  }
  return opens("rfc6455-4.2.2-9", add("Sec-WebSocket-Protocol", list), Level::may);
}
Part bad_subprotocols(Dice& dice) {
  constexpr std::string_view kValues[] = {"a b", "a; q=1", "\"a\"", "", ", ,", "a/b", "a,b c"};
  return refused("rfc6455-4.2.1-18", add("Sec-WebSocket-Protocol", dice.pick(kValues)), Level::should);
}
Part origin(Dice& dice) {
  constexpr std::string_view kValues[] = {"null", "http://foreign.invalid", "https://a.invalid:8443", "file://"};
  return opens("rfc6455-10.2-1", set("Origin", dice.pick(kValues)), Level::may);
}
Part unknown_extension(Dice& dice) {
  std::string offer = "x-" + token(dice);
  if (dice.one_in(2)) offer += "; p=" + token(dice);
  if (dice.one_in(3)) offer += "; q";
  if (dice.one_in(3)) offer += ", x-" + token(dice);
  return opens("rfc6455-9.1-10", add("Sec-WebSocket-Extensions", offer));
}
Part bad_extensions(Dice& dice) {
  constexpr std::string_view kValues[] = {"; x",
                                          "permessage-deflate client_max_window_bits",
                                          "permessage-deflate; =1",
                                          "permessage-deflate; server_max_window_bits=",
                                          "x; y=\"10",
                                          "",
                                          ", ,",
                                          "permessage-deflate/1",
                                          "permessage-deflate;",
                                          "x; y=1@0"};
  return refused("rfc6455-9.1-1", add("Sec-WebSocket-Extensions", dice.pick(kValues)), Level::should);
}
Part truncated(Dice& dice) {
  HeadScript script;
  script.stop = HeadScript::Stop{.after = dice.below(120), .reset = dice.one_in(2)};
  return refused("rfc6455-4.2.1-1", std::move(script));
}

struct Drawing {
  std::string_view name;
  Part (*draw)(Dice&);
};
constexpr Drawing kDrawings[] = {{"method", other_method},
                                 {"http-version", old_version},
                                 {"no-http-version", no_version},
                                 {"absolute", absolute_target},
                                 {"no-target", no_target},
                                 {"missing", missing},
                                 {"upgrade", other_upgrade},
                                 {"upgrade-letters", upgrade_letters},
                                 {"connection", other_connection},
                                 {"connection-list", connection_list},
                                 {"connection-twice", two_connections},
                                 {"key", fresh_key},
                                 {"key-octets", key_of_octets},
                                 {"key-letters", key_no_base64},
                                 {"key-twice", two_keys},
                                 {"version", other_version},
                                 {"version-number", no_version_number},
                                 {"version-form", version_form},
                                 {"host-twice", two_hosts},
                                 {"host", bad_host},
                                 {"letters", letters},
                                 {"blanks", blanks_around},
                                 {"order", order},
                                 {"unknown", unknown_fields},
                                 {"high", high_octets},
                                 {"cut", in_pieces},
                                 {"colon", blank_before_colon},
                                 {"line", no_field},
                                 {"cr", hidden_by_cr},
                                 {"length", bad_length},
                                 {"coding", bad_coding},
                                 {"body", body},
                                 {"subprotocols", subprotocols},
                                 {"bad-subprotocols", bad_subprotocols},
                                 {"origin", origin},
                                 {"extension", unknown_extension},
                                 {"bad-extensions", bad_extensions},
                                 {"truncated", truncated}};

}  // namespace

std::string any_opening_name(Dice& dice) {
  const Drawing& drawing = dice.pick(kDrawings);
  return fmt::format("{}{}/{}", kDrawnPrefix, drawing.name, dice.below(1000));
}

std::optional<Case> drawn_opening(std::string_view name) {
  if (!name.starts_with(kDrawnPrefix)) return std::nullopt;
  const std::size_t slash = name.find('/', kDrawnPrefix.size());
  if (slash == std::string_view::npos) return std::nullopt;
  const auto drawing =
      std::ranges::find(kDrawings, name.substr(kDrawnPrefix.size(), slash - kDrawnPrefix.size()), &Drawing::name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data() + slash + 1, name.data() + name.size(), number);
  if (drawing == std::end(kDrawings) || error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  Dice dice(number);
  Part part = drawing->draw(dice);
  Case c;
  c.id = name;
  c.title = "An opening handshake that was drawn";
  c.sides = {Side::server};
  c.requirements = {std::string(part.requirement)};
  c.request = std::move(part.script);
  c.expect.emplace();
  c.expect->end = end::Polite{};
  c.expect->opening = ExpectOpening{part.level, part.outcome, std::move(part.statuses), std::move(part.with)};
  if (part.outcome == Outcome::open) {
    c.steps.push_back({step::Sentinel{"open"}});
    c.expect->replies = {{Reply::Kind::mark, false, {}, "open"}};
  }
  return c;
}

}  // namespace touchstone::fuzz

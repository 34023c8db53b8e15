// A server answers a request with 101 only when every item of RFC 6455 4.2.1 holds, and the client that sent it agrees.
#include "fuzz/support/check.h"

#include <ws/core/connection/connection.h>

#include <algorithm>

namespace {

using fuzz::check;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// The values of a field as the request's text has them, found without the core's parser.
std::vector<std::string> values(std::string_view head, const std::string& name) {
  std::vector<std::string> found;
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (lower(line.substr(0, name.size() + 1)) != name + ":") continue;
    const auto begin = std::min(line.find_first_not_of(" \t", name.size() + 1), line.size());
    const auto end = line.find_last_not_of(" \t") + 1;
    found.emplace_back(begin < end ? line.substr(begin, end - begin) : "");
  }
  return found;
}

void check_items(std::string_view head) {
  while (head.starts_with("\r\n")) head.remove_prefix(2);
  check(head.starts_with("GET "), "item 1: the method is GET");
  check(head.substr(0, head.find("\r\n")).contains(" HTTP/"), "item 1: HTTP");
  check(values(head, "host").size() == 1, "item 2: there is one Host");
  const auto lists = [&](const std::string& name, const std::string& token) {
    return std::ranges::any_of(values(head, name), [&](const auto& v) { return lower(v).contains(token); });
  };
  check(lists("upgrade", "websocket"), "item 3: Upgrade names websocket");
  check(lists("connection", "upgrade"), "item 4: Connection lists Upgrade");
  check(values(head, "sec-websocket-key").size() == 1 && values(head, "sec-websocket-key")[0].size() == 24,
        "item 5: one key of 24 characters");
  check(values(head, "sec-websocket-version") == std::vector<std::string>{"13"}, "item 6: version 13");
}

// The client that made the request reads the answer, if its own API could have made such a request.
void check_client(const ws::event::Requested& requested, ws::ByteView answer, const ws::DeflateParams& preference) {
  const auto parsed = ws::parse_response(answer, {});
  check(parsed && parsed->status == 101, "the answer is a whole 101");
  ws::RequestPromise request{requested.facts.key, requested.facts.subprotocols, std::nullopt};
  const bool has_extension = ws::find_field(parsed->fields, "Sec-WebSocket-Extensions") != nullptr;
  if (has_extension) {
    // Which element was accepted is not told; the widest offer that could have made it is taken.
    request.deflate = ws::DeflateOffer{};
    check(ws::accept_deflate(requested.facts.extensions, preference).has_value(), "an extension was asked for");
  }
  check(ws::check_response(*parsed, request).has_value(), "the client agrees with the answer");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices(fuzz::octets(data, size));
  const unsigned how = choices.octet();
  ws::Options options;
  options.role = ws::Role::server;
  options.deflate_preference = ws::DeflateParams{.server_no_context_takeover = (how & 1) != 0,
                                                 .client_no_context_takeover = (how & 2) != 0,
                                                 .server_max_window_bits = static_cast<int>(8 + (how >> 2 & 7)),
                                                 .client_max_window_bits = static_cast<int>(8 + (how >> 5 & 7))};
  ws::Connection server(options);
  server.receive(choices.rest());
  const auto event = server.next_event();
  if (!event) return 0;  // more is needed
  if (const auto* failed = std::get_if<ws::event::Failed>(&*event)) {
    const ws::Rule& broken = ws::rule(failed->violation);
    const auto end = ws::head_end(server.output(), {});
    check(end && *end, "a broken request gets a whole HTTP answer");
    const auto answer = ws::parse_response(server.output().first(**end), {});
    check(answer && answer->status == broken.http_status && answer->status >= 400, "the answer is the rule's error");
    check(server.state() == ws::State::draining, "and that was all");
    return 0;
  }
  const auto* requested = std::get_if<ws::event::Requested>(&*event);
  check(requested != nullptr, "a request is refused or reported");
  const std::string_view text = ws::as_text(choices.rest());
  check_items(text.substr(0, text.find("\r\n\r\n", text.find_first_not_of("\r\n")) + 4));
  const std::string subprotocol =
      requested->facts.subprotocols.empty() ? std::string() : requested->facts.subprotocols.front();
  check(server.submit(ws::command::Accept{.subprotocol = subprotocol}).has_value(), "a good request can be accepted");
  // The answer's head; a Close or a 100 may stand beside it.
  ws::ByteView out = server.output();
  for (;;) {
    const auto end = ws::head_end(out, {});
    check(end && *end, "an accepted request gets a whole head");
    const ws::ByteView head = out.first(**end);
    out = out.subspan(**end);
    const auto interim = ws::parse_response(head, {});
    if (interim && interim->status == 100) continue;
    check_client(*requested, head, *options.deflate_preference);
    return 0;
  }
}

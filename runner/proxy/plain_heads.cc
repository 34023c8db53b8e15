#include "runner/proxy/plain_heads.h"

#include "runner/proxy/back.h"

#include <ws/core/http/handshake.h>

#include <fmt/format.h>

#include <algorithm>

namespace touchstone::proxy {
namespace {

bool asks_for_websocket(const HeadSeen& request) {
  return ws::list_has_token(request.fields, "Upgrade", "websocket") &&
         ws::find_field(request.fields, "Sec-WebSocket-Key") != nullptr;
}

}  // namespace

PlainHead plain_request(RelayHead::Kind kind, const Target& front, const std::string& token, HeadWords& words) {
  const std::string& target = front.url.target;
  words.target = fmt::format("{}{}touchstone={}", target, target.find('?') == std::string::npos ? "?" : "&", token);
  words.host = front.host.empty() ? ws::host_field(front.url) : front.host;
  PlainHead plain{fmt::format("GET {} HTTP/1.1", words.target), {{"Host", words.host}}};
  if (kind == RelayHead::Kind::request) {
    plain.fields.push_back({"Upgrade", "websocket"});
    plain.fields.push_back({"Connection", "Upgrade"});
    plain.fields.push_back({"Sec-WebSocket-Key", words.key});
    plain.fields.push_back({"Sec-WebSocket-Version", "13"});
    for (const std::string& name : front.subprotocols) plain.fields.push_back({"Sec-WebSocket-Protocol", name});
  }
  plain.fields.push_back({std::string(kTokenField), token});
  plain.fields.insert(plain.fields.end(), front.fields.begin(), front.fields.end());
  return plain;
}

HeadWords words_of_answer(const HeadSeen& request) {
  HeadWords words;
  words.target = request.target;
  if (const auto* host = ws::find_field(request.fields, "Host")) words.host = host->value;
  if (const auto* key = ws::find_field(request.fields, "Sec-WebSocket-Key")) {
    words.key = key->value;
    words.accept = ws::accept_key(key->value);
  }
  return words;
}

PlainHead plain_answer(RelayHead::Kind kind, const HeadSeen& request, const HeadSeen* said, const HeadWords& words) {
  if (kind == RelayHead::Kind::respond) return {"HTTP/1.1 200 OK", {{"Content-Length", "2"}}};
  if (!asks_for_websocket(request)) return {"HTTP/1.1 400 Bad Request", {{"Content-Length", "0"}}};
  PlainHead plain{"HTTP/1.1 101 Switching Protocols",
                  {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", words.accept}}};
  if (const auto* name = ws::find_field(request.fields, "Sec-WebSocket-Protocol"))
    plain.fields.push_back({"Sec-WebSocket-Protocol", std::string(ws::list_elements(name->value).front())});
  const auto* offer = ws::find_field(request.fields, "Sec-WebSocket-Extensions");
  if (offer != nullptr && said != nullptr && ws::find_field(said->fields, "Sec-WebSocket-Extensions") == nullptr) {
    std::string_view first = ws::list_elements(offer->value).front();
    first = first.substr(0, first.find_first_of("; \t"));
    plain.fields.push_back({"Sec-WebSocket-Extensions", std::string(first)});
  }
  return plain;
}

ws::Bytes chunks_of(ws::ByteView octets) {
  ws::Bytes content;
  std::string_view rest = ws::as_text(octets);
  while (true) {
    const auto line = rest.find("\r\n");
    if (line == std::string_view::npos) return content;
    const std::size_t size = std::strtoul(std::string(rest.substr(0, line)).c_str(), nullptr, 16);
    if (size == 0 || rest.size() < line + 2 + size) return content;
    ws::append(content, ws::as_octets(rest.substr(line + 2, size)));
    rest.remove_prefix(std::min(rest.size(), line + 2 + size + 2));
  }
}

}  // namespace touchstone::proxy

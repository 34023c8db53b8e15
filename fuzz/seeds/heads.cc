// Opening handshakes with every offer of the catalogue, and the forms of a head that the core's own tests are about.
#include "fuzz/seeds/seeds.h"

#include "ws/core/connection/test_support.h"

#include <fmt/ranges.h>

namespace fuzz {
namespace {

constexpr std::string_view kUrls[] = {"ws://localhost/",  "wss://example.com:8443/chat?room=1",
                                      "ws://[::1]:9001",  "ws://127.0.0.1:80/a/b;c?d=e%20f",
                                      "WS://User@host/",  "ws://host#fragment",
                                      "http://host/",     "ws://:80/",
                                      "ws://host:65536/", "wss://h?q"};

// Fields that are added to a good request or answer.
constexpr std::string_view kFields[] = {"",
                                        "Sec-WebSocket-Protocol: chat, superchat\r\n",
                                        "Sec-WebSocket-Protocol: chat,,chat\r\n",
                                        "Expect: 100-continue\r\n",
                                        "Transfer-Encoding: chunked\r\n",
                                        "Content-Length: 0\r\n",
                                        "Origin: http://example.com\r\n",
                                        "X: y\r\n folded\r\n",
                                        "Cookie: a=b; c=d\r\n",
                                        "Sec-WebSocket-Version: 8\r\n",
                                        "Sec-WebSocket-Extensions: x; y=\"z\\\"\"\r\n",
                                        "Bad Name: x\r\n"};

constexpr std::string_view kHeads[] = {
    "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "POST /x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
    "GET http://h/p?q HTTP/1.1\r\nHost: h\r\nUpgrade: h2c, websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
    "HTTP/1.1 400 \r\nConnection: close\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"};

}  // namespace

void seeds_of_heads(Corpus& corpus) {
  int n = 0;
  for (const std::string_view url : kUrls) corpus.add("url", fmt::format("url-{}", n++), ws::as_octets(url));
  const auto add_head = [&](const std::string& name, const std::string& text) {
    corpus.add("http1", name, ws::as_octets(text));
    if (!text.starts_with("HTTP")) corpus.add("handshake", name, ws::as_octets("\x1c" + text));
  };
  n = 0;
  for (const std::string_view fields : kFields) {
    add_head(fmt::format("request-{}", n), ws::test::request_text(fields));
    add_head(fmt::format("answer-{}", n++), ws::test::response_text(fields));
  }
  n = 0;
  for (const std::string_view head : kHeads) add_head(fmt::format("head-{}", n++), std::string(head));
  // The offer has a hint of 8 bits.
  corpus.add("extensions", "above-the-hint", ws::as_octets("\x0apermessage-deflate; client_max_window_bits=10"));
  for (const touchstone::Case& c : touchstone::Catalogue::built_in().cases()) {
    if (c.offer.empty()) continue;
    const std::string offer = fmt::format("{}", fmt::join(c.offer, ", "));
    corpus.add("extensions", c.id, ws::as_octets("\x3c" + offer));
    add_head(c.id, ws::test::request_text("Sec-WebSocket-Extensions: " + offer + "\r\n"));
  }
}

}  // namespace fuzz

// mutator_requests.cc - opening requests that are varied line by line and octet by octet.
#include "runner/campaign/mutator.h"
#include "runner/campaign/opening_grammar.h"
#include "runner/campaign/openings.h"
#include "runner/campaign/raw_request.h"

#include <algorithm>
#include <utility>

namespace touchstone::fuzz {
namespace {

// What readers of HTTP give a meaning to.
constexpr std::string_view kHttpParts[] = {"\r\n",      "\n",
                                           "\r",        "\r\n\r\n",
                                           " ",         "\t",
                                           ":",         ",",
                                           ";",         "=",
                                           "\"",        "\\",
                                           "%",         std::string_view("\0", 1),
                                           "\r\n ",     "@key",
                                           "websocket", "Upgrade",
                                           "HTTP/1.1",  "permessage-deflate"};
constexpr std::string_view kLines[] = {"Host: @host\r\n",
                                       "Upgrade: h2c\r\n",
                                       "Connection: close\r\n",
                                       "Connection: Upgrade, HTTP2-Settings\r\n",
                                       "HTTP2-Settings: AAMAAABkAAQAAP__\r\n",
                                       "Sec-WebSocket-Version: 8, 13\r\n",
                                       "Sec-WebSocket-Protocol: a, b\r\n",
                                       "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
                                       "Sec-WebSocket-Extensions: x; y=\"\\\"z\"\r\n",
                                       "Content-Length: 3\r\n",
                                       "Content-Length: 18446744073709551616\r\n",
                                       "Transfer-Encoding: chunked\r\n",
                                       "Expect: 100-continue\r\n",
                                       "Origin: null\r\n",
                                       "Cookie: a=b; c=\"\r\n",
                                       "Authorization: Basic Og==\r\n",
                                       "Range: bytes=0-0,-1\r\n"};

}  // namespace

// The ordinary one, with a part of it in another form.
Case Mutator::any_request() {
  if (!parts_.empty() && one_in(2)) return parts_[below(parts_.size())]->c;
  const auto part = opening_part(any_opening_name(dice_));
  return one_in(4) || !part ? Case{} : part->c;
}

// Octets of the request, one that was varied already or another one.
void Mutator::vary_request(Case& c) {
  ws::Bytes request = request_octets(has_raw_request(c) ? c : any_request());
  drop_openings(c);
  for (std::uint64_t i = 1 + below(3); i > 0; --i) {
    if (one_in(2)) {
      vary_lines(request);
    } else {
      vary(request);
    }
  }
  request.resize(std::min(request.size(), kMostRequest));
  c.request = HeadScript{.raw = Payload{recipe::Literal{std::move(request)}}};
}

// A line is missing, there twice, or has something that readers of HTTP give a meaning to.
void Mutator::vary_lines(ws::Bytes& request) {
  std::string text = ws::to_string(request);
  const auto begin_of_line = [&] {
    const auto at = text.rfind('\n', below(text.size() + 1));
    return at == std::string::npos ? 0 : at + 1;
  };
  const auto line_at = [&](std::size_t at) {
    const auto end = text.find('\n', at);
    return text.substr(at, end == std::string::npos ? end : end + 1 - at);
  };
  const std::size_t at = begin_of_line();
  switch (below(4)) {
    case 0:
      text.erase(at, line_at(at).size());
      break;
    case 1: {
      const std::string line = line_at(at);
      text.insert(begin_of_line(), line);
      break;
    }
    case 2:
      text.insert(at, dice_.pick(kLines));
      break;
    default: {
      const std::string_view part = dice_.pick(kHttpParts);
      text.insert(below(text.size() + 1), part);
    }
  }
  request = ws::to_bytes(text);
}

}  // namespace touchstone::fuzz

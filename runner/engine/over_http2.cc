#include "runner/engine/over_http2.h"

#include <string_view>

namespace touchstone {

std::optional<std::string> not_over_this_http(const Case& c, bool over_http2) {
  if (c.http2 && !over_http2) return "the case is about HTTP/2 (RFC 8441), and this run is over HTTP/1.1: --http 2";
  if (!over_http2) return std::nullopt;
  if (c.http2) return std::nullopt;
  if (c.request || c.answer || (c.expect && c.expect->opening))
    return "the case is about the opening handshake as HTTP/1.1 writes it, and this run is over HTTP/2 (RFC 8441 5)";
  if (is_held(c.steps))
    return "the case is about TCP's own flow control, and this run is over HTTP/2, which has another (RFC 9113 5.2)";
  return std::nullopt;
}

namespace {

// At the beginning of a sentence it is a capital.
void speak_of_streams(std::string& text) {
  constexpr std::string_view kTcp = "TCP";
  for (std::size_t at = text.find(kTcp); at != std::string::npos; at = text.find(kTcp, at)) {
    const bool begins = at == 0 || (at >= 2 && text[at - 2] == '.');
    text.replace(at, kTcp.size(), begins ? "The stream" : "the stream");
  }
}

void speak_of_streams(std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    speak_of_streams(finding.expected);
    speak_of_streams(finding.seen);
  }
}

}  // namespace

void speak_of_streams(Verdict& verdict) {
  speak_of_streams(verdict.summary);
  speak_of_streams(verdict.findings);
}

void speak_of_streams(Result& result) {
  speak_of_streams(result.summary);
  speak_of_streams(result.findings);
  for (Entry& entry : result.transcript.entries) speak_of_streams(entry.note);
}

}  // namespace touchstone

#include "runner/serve/http2_request.h"

#include <fmt/format.h>
#include <ws/core/http2/tunnel.h>

#include <algorithm>

namespace touchstone::serve {
namespace {

using ws::http2::Violation, ws::io::http2::Fields;

// The rule for who sends, where that for who receives is another.
std::string requirement_of(Violation violation, const Fields& section) {
  using enum Violation;
  switch (violation) {
    case connection_specific: {
      const bool upgrade = std::ranges::any_of(
          section, [](const ws::Field& f) { return f.name == "connection" || f.name == "upgrade"; });
      return upgrade ? "rfc8441-5-4" : "rfc9113-8.2.2-1";
    }
    case pseudo_unknown:
      return "rfc9113-8.3-1";
    case scheme_missing:
    case path_missing:
      return "rfc8441-4-3";
    case protocol_unknown:
      return "rfc8441-5-1";
    case authority_missing:
      return "rfc8441-5-6";
    default:
      return std::string(ws::http2::rule(violation).requirement);
  }
}

std::string_view value_of(const Fields& section, std::string_view name) {
  const auto found = std::ranges::find(section, name, &ws::Field::name);
  return found == section.end() ? std::string_view() : std::string_view(found->value);
}

ws::http2::Request at_its_word(const Fields& section) {
  ws::http2::Request request;
  request.method = value_of(section, ":method");
  request.scheme = value_of(section, ":scheme");
  request.authority = value_of(section, ":authority");
  request.path = value_of(section, ":path");
  for (const ws::Field& field : section)
    if (!field.name.starts_with(':') && ws::is_token(field.name)) request.fields.push_back(field);
  return request;
}

}  // namespace

asio::awaitable<Http2Asked> ask_over_http2(std::unique_ptr<ws::io::http2::Http2Stream> stream) {
  Http2Asked asked;
  const auto section = co_await stream->head();
  if (!section) co_return asked;
  const bool tunnel = std::ranges::find(*section, ":protocol", &ws::Field::name) != section->end();
  const auto request = ws::http2::read_request(*section);
  std::optional<Violation> broken;
  if (!request) broken = request.error();
  if (request) {
    const auto fine = ws::http2::check_tunnel(*request, {true, stream->ended_by_peer()});
    if (!fine) broken = fine.error();
  }
  if (broken)
    asked.faults.push_back({requirement_of(*broken, *section), "a request as RFC 8441 and RFC 9113 have it",
                            std::string(ws::http2::rule(*broken).text)});
  const ws::http2::Request taken = request ? *request : at_its_word(*section);
  if (taken.path.empty()) {
    stream->reset_with(ws::io::http2::ErrorCode::protocol_error);
    co_return asked;
  }
  // RFC 8441 5: the scheme is that of the WebSocket's URI.
  const std::string_view scheme = stream->secure() ? "https" : "http";
  if (tunnel && !taken.scheme.empty() && taken.scheme != scheme)
    asked.faults.push_back({"rfc8441-5-2", fmt::format(":scheme is {}", scheme), "it is " + taken.scheme});
  ws::RequestHead head = ws::http2::upgrade_request(taken, ws::io::http2::kNoKey);
  if (!tunnel) {
    head.method = taken.method;
    std::erase_if(head.fields, [](const ws::Field& f) {
      return f.name == "Upgrade" || f.name == "Connection" || f.name == "Sec-WebSocket-Key";
    });
  }
  asked.stream = std::make_unique<ws::io::http2::TunnelStream>(std::move(stream), head);
  co_return asked;
}

}  // namespace touchstone::serve

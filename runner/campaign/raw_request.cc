#include "runner/campaign/raw_request.h"

#include "runner/campaign/openings.h"
#include "runner/engine/talk/opening.h"

#include <ws/core/http/handshake.h>

#include <algorithm>

namespace touchstone::fuzz {
namespace {

using Level = ExpectOpening::Level;
using Outcome = ExpectOpening::Outcome;

constexpr ws::HeadLimits kLimits{.octets = 2 * kMostRequest, .fields = kMostRequest};

void replace(std::string& text, std::string_view what, std::string_view by) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
}

OpeningRequest as_sent(const Case& c, const std::string& host, const std::string& target) {
  Target place;
  place.url = {false, "127.0.0.1", 9001, target};
  place.host = host;
  return opening_request(c, place, 1);
}

// Nobody reads a request without these for an opening handshake (RFC 6455 4.2.1): its lines are well-formed, and what
// is wanted is not in them.
bool must_be_refused(ws::Violation violation) {
  using enum ws::Violation;
  constexpr ws::Violation kLacking[] = {
      method_not_get, http_version_too_low, upgrade_missing, connection_upgrade_missing, version_missing, key_missing};
  return std::ranges::find(kLacking, violation) != std::end(kLacking);
}

// What decides about octets after the head, or asks for something else in front of the answer (RFC 9110, RFC 9112).
bool means_more_to_http(const ws::RequestHead& head) {
  return std::ranges::any_of(head.fields, [](const ws::Field& field) {
    return ws::equals_ignoring_case(field.name, "Content-Length") ||
           ws::equals_ignoring_case(field.name, "Transfer-Encoding") || ws::equals_ignoring_case(field.name, "Expect");
  });
}

// What the strict stack says of a request that has one meaning only; nothing when it may be read in several ways.
std::optional<std::expected<ws::RequestFacts, ws::Violation>> strict_reading(const ws::Bytes& octets) {
  const auto end = ws::head_end(octets, kLimits);
  if (!end || *end != octets.size()) return std::nullopt;
  const auto head = ws::parse_request(octets, kLimits);
  if (!head || head->version_major > 1 || means_more_to_http(*head)) return std::nullopt;
  auto facts = ws::check_request(*head);
  if (!facts && !must_be_refused(facts.error())) return std::nullopt;
  return facts;
}

}  // namespace

bool has_raw_request(const Case& c) noexcept { return c.request && c.request->raw && !has_opening(c); }

ws::Bytes request_octets(const Case& c) {
  if (has_raw_request(c)) return PayloadGenerator(1).make(*c.request->raw);
  std::string text = ws::to_string(as_sent(c, "@host", "@target").octets);
  replace(text, as_sent(Case{}, {}, "/").facts.key, "@key");
  return ws::to_bytes(text);
}

Case raw_request_expected(Case c) {
  const auto reading = strict_reading(as_sent(c, {}, "/").octets);
  ExpectOpening opening;
  opening.statuses = {200};  // any
  c.steps.clear();
  c.offer.clear();
  c.needs_deflate = false;
  c.expect.emplace();
  c.request->stop.reset();
  if (!reading) {
    opening.level = Level::may;
    c.requirements = {"rfc6455-10.7-1"};
    c.expect->end = end::Abandoned{};
    c.request->stop = HeadScript::Stop{.after = 2 * kMostRequest};  // after the last octet
  } else if (!reading->has_value()) {
    opening.outcome = Outcome::refuse;
    c.requirements = {std::string(ws::rule(reading->error()).requirement)};
  } else {
    opening.level = Level::may;
    c.requirements = {"rfc6455-4.2.1-1"};
    c.steps.push_back({step::Sentinel{"m1"}});
    c.expect->replies = {{Reply::Kind::mark, false, {}, "m1"}};
    c.expect->end = end::Polite{};
  }
  c.expect->opening = std::move(opening);
  return c;
}

bool leaves_all_open(const Case& c) noexcept { return has_raw_request(c) && c.request->stop; }

}  // namespace touchstone::fuzz

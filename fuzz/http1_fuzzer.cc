// A head ends where RFC 9112 2.2 says, however it is cut; what parses has no forbidden octet and survives a rewriting.
#include "fuzz/support/check.h"

#include <ws/core/http/http1.h>

#include <algorithm>

namespace {

using fuzz::check;

constexpr ws::HeadLimits kLimits{.octets = 2000, .fields = 20};

// The same answer by looking at the text as a whole: lines that end in CRLF, the first empty one after a start line.
std::optional<std::size_t> slow_end(std::string_view text) {
  bool started = false;
  for (std::size_t at = 0;;) {
    const auto end = text.find("\r\n", at);
    if (end == std::string_view::npos) return std::nullopt;
    if (end == at && started) return end + 2;
    started = started || end != at;
    at = end + 2;
  }
}

bool clean(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void check_fields(const std::vector<ws::Field>& fields) {
  check(fields.size() <= kLimits.fields, "no more fields than allowed");
  for (const ws::Field& field : fields) {
    check(ws::is_token(field.name), "a field name is a token");
    check(clean(field.value) && ws::is_field_value(field.value), "a field value has no control character");
    check(ws::find_field(fields, field.name) != nullptr, "a field is found by its name");
    static_cast<void>(ws::list_has_token(fields, field.name, "upgrade"));
  }
}

template <class Head>
void check_rewriting(const Head& head, const std::expected<Head, ws::Violation>& again) {
  check(again && again->fields == head.fields, "the fields survive a rewriting");
  check(again->version_major == head.version_major && again->version_minor == head.version_minor,
        "the version survives a rewriting");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ws::ByteView octets = fuzz::octets(data, size);
  const auto end = ws::head_end(octets, kLimits);
  ws::HeadScan scan;
  std::size_t have = 0;
  auto grown = end;  // g++ 12 takes an empty one for uninitialized
  do {
    grown = ws::head_end(octets.first(have), kLimits, scan);
  } while (grown && !*grown && have++ < size);
  check(grown == end, "the end of a head does not depend on the cut");
  if (!end || !*end) return 0;
  check(**end == slow_end(ws::as_text(octets)), "a head ends with its first empty line");
  check(**end == have && have <= kLimits.octets, "a head is found with its last octet, within the limit");

  const ws::ByteView head = octets.first(**end);
  constexpr ws::HeadLimits kWide{.octets = 1 << 20, .fields = 1000};
  if (const auto request = ws::parse_request(head, kLimits)) {
    check_fields(request->fields);
    check(ws::is_token(request->method) && clean(request->target) && !request->target.contains(' '),
          "method and target have no blank");
    const auto again = ws::parse_request(ws::as_octets(ws::serialize(*request)), kWide);
    check_rewriting(*request, again);
    check(again->method == request->method && again->target == request->target, "the start line survives, too");
  }
  if (const auto response = ws::parse_response(head, kLimits)) {
    check_fields(response->fields);
    check(response->status >= 100 && response->status <= 999 && clean(response->reason), "a status has three digits");
    const auto again = ws::parse_response(ws::as_octets(ws::serialize(*response)), kWide);
    check_rewriting(*response, again);
    check(again->status == response->status && again->reason == response->reason, "the status line survives, too");
  }
  return 0;
}

#include <ws/core/enumerators.h>
#include <ws/core/http2/violation.h>

#include <algorithm>
#include <iterator>

namespace ws::http2 {
namespace {

using enum Violation;

// RFC 9113 8.1.1: what is malformed is a stream error PROTOCOL_ERROR. A status says that the request is in order as far
// as HTTP/2 is concerned, and that this server does not serve it.
// clang-format off
constexpr Rule kRules[] = {
    // id                       name                        http requirement           sentence
    {name_malformed,           "name-malformed",            0,   "rfc9113-8.2.1-1",    "The name of a field has an upper-case letter, or is no token."},
    {value_malformed,          "value-malformed",           0,   "rfc9113-8.2.1-2",    "The value of a field has CR, LF, NUL or blanks at its ends."},
    {connection_specific,      "connection-specific",       0,   "rfc9113-8.2.2-2",    "There is a field that only HTTP/1.1 knows: Connection, Upgrade or their like."},
    {te_not_trailers,          "te-not-trailers",           0,   "rfc9113-8.2.2-3",    "A TE field says something else than trailers."},
    {pseudo_unknown,           "pseudo-unknown",            0,   "rfc9113-8.3-2",      "There is a pseudo-header field that is not defined here."},
    {pseudo_repeated,          "pseudo-repeated",           0,   "rfc9113-8.3-4",      "A pseudo-header field stands twice."},
    {pseudo_late,              "pseudo-late",               0,   "rfc9113-8.3-3",      "A pseudo-header field comes after a regular one."},
    {section_too_big,          "section-too-big",           431, "rfc6455-10.7-4",     "The field section is longer than the limit of this endpoint."},
    {method_missing,           "method-missing",            0,   "rfc9113-8.3.1-1",    "There is no :method with a token."},
    {scheme_missing,           "scheme-missing",            0,   "rfc8441-4-4",        "There is no :scheme."},
    {path_missing,             "path-missing",              0,   "rfc8441-4-4",        "There is no :path, or an empty one."},
    {authority_missing,        "authority-missing",         400, "rfc8441-4-5",        "There is neither :authority nor Host."},
    {authority_differs,        "authority-differs",         0,   "rfc9113-8.3.1-3",    "Host names another place than :authority."},
    {content_length_differs,   "content-length-differs",    0,   "rfc9113-8.1.1-2",    "The request announces content of another length than follows."},
    {connect_with_path,        "connect-with-path",         0,   "rfc9113-8.5-1",      "A CONNECT without :protocol has :scheme or :path."},
    {protocol_without_connect, "protocol-without-connect",  0,   "rfc8441-4-2",        "There is :protocol, and the method is not CONNECT."},
    {protocol_malformed,       "protocol-malformed",        0,   "rfc8441-4-2",        "The value of :protocol is no token."},
    {protocol_without_setting, "protocol-without-setting",  0,   "rfc8441-3-6",        "There is :protocol, which this endpoint has not asked for by SETTINGS_ENABLE_CONNECT_PROTOCOL."},
    {protocol_unknown,         "protocol-unknown",          501, "rfc8441-4-7",        "The value of :protocol is not websocket."},
    {request_ended,            "request-ended",             400, "rfc8441-5-15",       "The request has END_STREAM, so that no frame can follow."},
    {frame_not_data,           "frame-not-data",            0,   "rfc8441-5-21",       "Something else than DATA came on an open tunnel."},
    {status_missing,           "status-missing",            0,   "rfc9113-8.3.2-1",    "There is no :status."},
    {status_malformed,         "status-malformed",          0,   "rfc9113-8.3.2-1",    "The value of :status is no number of three digits."},
    {switching_protocols,      "switching-protocols",       0,   "rfc9113-8.6-1",      "The status is 101, which HTTP/2 does not have."},
};
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(kRules); ++i)
    if (static_cast<std::size_t>(kRules[i].id) != i) return false;
  return true;
}
static_assert(in_order(), "a row of kRules is missing, or not in the order of the enumerators of Violation");
static_assert(!is_enumerator<static_cast<Violation>(std::size(kRules))>(),
              "an enumerator of Violation has no row in kRules");
static_assert(std::ranges::all_of(kRules,
                                  [](const Rule& r) { return r.text.ends_with('.') && !r.requirement.empty(); }),
              "a row of kRules has no sentence or no requirement");

}  // namespace

const Rule& rule(Violation id) noexcept { return kRules[static_cast<std::size_t>(id)]; }
std::span<const Rule> all_rules() noexcept { return kRules; }

}  // namespace ws::http2

#include <ws/rules/duty.h>

namespace ws::testing {
namespace {

using enum Violation;

// RFC 6455 4.1: what a client puts into its request.
std::string_view duty_of_request(Violation violation) noexcept {
  switch (violation) {
    case head_malformed:
      return "rfc6455-4.1-16";
    case method_not_get:
      return "rfc6455-4.1-17";
    case http_version_too_low:
      return "rfc6455-4.1-18";
    case target_malformed:
      return "rfc6455-4.1-19";
    case host_missing:
      return "rfc6455-4.1-20";
    case upgrade_missing:
      return "rfc6455-4.1-21";
    case connection_upgrade_missing:
      return "rfc6455-4.1-22";
    case key_missing:
      return "rfc6455-4.1-23";
    case key_invalid:
      return "rfc6455-4.1-24";
    case version_missing:
    case version_unsupported:
      return "rfc6455-4.1-29";
    case subprotocol_malformed:
      return "rfc6455-4.1-31";
    case handshake_field_repeated:
      return "rfc6455-11.3.1-1";
    default:
      return {};
  }
}

}  // namespace

std::string_view duty_of_sender(Violation violation, Role sender) noexcept {
  if (sender == Role::client) {
    if (const auto id = duty_of_request(violation); !id.empty()) return id;
  }
  switch (violation) {
    case reserved_bit:
      return "rfc6455-5.2-2";
    case reserved_opcode:
      return "rfc6455-5.2-10";
    case length_not_minimal:
      return "rfc6455-5.2-18";
    case length_high_bit:
      return "rfc6455-5.2-15";
    case mask_missing:
      return "rfc6455-5.1-1";
    case mask_present:
      return "rfc6455-5.1-5";
    case control_fragmented:
      return "rfc6455-5.4-8";
    case control_too_long:
      return "rfc6455-5.5-1";
    case continuation_unexpected:
      return "rfc6455-5.4-3";
    case continuation_missing:
      return "rfc6455-5.4-12";
    case text_not_utf8:
      return "rfc6455-5.6-1";
    case close_payload_of_one:
      return "rfc6455-5.5.1-2";
    case close_reason_not_utf8:
      return "rfc6455-5.5.1-6";
    case compressed_bit_misplaced:
      return "rfc7692-6.1-4";
    case deflate_corrupt:
      return "rfc7692-7.2.1-1";
    case upgrade_missing:
      return "rfc6455-4.2.2-16";
    case connection_upgrade_missing:
      return "rfc6455-4.2.2-17";
    case accept_missing:
    case accept_wrong:
      return "rfc6455-4.2.2-18";
    case extension_not_offered:
      return "rfc6455-4.2.2-13";
    case subprotocol_not_offered:
      return "rfc6455-4.2.2-9";
    case extension_parameters_invalid:
      return {};
    default:
      return rule(violation).requirement;
  }
}

}  // namespace ws::testing

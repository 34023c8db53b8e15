#include "runner/engine/duty.h"

namespace touchstone {

std::string_view duty_of_sender(ws::Violation violation) noexcept {
  using enum ws::Violation;
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
      return ws::rule(violation).requirement;
  }
}

}  // namespace touchstone

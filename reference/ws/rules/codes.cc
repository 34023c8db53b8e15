#include <ws/core/close.h>
#include <ws/rules/codes.h>

#include <algorithm>
#include <array>

namespace ws::rules {
namespace {

using enum Violation;
using namespace close_code;
using Codes = std::span<const std::uint16_t>;

constexpr std::array kProtocol{kProtocolError};
constexpr std::array kContent{kInvalidPayload};
// RFC 6455 8.1 has the same fault in a text message fail with 1007; 5.5.1 is about the frame, so 1002 fits as well
// (C-30).
constexpr std::array kReason{kInvalidPayload, kProtocolError};
// RFC 7692 7.2.2 names no code: a broken protocol, inconsistent data or an inflater that gave up are all true (C-30).
constexpr std::array kDeflate{kInvalidPayload, kProtocolError, kInternalError};
// RFC 6455 7.4.1: 1009 is for a message that is too big; C-15 takes a policy, a bound of the protocol, and resources.
constexpr std::array kSize{kMessageTooBig, kPolicyViolation, kProtocolError, kInternalError};

constexpr bool holds(Codes codes, std::uint16_t code) { return std::ranges::find(codes, code) != codes.end(); }

}  // namespace

Codes fitting_codes(Violation fault) noexcept {
  if (is_about_size(fault)) return kSize;
  switch (fault) {
    case text_not_utf8:
      return kContent;
    case close_reason_not_utf8:
      return kReason;
    case deflate_corrupt:
      return kDeflate;
    default:
      return kProtocol;
  }
}

bool fits(Violation fault, std::uint16_t code) noexcept { return holds(fitting_codes(fault), code); }

bool says_error(std::uint16_t code) noexcept {
  constexpr std::array kErrors{kProtocolError,   kUnsupportedData, kInvalidPayload,
                               kPolicyViolation, kMessageTooBig,   kInternalError};
  return holds(kErrors, code);
}

bool accuses(std::uint16_t code) noexcept { return code == kProtocolError || code == kInvalidPayload; }

bool refuses_legal_octets(std::uint16_t code, bool takes_such) noexcept {
  return takes_such ? says_error(code) : accuses(code);
}

bool is_only_local(std::uint16_t code) noexcept {
  return code == kNoStatus || code == kAbnormal || code == kTlsHandshake;
}

std::string_view requirement_of_sending(std::uint16_t bad_code) noexcept {
  switch (bad_code) {
    case kNoStatus:
      return "rfc6455-7.4.1-2";
    case kAbnormal:
      return "rfc6455-7.4.1-3";
    case kTlsHandshake:
      return "rfc6455-7.4.1-4";
    default:
      return requirement_of_sender(close_code_invalid, Role::client);
  }
}

bool is_about_size(Violation fault) noexcept {
  return fault == frame_too_big || fault == message_too_big || fault == too_many_fragments;
}

bool may_be_taken(Violation fault) noexcept {
  return is_about_size(fault) || fault == length_high_bit || fault == length_not_minimal || fault == close_code_invalid;
}

bool shows_with_the_message(Violation fault) noexcept { return fault == text_not_utf8 || fault == deflate_corrupt; }

}  // namespace ws::rules

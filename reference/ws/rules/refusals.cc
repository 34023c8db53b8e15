#include <ws/rules/refusals.h>

#include <cstdlib>

namespace ws::rules {

using enum ws::Violation;

Refusal refusal_of_request(Violation fault, const RequestHead& request) {
  const auto values = [&](std::string_view name) { return field_values(request.fields, name); };
  switch (fault) {
    case method_not_get:
    case http_version_too_low:
    case upgrade_missing:
    case connection_upgrade_missing:
    case key_missing:
    case version_missing:
      return Refusal::must;
    case host_missing:
      return values("Host").empty() ? Refusal::must : Refusal::should;
    case version_unsupported: {  // 013 is not how 13 is written, but nothing else can be meant
      const auto versions = values("Sec-WebSocket-Version");
      const bool means_13 = !versions.empty() && std::atof(std::string(versions.front()).c_str()) == 13.0;
      return means_13 ? Refusal::should : Refusal::must;
    }
    case handshake_field_repeated: {
      if (values("Host").size() > 1) return Refusal::must;  // RFC 9112 3.2
      const auto keys = values("Sec-WebSocket-Key");
      return keys.size() > 1 && keys[0] != keys[1] ? Refusal::must : Refusal::should;
    }
    case target_malformed:
    case key_invalid:
    case extensions_malformed:
    case subprotocol_malformed:
      return Refusal::should;
    default:  // also head_malformed: of its many forms some may pass (C-39)
      return Refusal::may;
  }
}

Refusal refusal_of_answer(Violation fault) noexcept {
  switch (fault) {
    case upgrade_missing:
    case connection_upgrade_missing:
    case accept_missing:
    case accept_wrong:
    case extension_not_offered:
    case extension_parameters_invalid:
    case subprotocol_not_offered:
      return Refusal::must;
    case handshake_field_repeated:
    case http_version_too_low:
      return Refusal::should;
    default:
      return Refusal::may;
  }
}

}  // namespace ws::rules

// negotiation.cc - RFC 7692 7.1: the four parameters of permessage-deflate, offered, accepted and judged.
#include <ws/core/http/extensions.h>

#include <algorithm>

namespace ws {
namespace {

constexpr std::string_view kName = "permessage-deflate";
constexpr std::string_view kServerNoTakeover = "server_no_context_takeover";
constexpr std::string_view kClientNoTakeover = "client_no_context_takeover";
constexpr std::string_view kServerWindow = "server_max_window_bits";
constexpr std::string_view kClientWindow = "client_max_window_bits";

constexpr int kMaxWindow = 15;
constexpr int kMinCompressorWindow = 9;  // zlib refuses to compress raw streams with 8

// RFC 7692 7.1.2.1: decimal 8 to 15 without leading zeros.
std::optional<int> parse_window(std::string_view value) {
  if (value == "8" || value == "9") return value[0] - '0';
  if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5') return 10 + (value[1] - '0');
  return std::nullopt;
}

// What one element says, before it is known whether it is an offer or an answer.
struct Element {
  bool server_no_takeover = false, client_no_takeover = false;
  std::optional<int> server_window, client_window;
  bool client_window_named = false;
};

// RFC 7692 7: unknown, repeated and ill-valued parameters spoil the whole element. Only an offer may
// name client_max_window_bits without a value (7.1.2.2).
std::optional<Element> read_element(const Extension& extension, bool is_offer) {
  Element element;
  bool server_window_named = false;
  for (const auto& [name, value] : extension.parameters) {
    if (name == kServerNoTakeover || name == kClientNoTakeover) {
      bool& flag = name == kServerNoTakeover ? element.server_no_takeover : element.client_no_takeover;
      if (flag || value) return std::nullopt;
      flag = true;
    } else if (name == kServerWindow || name == kClientWindow) {
      bool& named = name == kServerWindow ? server_window_named : element.client_window_named;
      auto& window = name == kServerWindow ? element.server_window : element.client_window;
      if (named) return std::nullopt;
      named = true;
      if (value) window = parse_window(*value);
      const bool may_lack_value = is_offer && name == kClientWindow && !value;
      if (!window && !may_lack_value) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return element;
}

ExtensionParameter flag(std::string_view name) { return {std::string(name), std::nullopt}; }
ExtensionParameter window(std::string_view name, int bits) { return {std::string(name), std::to_string(bits)}; }

}  // namespace

Extension to_extension(const DeflateOffer& offer) {
  Extension extension{std::string(kName), {}};
  auto& parameters = extension.parameters;
  if (offer.server_no_context_takeover) parameters.push_back(flag(kServerNoTakeover));
  if (offer.client_no_context_takeover) parameters.push_back(flag(kClientNoTakeover));
  if (offer.server_max_window_bits) parameters.push_back(window(kServerWindow, *offer.server_max_window_bits));
  if (offer.client_max_window_bits)
    parameters.push_back(offer.client_max_window_bits_hint ? window(kClientWindow, *offer.client_max_window_bits_hint)
                                                           : flag(kClientWindow));
  return extension;
}

std::optional<DeflateOffer> read_offer(const Extension& extension) {
  if (extension.name != kName) return std::nullopt;
  const auto element = read_element(extension, true);
  if (!element) return std::nullopt;
  return DeflateOffer{.server_no_context_takeover = element->server_no_takeover,
                      .client_no_context_takeover = element->client_no_takeover,
                      .server_max_window_bits = element->server_window,
                      .client_max_window_bits = element->client_window_named,
                      .client_max_window_bits_hint = element->client_window};
}

std::optional<DeflateAgreement> accept_deflate(const std::vector<Extension>& offers, const DeflateParams& preference) {
  for (const Extension& offer : offers) {
    if (offer.name != kName) continue;
    const auto element = read_element(offer, true);
    // RFC 7692 7: a declined element leaves the later ones in play.
    if (!element || element->server_window.value_or(kMaxWindow) < kMinCompressorWindow) continue;

    DeflateAgreement agreement{{}, {std::string(kName), {}}};
    DeflateParams& params = agreement.params;
    // RFC 7692 7.1.1.1: a demanded server_no_context_takeover is granted; 7.1.1.2: the client's is a hint that we
    // follow.
    params.server_no_context_takeover = element->server_no_takeover || preference.server_no_context_takeover;
    params.client_no_context_takeover = element->client_no_takeover || preference.client_no_context_takeover;
    const int own_window = std::clamp(preference.server_max_window_bits, kMinCompressorWindow, kMaxWindow);
    params.server_max_window_bits = std::min(element->server_window.value_or(kMaxWindow), own_window);
    // RFC 7692 7.1.2.2: without the offer's consent the client's window stays at 15.
    if (element->client_window_named)
      params.client_max_window_bits =
          std::min(element->client_window.value_or(kMaxWindow), preference.client_max_window_bits);

    auto& parameters = agreement.response.parameters;
    if (params.server_no_context_takeover) parameters.push_back(flag(kServerNoTakeover));
    if (params.client_no_context_takeover) parameters.push_back(flag(kClientNoTakeover));
    // RFC 7692 7.1.2.1: an offered limit is answered even when it limits nothing.
    if (element->server_window || params.server_max_window_bits < kMaxWindow)
      parameters.push_back(window(kServerWindow, params.server_max_window_bits));
    if (params.client_max_window_bits < kMaxWindow)
      parameters.push_back(window(kClientWindow, params.client_max_window_bits));
    return agreement;
  }
  return std::nullopt;
}

std::expected<DeflateParams, Violation> check_deflate(const DeflateOffer& offer, const Extension& response) {
  constexpr auto kInvalid = Violation::extension_parameters_invalid;
  if (response.name != kName) return std::unexpected(Violation::extension_not_offered);
  const auto element = read_element(response, false);
  if (!element) return std::unexpected(kInvalid);
  // RFC 7692 7.1.1.1: a server that accepts the demand repeats it.
  if (offer.server_no_context_takeover && !element->server_no_takeover) return std::unexpected(kInvalid);
  // RFC 7692 7.1.2.1: a demanded limit is answered with the same or a smaller one. Leaving it out says 15, which is
  // an answer to a demand of 15 in all but the letter.
  if (offer.server_max_window_bits && element->server_window.value_or(kMaxWindow) > *offer.server_max_window_bits)
    return std::unexpected(kInvalid);
  // RFC 7692 7.1.2.2: only with the client's consent, and not above its hint.
  if (element->client_window && !offer.client_max_window_bits) return std::unexpected(kInvalid);
  if (element->client_window && *element->client_window > offer.client_max_window_bits_hint.value_or(kMaxWindow))
    return std::unexpected(kInvalid);
  return DeflateParams{.server_no_context_takeover = element->server_no_takeover,
                       .client_no_context_takeover = element->client_no_takeover,
                       .server_max_window_bits = element->server_window.value_or(kMaxWindow),
                       .client_max_window_bits = element->client_window.value_or(kMaxWindow)};
}

}  // namespace ws

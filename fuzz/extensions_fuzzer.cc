// An extension list that parses is the same after a rewriting, and what a server agrees to is what the offer allows.
#include "fuzz/support/check.h"

#include <ws/core/http/extensions.h>

#include <algorithm>
#include <cstdlib>

namespace {

using fuzz::check;

const ws::ExtensionParameter* parameter(const ws::Extension& extension, std::string_view name) {
  const auto it = std::ranges::find(extension.parameters, name, &ws::ExtensionParameter::name);
  return it == extension.parameters.end() ? nullptr : &*it;
}

// Did any element of the offer ask for that? RFC 7692 7.1 lets the answer fit one of them.
bool fits(const ws::Extension& offer, const ws::DeflateAgreement& agreed) {
  const ws::DeflateParams& p = agreed.params;
  if (offer.name != "permessage-deflate") return false;
  if (parameter(offer, "server_no_context_takeover") != nullptr && !p.server_no_context_takeover) return false;
  const auto* server = parameter(offer, "server_max_window_bits");
  if (server != nullptr && (!server->value || p.server_max_window_bits > std::atoi(server->value->c_str())))
    return false;
  const auto* client = parameter(offer, "client_max_window_bits");
  if (client == nullptr && parameter(agreed.response, "client_max_window_bits") != nullptr) return false;
  return client == nullptr || !client->value || p.client_max_window_bits <= std::atoi(client->value->c_str());
}

void check_agreement(const std::vector<ws::Extension>& offers, const ws::DeflateParams& preference) {
  const auto agreed = ws::accept_deflate(offers, preference);
  if (!agreed) return;
  const ws::DeflateParams& p = agreed->params;
  check(p.server_max_window_bits >= 8 && p.server_max_window_bits <= 15 && p.client_max_window_bits >= 8 &&
            p.client_max_window_bits <= 15,
        "windows have 8 to 15 bits");
  check(std::ranges::any_of(offers, [&](const auto& offer) { return fits(offer, *agreed); }),
        "the answer fits an element of the offer");
  // What the answer says is what the parameters say.
  const ws::DeflateOffer widest{};
  const auto read = ws::check_deflate(widest, agreed->response);
  check(read && *read == p, "the answer says what was agreed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices(fuzz::octets(data, size));
  const unsigned how = choices.octet();
  const ws::DeflateParams preference{.server_no_context_takeover = (how & 1) != 0,
                                     .client_no_context_takeover = (how & 2) != 0,
                                     .server_max_window_bits = static_cast<int>(8 + (how >> 2 & 7)),
                                     .client_max_window_bits = static_cast<int>(8 + (how >> 5 & 7))};
  const std::string_view value = ws::as_text(choices.rest());
  const auto list = ws::parse_extensions(value);
  const auto of_field = ws::parse_extensions({{"sec-websocket-extensions", std::string(value)}});
  check(of_field == list, "a field is read as its value is");
  if (!list) return 0;
  check(!list->empty(), "a list has an element");
  const std::string again = ws::serialize(*list);
  const auto reread = ws::parse_extensions(again);
  check(reread && *reread == *list && ws::serialize(*reread) == again, "a list survives a rewriting");

  check_agreement(*list, preference);
  for (const ws::Extension& element : *list) {
    const auto read = ws::read_offer(element);
    if (read) check(ws::read_offer(ws::to_extension(*read)) == read, "an offer survives a rewriting");
  }
  for (const ws::Extension& answer : *list) {
    ws::DeflateOffer offer{.server_no_context_takeover = (how & 4) != 0, .client_max_window_bits = (how & 8) != 0};
    if ((how & 16) != 0) offer.server_max_window_bits = preference.client_max_window_bits;
    if (offer.client_max_window_bits && (how & 2) != 0)
      offer.client_max_window_bits_hint = preference.client_max_window_bits;
    const auto params = ws::check_deflate(offer, answer);
    if (!params) continue;
    check(!offer.server_no_context_takeover || params->server_no_context_takeover, "a demand is granted");
    check(params->server_max_window_bits <= offer.server_max_window_bits.value_or(15), "a limit is kept");
    check(offer.client_max_window_bits || params->client_max_window_bits == 15,
          "nothing is asked that was not offered");
    check(parameter(answer, "client_max_window_bits") == nullptr ||
              params->client_max_window_bits <= offer.client_max_window_bits_hint.value_or(15),
          "a hint is kept");
  }
  return 0;
}

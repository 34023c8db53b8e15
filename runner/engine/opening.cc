// opening.cc - the tester's side of the opening handshake.
#include "runner/engine/session.h"

#include <fmt/format.h>

#include <charconv>
#include <random>

namespace touchstone {
namespace {

std::string fresh_key(std::uint64_t seed) {
  std::mt19937_64 random(seed ^ 0x5ec7e7);
  std::array<std::byte, 16> nonce;
  for (auto& octet : nonce) octet = static_cast<std::byte>(random());
  return ws::encode_nonce(nonce);
}

std::optional<int> number(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc{} && end == text->data() + text->size() ? std::optional(value) : std::nullopt;
}

// One element of the offer as the value that check_deflate() judges against.
ws::DeflateOffer as_offer(const ws::Extension& element) {
  ws::DeflateOffer offer;
  offer.client_max_window_bits = false;
  for (const auto& parameter : element.parameters) {
    if (parameter.name == "server_no_context_takeover") offer.server_no_context_takeover = true;
    if (parameter.name == "client_no_context_takeover") offer.client_no_context_takeover = true;
    if (parameter.name == "server_max_window_bits") offer.server_max_window_bits = number(parameter.value);
    if (parameter.name == "client_max_window_bits") {
      offer.client_max_window_bits = true;
      offer.client_max_window_bits_hint = number(parameter.value);
    }
  }
  return offer;
}

}  // namespace

OpeningRequest opening_request(const Target& target, const std::vector<std::string>& offer, std::uint64_t seed) {
  OpeningRequest request;
  request.promise.key = fresh_key(seed);
  request.promise.subprotocols = target.subprotocols;
  auto& fields = request.head.fields;
  request.head.method = "GET";
  request.head.target = target.url.target;
  fields.push_back({"Host", target.host.empty() ? ws::host_field(target.url) : target.host});
  fields.push_back({"Upgrade", "websocket"});
  fields.push_back({"Connection", "Upgrade"});
  fields.push_back({"Sec-WebSocket-Key", request.promise.key});
  fields.push_back({"Sec-WebSocket-Version", "13"});
  if (!target.subprotocols.empty()) {
    fields.push_back({"Sec-WebSocket-Protocol", fmt::format("{}", fmt::join(target.subprotocols, ", "))});
  }
  if (!offer.empty()) {
    const std::string value = fmt::format("{}", fmt::join(offer, ", "));
    fields.push_back({"Sec-WebSocket-Extensions", value});
    if (auto parsed = ws::parse_extensions(value)) request.offers = std::move(*parsed);
  }
  fields.insert(fields.end(), target.fields.begin(), target.fields.end());
  return request;
}

std::expected<std::optional<ws::DeflateParams>, ws::Violation> judge_answer(const ws::ResponseHead& answer,
                                                                            const OpeningRequest& request) {
  ws::ResponseHead without_extensions = answer;
  std::erase_if(without_extensions.fields, [](const ws::Field& field) {
    return ws::equals_ignoring_case(field.name, "Sec-WebSocket-Extensions");
  });
  if (const auto facts = ws::check_response(without_extensions, request.promise); !facts) {
    return std::unexpected(facts.error());
  }
  const auto chosen = ws::parse_extensions(answer.fields);
  if (!chosen) return std::unexpected(chosen.error());
  std::optional<ws::DeflateParams> agreed;
  for (const auto& element : *chosen) {
    std::expected<ws::DeflateParams, ws::Violation> verdict = std::unexpected(ws::Violation::extension_not_offered);
    for (const auto& offered : request.offers) {
      if (verdict || element.name != offered.name) continue;
      verdict = ws::check_deflate(as_offer(offered), element);
    }
    if (!verdict) return std::unexpected(verdict.error());
    if (agreed) return std::unexpected(ws::Violation::extension_parameters_invalid);  // the same extension twice
    agreed = *verdict;
  }
  return agreed;
}

}  // namespace touchstone

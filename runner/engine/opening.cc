// opening.cc - the tester's side of the opening handshake.
#include "runner/engine/opening.h"

#include "runner/engine/watchdog.h"

#include <fmt/format.h>
#include <asio/error.hpp>

#include <charconv>
#include <random>

namespace touchstone {
namespace {

constexpr ws::HeadLimits kHeadLimits{.octets = 64 * 1024, .fields = 1000};

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

std::string opening_failure(const std::error_code& error, bool timed_out, std::size_t got,
                            const SessionOptions& options) {
  if (timed_out) return fmt::format("no answer to the opening handshake within {} ms", options.timeout.count());
  if (error == asio::error::eof) {
    return fmt::format("the server closed TCP {} its answer to the opening handshake", got == 0 ? "before" : "inside");
  }
  return fmt::format("the connection ended in the opening handshake: {}", error.message());
}

bool accept_answer(Observation& o, const OpeningRequest& request, ws::ByteView head) {
  auto answer = ws::parse_response(head, kHeadLimits);
  if (!answer) {
    o.handshake_violation = answer.error();
    return false;
  }
  o.response = std::move(*answer);
  if (o.response->status != 101) {
    o.handshake_failure = fmt::format("the server answered {} {}", o.response->status, o.response->reason);
    return false;
  }
  const auto agreed = judge_answer(*o.response, request);
  if (!agreed) {
    o.handshake_violation = agreed.error();
    return false;
  }
  o.deflate = *agreed;
  return true;
}

// The agreement in which everything that `wish` names holds, if the offer allows one.
std::optional<ws::DeflateAgreement> agree_on(const ws::Extension& offered, const ws::Extension& wish) {
  ws::DeflateParams wanted;
  for (const auto& parameter : wish.parameters) {
    if (parameter.name == "server_no_context_takeover") wanted.server_no_context_takeover = true;
    if (parameter.name == "client_no_context_takeover") wanted.client_no_context_takeover = true;
    if (parameter.name == "server_max_window_bits") wanted.server_max_window_bits = number(parameter.value).value_or(15);
    if (parameter.name == "client_max_window_bits") wanted.client_max_window_bits = number(parameter.value).value_or(15);
  }
  auto agreement = ws::accept_deflate({offered}, wanted);
  if (!agreement) return std::nullopt;
  const ws::DeflateParams& got = agreement->params;
  const bool granted = got.server_no_context_takeover >= wanted.server_no_context_takeover &&
                       got.client_no_context_takeover >= wanted.client_no_context_takeover &&
                       got.server_max_window_bits <= wanted.server_max_window_bits &&
                       got.client_max_window_bits <= wanted.client_max_window_bits;
  return granted ? agreement : std::nullopt;
}

std::optional<ws::DeflateAgreement> choose_deflate(const Case& c, const std::vector<ws::Extension>& offers) {
  if (c.accept.empty()) return c.needs_deflate ? ws::accept_deflate(offers) : std::nullopt;
  for (const auto& text : c.accept) {
    const auto wish = ws::parse_extensions(text);
    if (!wish || wish->empty()) continue;
    for (const auto& offered : offers) {
      if (auto agreement = agree_on(offered, wish->front())) return agreement;
    }
  }
  return std::nullopt;
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

OpeningAnswer opening_answer(const Case& c, const ws::RequestFacts& request) {
  OpeningAnswer answer;
  answer.head.status = 101;
  answer.head.reason = "Switching Protocols";
  auto& fields = answer.head.fields;
  fields.push_back({"Upgrade", "websocket"});
  fields.push_back({"Connection", "Upgrade"});
  fields.push_back({"Sec-WebSocket-Accept", ws::accept_key(request.key)});
  if (!request.subprotocols.empty()) fields.push_back({"Sec-WebSocket-Protocol", request.subprotocols.front()});
  if (const auto agreement = choose_deflate(c, request.extensions)) {
    answer.deflate = agreement->params;
    fields.push_back({"Sec-WebSocket-Extensions", ws::serialize({agreement->response})});
  }
  return answer;
}

asio::awaitable<bool> open_as_client(Opening& opening, const Case& c, const Target& target,
                                     const SessionOptions& options) {
  Observation& o = opening.observation;
  const OpeningRequest request = opening_request(target, c.offer, options.seed);
  const std::string head = ws::serialize(request.head);
  opening.recorder.transcript().request = head;
  Watchdog watchdog(*opening.stream);
  watchdog.arm(options.timeout);
  const auto write_error = co_await opening.stream->write(ws::as_octets(head));
  ws::Bytes octets, buffer(16 * 1024);
  std::optional<std::size_t> end;
  while (!write_error && !end) {
    const auto n = co_await opening.stream->read_some(buffer);
    if (!n) {
      o.handshake_failure = opening_failure(n.error(), watchdog.bit(), octets.size(), options);
      break;
    }
    ws::append(octets, std::span(buffer).first(*n));
    const auto found = ws::head_end(octets, kHeadLimits);
    if (!found) {
      o.handshake_violation = found.error();
      break;
    }
    end = *found;
  }
  if (write_error) o.handshake_failure = opening_failure(write_error, watchdog.bit(), 0, options);
  const auto answer = std::span(octets).first(end.value_or(octets.size()));
  opening.recorder.transcript().response = ws::to_string(answer);
  if (!end || !accept_answer(o, request, answer)) co_return false;
  opening.early.assign(octets.begin() + static_cast<std::ptrdiff_t>(*end), octets.end());
  co_return true;
}

asio::awaitable<bool> open_as_server(Opening& opening, const Case& c, ws::RequestHead request,
                                     const SessionOptions& options) {
  Observation& o = opening.observation;
  opening.recorder.transcript().request = ws::serialize(request);
  const auto facts = ws::check_request(request);
  o.request = std::move(request);
  if (!facts) {
    o.handshake_violation = facts.error();
    co_return false;
  }
  OpeningAnswer answer = opening_answer(c, *facts);
  const std::string head = ws::serialize(answer.head);
  opening.recorder.transcript().response = head;
  o.deflate = answer.deflate;
  Watchdog watchdog(*opening.stream);
  watchdog.arm(options.timeout);
  const auto error = co_await opening.stream->write(ws::as_octets(head));
  if (!error) co_return true;
  o.handshake_failure = watchdog.bit() ? "the client did not take the answer to its opening handshake"
                                       : fmt::format("the connection ended in the opening handshake: {}", error.message());
  co_return false;
}

}  // namespace touchstone

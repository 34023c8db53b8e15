// opening.cc - the tester's side of the opening handshake.
#include "runner/engine/talk/opening.h"

#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/earlier.h"
#include "runner/engine/talk/opening_head.h"
#include "runner/engine/talk/outbound.h"
#include "runner/engine/talk/watchdog.h"

#include <fmt/format.h>
#include <ws/rules/answer.h>
#include <asio/error.hpp>

#include <algorithm>
#include <cctype>
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

constexpr const char* kAnswer = "the answer to the opening handshake";

// How long it is waited for once the head is on its way.
Silences::Patience patience(const Case& c, const SessionOptions& options) {
  if (!options.silences) return {options.timeout};
  return options.silences->patience(kAnswer, options.timeout, moment(options), options.must_prove, c.bulk);
}

void note_failure(Observation& o, const std::error_code& error, bool timed_out, std::size_t got,
                  Silences::Patience patience) {
  o.opening_silent = timed_out;
  if (timed_out) {
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(patience.time);
    o.handshake_failure = fmt::format("no answer to the opening handshake within {} ms", waited.count());
    o.waited_briefly = !patience.is_proof;
    o.lacks = kAnswer;
  } else if (error == asio::error::eof) {
    o.eof = true;
    o.handshake_failure =
        fmt::format("the server closed TCP {} its answer to the opening handshake", got == 0 ? "before" : "inside");
  } else {
    o.reset = true;
    o.handshake_failure = fmt::format("the connection ended in the opening handshake: {}", error.message());
  }
}

void accept_answer(Observation& o, const OpeningRequest& request,
                   const std::expected<ws::ResponseHead, ws::Violation>& answer) {
  if (!answer) {
    o.handshake_violation = answer.error();
    return;
  }
  o.response = *answer;
  if (answer->status != 101) {
    o.handshake_failure = fmt::format("the server answered {} {}", answer->status, answer->reason);
    return;
  }
  auto reading = ws::rules::read_answer(*answer, request.facts);
  o.answer_faults = std::move(reading.faults);
  if (!reading.agreement) {
    o.handshake_violation = o.answer_faults.back().violation;
    return;
  }
  // A strict client fails the connection for any fault (RFC 6455 4.1). Here it is noted, and what lies after it is
  // judged too, on the connection as the server says that it is.
  o.deflate = reading.agreement->deflate;
  o.unknown_extension = reading.agreement->unknown_extension;
  o.opened = true;
}

// The agreement in which everything that `wish` names holds, if the offer allows one.
std::optional<ws::DeflateAgreement> agree_on(const ws::Extension& offered, const ws::Extension& wish) {
  ws::DeflateParams wanted;
  for (const auto& parameter : wish.parameters) {
    if (parameter.name == "server_no_context_takeover") wanted.server_no_context_takeover = true;
    if (parameter.name == "client_no_context_takeover") wanted.client_no_context_takeover = true;
    if (parameter.name == "server_max_window_bits")
      wanted.server_max_window_bits = number(parameter.value).value_or(15);
    if (parameter.name == "client_max_window_bits")
      wanted.client_max_window_bits = number(parameter.value).value_or(15);
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

std::string swapped(std::string name) {
  if (std::ranges::none_of(name, [](unsigned char c) { return std::isalpha(c) != 0; })) return "x-not-offered";
  for (char& c : name) c = static_cast<char>(std::isalpha(static_cast<unsigned char>(c)) != 0 ? c ^ 0x20 : c);
  return name;
}

// The elements of a comma list over all fields of that name, whatever they are.
std::vector<std::string> elements(const std::vector<ws::Field>& fields, std::string_view name) {
  std::vector<std::string> all;
  for (const std::string_view value : ws::field_values(fields, name))
    for (const std::string_view element : ws::list_elements(value)) all.emplace_back(element);
  return all;
}

ws::Bytes script_octets(const Payload& payload, std::uint64_t seed) { return PayloadGenerator(seed).make(payload); }

// The frames of the steps up to the first wait. The dialogue composes the same octets and does not send them again.
ws::Bytes glued_frames(const Case& c, ws::Role role, std::uint64_t seed,
                       const std::optional<ws::DeflateParams>& deflate) {
  DeflateCache cache;
  Composer composer(role, seed, deflate, cache);
  PayloadGenerator payloads(seed);
  ws::Bytes octets;
  const auto sink = [&](const WireFrame& frame) { ws::append(octets, frame.octets); };
  // True: the step was composed, and the next one may go out with it.
  const Overloaded compose{
      [&](const step::Frame& frame) {
        composer.frame(frame, payloads.make(frame.payload), sink);
        return true;
      },
      [&](const step::Message& message) {
        composer.message(message.opcode, payloads.make(message.payload), message.fragment, message.deflate, sink);
        return true;
      },
      [](const step::OneOf<step::Close, step::Octets, step::Repeat> auto&) { return false; },
      [](const step::WithoutPayload auto&) { return false; },
  };
  for (const Step& step : c.steps) {
    if (!std::visit(compose, step.action)) break;
  }
  return octets;
}

ws::Bytes what_is_behind(Opening& opening, const Case& c, const HeadScript& script, ws::Role role, std::uint64_t seed,
                         const std::optional<ws::DeflateParams>& deflate) {
  ws::Bytes behind = script_octets(script.behind, seed);
  if (!script.glue) return behind;
  const ws::Bytes frames = glued_frames(c, role, seed, deflate);
  opening.ahead = frames.size();
  ws::append(behind, frames);
  return behind;
}

// Whether a client has to take the answer that was made of a script, and what is in force then.
std::optional<ws::DeflateParams> judge_own_answer(OpeningAnswer& answer, std::size_t start,
                                                  const ws::RequestFacts& request) {
  const auto head = ws::parse_response(ws::ByteView(answer.octets).subspan(start), kHeadLimits);
  answer.lawful = false;
  answer.status = head ? std::optional(head->status) : std::nullopt;
  if (!head || head->status != 101) return std::nullopt;
  const auto reading = ws::rules::read_answer(*head, request);
  answer.lawful = reading.faults.empty();
  return answer.lawful ? reading.agreement->deflate : std::nullopt;
}

}  // namespace

OpeningRequest opening_request(const Case& c, const Target& target, std::uint64_t seed) {
  OpeningRequest request;
  request.facts.key = fresh_key(seed);
  PlainHead plain{fmt::format("GET {} HTTP/1.1", target.url.target), {}};
  const std::string host = target.host.empty() ? ws::host_field(target.url) : target.host;
  auto& fields = plain.fields;
  fields.push_back({"Host", host});
  fields.push_back({"Upgrade", "websocket"});
  fields.push_back({"Connection", "Upgrade"});
  fields.push_back({"Sec-WebSocket-Key", request.facts.key});
  fields.push_back({"Sec-WebSocket-Version", "13"});
  if (!target.subprotocols.empty()) {
    fields.push_back({"Sec-WebSocket-Protocol", fmt::format("{}", fmt::join(target.subprotocols, ", "))});
  }
  if (!c.offer.empty()) fields.push_back({"Sec-WebSocket-Extensions", fmt::format("{}", fmt::join(c.offer, ", "))});
  fields.insert(fields.end(), target.fields.begin(), target.fields.end());
  const HeadWords words{host, target.url.target, request.facts.key, {}, {}, {}, {}};
  auto head = scripted_head(c.request.value_or(HeadScript{}), plain, words, seed);
  request.octets = std::move(head.octets);
  // What the endpoint may choose from is what this head says, as it is sent.
  if (const auto* key = ws::find_field(head.fields, "Sec-WebSocket-Key")) request.facts.key = key->value;
  request.facts.subprotocols = elements(head.fields, "Sec-WebSocket-Protocol");
  if (auto parsed = ws::parse_extensions(head.fields)) request.facts.extensions = std::move(*parsed);
  return request;
}

OpeningAnswer opening_answer(const Case& c, const ws::RequestHead& request, const ws::RequestFacts& facts,
                             std::uint64_t seed) {
  OpeningAnswer answer;
  PlainHead plain{fmt::format("HTTP/1.1 101 {}", ws::reason_phrase(101)), {}};
  auto& fields = plain.fields;
  const std::string accept = ws::accept_key(facts.key);
  const std::string subprotocol = facts.subprotocols.empty() ? std::string() : facts.subprotocols.front();
  fields.push_back({"Upgrade", "websocket"});
  fields.push_back({"Connection", "Upgrade"});
  fields.push_back({"Sec-WebSocket-Accept", accept});
  if (!subprotocol.empty()) fields.push_back({"Sec-WebSocket-Protocol", subprotocol});
  if (const auto agreement = choose_deflate(c, facts.extensions)) {
    answer.deflate = agreement->params;
    fields.push_back({"Sec-WebSocket-Extensions", ws::serialize({agreement->response})});
  }
  const ws::Field* const host = ws::find_field(request.fields, "Host");
  const HeadWords words{host == nullptr ? std::string() : host->value,
                        request.target,
                        facts.key,
                        accept,
                        subprotocol,
                        swapped(subprotocol),
                        swapped(accept)};
  const HeadScript script = c.answer.value_or(HeadScript{});
  const auto head = scripted_head(script, plain, words, seed);
  answer.octets = head.octets;
  if (c.answer) answer.deflate = judge_own_answer(answer, head.start, facts);
  return answer;
}

namespace {

std::vector<ws::Bytes> earlier_requests(const Case& c, const Target& target, std::uint64_t seed) {
  std::vector<ws::Bytes> out;
  if (!c.request) return out;
  for (const HeadScript& script : c.request->earlier) {
    Case one = c;
    one.request = script;
    ws::Bytes octets = opening_request(one, target, seed + out.size() + 1).octets;
    ws::append(octets, script_octets(script.behind, seed));
    out.push_back(std::move(octets));
  }
  return out;
}

ws::Bytes joined(const std::vector<ws::Bytes>& requests, ws::ByteView last) {
  ws::Bytes all;
  for (const ws::Bytes& request : requests) ws::append(all, request);
  ws::append(all, last);
  return all;
}

}  // namespace

asio::awaitable<bool> open_as_client(Opening& opening, const Case& c, const Target& target,
                                     const SessionOptions& options) {
  Observation& o = opening.observation;
  const OpeningRequest request = opening_request(c, target, options.seed);
  const HeadScript script = c.request.value_or(HeadScript{});
  const ws::Bytes behind = what_is_behind(opening, c, script, ws::Role::client, options.seed, std::nullopt);
  opening.recorder.transcript().request =
      ws::to_string(request.octets) + ws::to_string(script_octets(script.behind, options.seed));
  Watchdog watchdog(*opening.stream);
  watchdog.arm(options.timeout);
  const std::vector<ws::Bytes> earlier = earlier_requests(c, target, options.seed);
  AfterEarlier before{.goes_on = true, .came = {}};
  if (!script.pipelined) {
    before = co_await ask_earlier(opening, script, earlier);
    if (!before.goes_on) co_return false;
    watchdog.arm(options.timeout);
  }
  const ws::Bytes all = script.pipelined ? joined(earlier, request.octets) : ws::Bytes();
  const ws::ByteView head_octets = script.pipelined ? all : request.octets;
  const SentHead sent = co_await send_head(*opening.stream, script, head_octets, behind, options);
  o.spoke_early = sent.spoke_early;
  if (script.pipelined) {
    before = co_await ask_earlier(opening, script, earlier);
    if (!before.goes_on) co_return false;
  }
  const auto sent_at = std::chrono::steady_clock::now();
  const Silences::Patience most = patience(c, options);
  if (!sent.error) watchdog.arm(std::chrono::duration_cast<std::chrono::milliseconds>(most.time));
  // An endpoint may refuse before it has read all of a head, so a failed write is not the end of the matter.
  ws::Bytes octets = std::move(before.came), buffer(16 * 1024);
  std::size_t begin = 0;
  std::optional<std::size_t> end;
  while (!end) {
    const auto found = ws::head_end(ws::ByteView(octets).subspan(begin), kHeadLimits);
    if (!found) {
      o.handshake_violation = found.error();
      break;
    }
    if (*found) {
      const auto head = ws::ByteView(octets).subspan(begin, **found);
      const auto answer = ws::parse_response(head, kHeadLimits);
      begin += **found;
      // RFC 9110 15.2: interim answers go before the final one.
      if (!answer || answer->status == 101 || answer->status >= 200) end = begin;
      if (end) accept_answer(o, request, answer);
      continue;
    }
    const auto n = co_await opening.stream->read_some(buffer);
    if (!n && !earlier.empty() && !watchdog.bit()) {
      o.unasked = "it ends TCP after an earlier request, as it may (RFC 9112 9.5)";
      o.handshake_failure = o.unasked;
      break;
    }
    if (!n) {
      note_failure(o, sent.error ? sent.error : n.error(), watchdog.bit(), octets.size(), most);
      if (options.silences && watchdog.bit() && most.is_proof) options.silences->add(kAnswer);
      break;
    }
    if (!opening.recorder.budget().take(*n)) {
      o.flooded = true;
      o.handshake_failure = "what it says before its answer to the opening handshake is more than the tester keeps";
      break;
    }
    ws::append(octets, std::span(buffer).first(*n));
  }
  if (options.silences && o.response) options.silences->came_after(kAnswer, std::chrono::steady_clock::now() - sent_at);
  const std::size_t heads = std::min(end.value_or(octets.size()), kHeadLimits.octets);
  opening.recorder.transcript().response = ws::to_string(ws::ByteView(octets).first(heads));
  if (!o.opened) co_return false;
  opening.early.assign(octets.begin() + static_cast<std::ptrdiff_t>(*end), octets.end());
  co_return true;
}

asio::awaitable<bool> open_as_server(Opening& opening, const Case& c, ws::RequestHead request,
                                     const SessionOptions& options) {
  Observation& o = opening.observation;
  opening.recorder.transcript().request = ws::serialize(request);
  // A strict server refuses a request with any fault (RFC 6455 4.2.1). Here it is noted, and what lies after it is
  // judged too, where it is clear what the client asks for.
  auto reading = ws::rules::read_request(request);
  o.request = std::move(request);
  o.request_faults = std::move(reading.faults);
  const auto& facts = reading.facts;
  if (!facts) {
    o.handshake_violation = facts.error();
    co_return false;
  }
  if (options.nonces && ws::is_valid_key(facts->key)) o.nonce_fault = options.nonces->add(facts->key);
  const OpeningAnswer answer = opening_answer(c, *o.request, *facts, options.seed);
  o.request_unclear = reading.key_unclear || (reading.offer_unclear && answer.deflate.has_value());
  const HeadScript script = c.answer.value_or(HeadScript{});
  o.deflate = answer.deflate;
  o.answer_lawful = answer.lawful;
  o.answer_status = answer.status;
  const ws::Bytes behind = what_is_behind(opening, c, script, ws::Role::server, options.seed, answer.deflate);
  opening.recorder.transcript().response =
      ws::to_string(answer.octets) + ws::to_string(script_octets(script.behind, options.seed));
  // RFC 6455 4.1: a client waits for the answer before it sends anything more.
  o.spoke_early = !opening.early.empty();
  Watchdog watchdog(*opening.stream);
  watchdog.arm(options.timeout);
  const SentHead sent = co_await send_head(*opening.stream, script, answer.octets, behind, options);
  o.spoke_early = o.spoke_early || sent.spoke_early;
  // A client that refuses the answer may end TCP while the answer is still on its way.
  if (!sent.error || (c.expect && c.expect->opening)) {
    o.opened = true;
    co_return true;
  }
  o.handshake_failure = watchdog.bit()
                            ? "the client did not take the answer to its opening handshake"
                            : fmt::format("the connection ended in the opening handshake: {}", sent.error.message());
  co_return false;
}

}  // namespace touchstone

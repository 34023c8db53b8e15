#include "runner/campaign/evaluate.h"

#include "runner/campaign/openings.h"
#include "runner/campaign/raw_request.h"
#include "runner/engine/verdict/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace touchstone::fuzz {
namespace {

// Parameters of an answer that do not fit the offer, whichever rule of RFC 7692 7.1 they break.
constexpr std::string_view kAgreement = "rfc7692-5-9";

bool is_hex(std::string_view word) {
  return word.size() >= 2 && word.size() % 2 == 0 &&
         std::ranges::all_of(word, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_number(std::string_view word) {
  return !word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) != 0;
}

// "Close 1002 (3 octets): "ab"" -> "Close # (# octets): #": what is left tells of the kind, not of the one input.
std::string kind_of(std::string text) {
  // A payload is quoted as it is, quotation marks included.
  if (const auto quote = text.find('"'); quote != std::string::npos)
    text.replace(quote, text.rfind('"') - quote + 1, "0");
  if (text.starts_with("a refusal")) return "a refusal";
  if (const auto same = text.find("the one that was sent"); same != std::string::npos) text.resize(same), text += "0";
  if (const auto size = text.find(" ("); size != std::string::npos && text.ends_with(" octets)")) text.resize(size);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && std::isalnum(static_cast<unsigned char>(text[end])) != 0) ++end;
    const auto word = std::string_view(text).substr(at, end - at);
    const bool number = is_number(word) || (word.starts_with('m') && is_number(word.substr(1)));  // m1: a sentinel
    out += number || is_hex(word) ? std::string_view("#") : word;
    at = end;
    while (at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) == 0) out += text[at++];
  }
  while (out.ends_with('.')) out.pop_back();
  return out;
}

// The finding that says most: of the gravest ones that which tells how the rule was broken that the stimulus breaks.
const Finding* gravest(const Case& c, const Verdict& verdict) {
  const Finding* best = nullptr;
  const auto rank = [&](const Finding& finding) {
    const bool fault =
        finding.requirement == c.requirements.front() && finding.expected.starts_with("the connection fails");
    return std::pair(finding.weight, fault);
  };
  for (const Finding& finding : verdict.findings) {
    if (finding.weight != Finding::Weight::violation && finding.weight != Finding::Weight::weak) continue;
    if (best == nullptr || rank(*best) < rank(finding)) best = &finding;
  }
  return best;
}

// What the judge of openings says, and says of nothing else.
bool is_about_the_opening(const Finding& finding, const Case& c, const Observation& o) {
  return c.expect->opening && (finding.expected.starts_with("a refusal") || (!o.opened && !o.handshake_violation));
}

// The judge holds against the first requirement of the case whatever went wrong in it. Here what went wrong before the
// fault has nothing to do with the fault, and what went wrong behind an opening handshake nothing with that.
std::string requirement_of(const Finding& finding, const Case& c, const Observation& o) {
  const bool own = std::ranges::find(c.requirements, finding.requirement) != c.requirements.end();
  if (!own || whole_opening(c) || is_about_the_opening(finding, c, o)) return finding.requirement;
  if (finding.expected.starts_with("the connection fails") || finding.expected.starts_with("the endpoint goes on"))
    return c.requirements.back();
  if (o.handshake_violation) {
    const auto duty = ws::requirement_of_sender(*o.handshake_violation, ws::Role::server);
    return std::string(duty.empty() ? kAgreement : duty);
  }
  return std::string(kProcessing);
}

// An answer may limit more than was asked for (RFC 7692 7.1.1.2, 7.1.2.2), and then raw compressed data may inflate to
// something else. Nothing: then it is another question which answer is right.
std::optional<Case> as_agreed(const Case& c, const Observation& o, std::uint64_t seed) {
  const bool raw = std::ranges::any_of(c.steps, [](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    return frame != nullptr && frame->rsv == 4;
  });
  if (!raw || !c.needs_deflate || !o.deflate || whole_opening(c)) return c;
  if (!o.deflate->client_no_context_takeover && o.deflate->client_max_window_bits == 15) return c;
  Case agreed = c;
  const std::optional<ExpectOpening> opening = c.expect->opening;
  agreed.expect = derive(c, Side::server, o.deflate, seed);
  agreed.expect->opening = opening;
  // A fault elsewhere: what the RFC leaves open about a fault (C-31) was settled for the other one.
  if (agreed.expect->end.index() != c.expect->end.index() || agreed.expect->replies.size() != c.expect->replies.size())
    return std::nullopt;
  agreed.expect->end = c.expect->end;
  return agreed;
}

// C-15: an endpoint may have any limit of its own, and says so.
bool has_a_limit(const Observation& o) {
  return o.close && *o.close && (*o.close)->code == ws::close_code::kMessageTooBig;
}

// To refuse a client for its offer is unwise and no more (see the judge), whatever else is unusual in the request.
bool may_refuse_the_offer(const Case& c, const Observation& o) {
  return !c.offer.empty() && !whole_opening(c) && o.response && o.response->status != 101;
}

std::string_view end_of(const Observation& o) {
  if (o.close) return *o.close ? "close" : "empty-close";
  if (o.ended_after_half_close) return "our-fin";
  return o.reset ? "reset" : o.eof ? "eof" : "open";
}

std::string outcome_of(const Verdict& verdict, const Observation& o) {
  std::string out = fmt::format("{}/{}", name(verdict.behavior), end_of(o));
  if (o.close && *o.close) out += fmt::format("-{}", (*o.close)->code);
  if (o.violation) out += fmt::format("/{}", ws::rule(*o.violation).name);
  out += fmt::format("/{}{}{}", std::min<std::size_t>(o.messages.size(), 3), o.survived ? "/survived" : "",
                     o.out_of_time ? "/late" : "");
  for (const Finding& finding : verdict.findings) out += "/" + finding.requirement;
  return out;
}

}  // namespace

asio::awaitable<Evaluation> evaluate(const Case& c, const Target& target, const SessionOptions& options,
                                     DeflateCache& cache) {
  Evaluation out;
  auto observed = co_await observe(c, target, options, cache);
  if (!observed) {
    out.why = observed.error().text;
    co_return out;
  }
  // With an opening handshake of its own a stimulus may well get no answer.
  out.connected = observed->response || observed->handshake_violation || c.request;
  if (!out.connected) out.why = observed->handshake_failure;
  out.observation = std::move(*observed);
  const std::optional<Case> agreed = as_agreed(c, out.observation, options.seed);
  out.verdict = judge(agreed.value_or(c), out.observation, options.seed);
  const bool no_fault = !agreed || has_a_limit(out.observation) || may_refuse_the_offer(c, out.observation);
  if (leaves_all_open(c) || (out.failed() && no_fault)) out.verdict.behavior = Behavior::informational;
  out.outcome = outcome_of(out.verdict, out.observation);
  if (const Finding* worst = gravest(c, out.verdict); worst != nullptr && (out.failed() || out.weak())) {
    out.cluster = {target.agent, requirement_of(*worst, c, out.observation), kind_of(worst->expected),
                   kind_of(worst->seen)};
  }
  co_return out;
}

}  // namespace touchstone::fuzz

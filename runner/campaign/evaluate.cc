#include "runner/campaign/evaluate.h"

#include "runner/campaign/largest_message.h"
#include "runner/campaign/openings.h"
#include "runner/campaign/raw_request.h"
#include "runner/catalogue/rsv.h"
#include "runner/engine/over_http2.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <ws/rules/finding.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace touchstone::fuzz {
namespace {

using ws::rules::FindingKind;

bool is(const Finding& finding, FindingKind kind) { return finding.kind == ws::rules::name(kind); }

// The finding that says most: of the gravest ones that the fault of the stimulus was overlooked.
const Finding* gravest(const Verdict& verdict) {
  const Finding* best = nullptr;
  const auto rank = [](const Finding& finding) {
    return std::pair(finding.weight, is(finding, FindingKind::fault_ignored));
  };
  for (const Finding& finding : verdict.findings) {
    if (finding.weight == Finding::Weight::choice) continue;
    if (best == nullptr || rank(*best) < rank(finding)) best = &finding;
  }
  return best;
}

// A stimulus may be about an opening handshake and about frames. The frames' rule, its last requirement, is what was
// overlooked in them; by that rule, too, an endpoint that takes what comes with the fault is told from others.
std::string requirement_of(const Finding& finding, const Case& c) {
  constexpr std::array kOfFrames{FindingKind::fault_ignored, FindingKind::message_after_fault,
                                 FindingKind::failed_by_choice};
  const bool of_frames = std::ranges::any_of(kOfFrames, [&](FindingKind kind) { return is(finding, kind); });
  return of_frames && !whole_opening(c) ? c.requirements.back() : finding.requirement;
}

// How the connection ended tells apart why something is missing.
bool depends_on_the_end(const Finding& finding) {
  constexpr std::array kKinds{FindingKind::message_missing,      FindingKind::pong_missing,
                              FindingKind::fault_ignored,        FindingKind::tcp_ended_unasked,
                              FindingKind::close_unanswered,     FindingKind::close_answered_by_end_of_tcp,
                              FindingKind::failed_without_close, FindingKind::close_answer_lost};
  return std::ranges::any_of(kKinds, [&](FindingKind kind) { return is(finding, kind); });
}

// An answer may limit more than was asked for (RFC 7692 7.1.1.2, 7.1.2.2), and then raw compressed data may inflate to
// something else. Nothing: then it is another question which answer is right.
std::optional<Case> as_agreed(const Case& c, const Observation& o, std::uint64_t seed) {
  const bool raw = std::ranges::any_of(c.steps, [](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    return frame != nullptr && frame->rsv == kRsv1;
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

// However a limit shows: an end of TCP without a Close breaks no MUST (7.1.7), and nothing that comes after can be
// asked for. What comes back is judged all the same.
bool may_have_had_enough(const Case& c, const Verdict& verdict) {
  constexpr std::uint64_t kTakenByAll = 256 * 1024;
  constexpr std::array kOfContent{FindingKind::octets_illegal,       FindingKind::message_unexpected,
                                  FindingKind::message_after_fault,  FindingKind::message_differs,
                                  FindingKind::message_type_differs, FindingKind::endpoint_harmed};
  const bool accused = std::ranges::any_of(verdict.findings, [&](const Finding& finding) {
    return finding.weight != Finding::Weight::choice &&
           std::ranges::any_of(kOfContent, [&](FindingKind kind) { return is(finding, kind); });
  });
  return !accused && largest_message(c) > kTakenByAll;
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

Cluster cluster_of(const Finding& finding, const Case& c, const Observation& o, const std::string& endpoint) {
  Cluster cluster{endpoint, requirement_of(finding, c), finding.kind, finding.evidence, {}};
  if (depends_on_the_end(finding)) cluster.outcome = o.survived ? std::string_view("survived") : end_of(o);
  return cluster;
}

std::string outcome_of(const Verdict& verdict, const Observation& o) {
  std::string out = fmt::format("{}/{}", name(verdict.behavior), end_of(o));
  if (o.close && *o.close) out += fmt::format("-{}", (*o.close)->code);
  if (o.violation) out += fmt::format("/{}", ws::rule(*o.violation).name);
  out += fmt::format("/{}{}{}", std::min<std::size_t>(o.messages.size(), 3), o.survived ? "/survived" : "",
                     o.out_of_time ? "/late" : "");
  for (const Finding& finding : verdict.findings) out += "/" + finding.requirement + "-" + finding.kind;
  return out;
}

}  // namespace

Evaluation evaluated(const Case& c, Observation observed, const std::string& endpoint, std::uint64_t seed) {
  Evaluation out;
  // With an opening handshake of its own a stimulus may well get no answer.
  out.connected = observed.response || observed.handshake_violation || c.request || c.http2;
  if (!out.connected) out.why = observed.handshake_failure;
  out.observation = std::move(observed);
  // Many stimuli are under way at a time, so that how long something took says nothing of the endpoint.
  std::erase_if(out.observation.harm, [](const Harm& harm) { return harm.of == Harm::kTime; });
  const std::optional<Case> agreed = as_agreed(c, out.observation, seed);
  out.verdict = judge(agreed.value_or(c), out.observation, seed);
  const bool no_fault = !agreed || has_a_limit(out.observation) || may_refuse_the_offer(c, out.observation);
  const bool limited = out.weak() && has_a_limit(out.observation);
  const bool enough = (out.failed() || out.weak()) && may_have_had_enough(c, out.verdict);
  if (leaves_all_open(c) || (out.failed() && no_fault) || limited || enough) {
    out.verdict.behavior = Behavior::informational;
    out.verdict.hidden = false;
  }
  if (out.observation.http2) speak_of_streams(out.verdict);
  out.outcome = outcome_of(out.verdict, out.observation);
  const Finding* worst = out.failed() || out.weak() ? gravest(out.verdict) : nullptr;
  if (worst != nullptr) out.cluster = cluster_of(*worst, c, out.observation, endpoint);
  return out;
}

Evaluation evaluated(const Case& c, const Result& result) {
  Evaluation out;
  out.connected = true;
  out.verdict.behavior = result.behavior;
  out.verdict.closing = result.closing;
  out.verdict.findings = result.findings;
  out.verdict.hidden = result.hidden;
  out.verdict.summary = result.summary;
  out.observation.transcript = result.transcript;
  const bool too_big = result.remote_close_code == ws::close_code::kMessageTooBig;
  if ((out.failed() || out.weak()) && (too_big || may_have_had_enough(c, out.verdict))) {  // C-15
    out.verdict.behavior = Behavior::informational;
    out.verdict.hidden = false;
  }
  const std::string_view end = result.remote_close_code ? "close" : result.dropped_by_peer ? "eof" : "open";
  out.outcome = fmt::format("{}/{}/{}-{}", name(out.verdict.behavior), name(out.verdict.closing), end,
                            result.remote_close_code.value_or(0));
  for (const Finding& finding : result.findings) out.outcome += "/" + finding.requirement + "-" + finding.kind;
  const Finding* worst = out.failed() || out.weak() ? gravest(out.verdict) : nullptr;
  if (worst == nullptr) return out;
  out.cluster = {result.endpoint, requirement_of(*worst, c), worst->kind, worst->evidence, {}};
  if (depends_on_the_end(*worst)) out.cluster.outcome = end;
  return out;
}

asio::awaitable<Evaluation> evaluate(const Case& c, const Target& target, const SessionOptions& options,
                                     DeflateCache& cache) {
  auto observed = co_await observe(c, target, options, cache);
  if (observed) co_return evaluated(c, std::move(*observed), target.name, options.seed);
  Evaluation out;
  out.why = observed.error().text;
  co_return out;
}

}  // namespace touchstone::fuzz

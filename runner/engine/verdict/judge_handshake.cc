#include "runner/engine/verdict/judge_handshake.h"

#include "runner/engine/verdict/opening_judge.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <ws/rules/answer.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace touchstone {
namespace {

using enum FindingKind;

std::string answered_extensions(const Scene& scene) {
  if (!scene.o.response) return {};
  const auto values = ws::field_values(scene.o.response->fields, "Sec-WebSocket-Extensions");
  return values.empty() ? std::string() : fmt::format(" The answer: {}", fmt::join(values, ", "));
}

std::string offered_extensions(const Scene& scene) {
  const auto values = ws::field_values(scene.o.request->fields, "Sec-WebSocket-Extensions");
  return values.empty() ? "no extension was offered" : fmt::format("the offer: {}", fmt::join(values, ", "));
}

bool is_about_extensions(const ws::rules::AnswerFault& fault) { return ws::rules::is_about_extensions(fault.kind); }

bool is_about_offer(const ws::rules::RequestFault& fault) {
  return fault.violation == ws::Violation::extensions_malformed ||
         fault.violation == ws::Violation::extension_parameters_invalid;
}

// RFC 7692 7.1.2.1: an offer with server_max_window_bits is accepted by including it in the answer. To leave out the
// largest window says the same, so the strict stack takes it; any smaller one it does not.
bool leaves_limit_out(const Scene& scene) {
  constexpr std::string_view kLimit = "server_max_window_bits";
  const auto& offer = scene.c.offer;
  if (std::ranges::any_of(scene.o.answer_faults, is_about_extensions)) return false;  // said already
  if (scene.is_client() || !scene.o.deflate || answered_extensions(scene).contains(kLimit)) return false;
  return !offer.empty() && std::ranges::all_of(offer, [&](const auto& e) { return e.contains(kLimit); });
}

// It opens without this offer, or the run would not have begun. A server may decline an offer, and may refuse a client,
// but there is no reason to refuse a client for a legal offer.
bool refuses_the_offer(const Scene& scene) {
  const Observation& o = scene.o;
  // A case of offers may find the end of TCP instead of an answer; to others that only happened.
  const bool refused = o.response ? o.response->status != 101 : (o.eof || o.reset) && !scene.c.needs_deflate;
  return refused && !scene.is_client() && !scene.c.offer.empty();
}

bool uses_reserved(const std::vector<Step>& steps) {
  return std::ranges::any_of(steps, [](const Step& step) {
    if (const auto* repeat = std::get_if<step::Repeat>(&step.action)) return uses_reserved(repeat->steps);
    const auto* frame = std::get_if<step::Frame>(&step.action);
    return frame != nullptr && (frame->rsv != 0 || ws::is_reserved(frame->opcode));
  });
}

// An extension that is in use may give a meaning to what is reserved, and change what payloads hold: who does not know
// it cannot call that a fault.
bool meaning_is_unknown(const Scene& scene) {
  static constexpr std::array kOfAnExtension{ws::Violation::reserved_bit, ws::Violation::reserved_opcode,
                                             ws::Violation::text_not_utf8, ws::Violation::deflate_corrupt};
  const Observation& o = scene.o;
  return o.unknown_extension &&
         ((o.violation && std::ranges::find(kOfAnExtension, *o.violation) != kOfAnExtension.end()) ||
          uses_reserved(scene.c.steps));
}

// A fault of the server's answer, which was taken at its word all the same.
Finding answered_wrongly(const Scene& scene, const ws::rules::AnswerFault& fault) {
  Finding finding;
  finding.requirement = fault.requirement;
  finding.kind = ws::rules::name(fault.kind);
  const Weighed weighed = weigh(finding.kind, fault.requirement);
  finding.weight = weighed.weight;
  finding.choice = weighed.choice;
  finding.expected = ws::rules::expected(fault);
  finding.seen = ws::rules::seen(fault);
  if (is_about_extensions(fault)) finding.seen += answered_extensions(scene);
  finding.evidence = ws::rules::evidence(fault);
  return finding;
}

// A fault of the client's request, which was taken for what it most likely means.
Finding asked_wrongly(const Scene& scene, const ws::rules::RequestFault& fault) {
  std::string requirement(fault.requirement);
  if (fault.violation == ws::Violation::extension_parameters_invalid) {
    const std::string what = fmt::format("{}; {}", fault.detail, offered_extensions(scene));
    return make_finding(offer_unknown_parameter, {.instead = what}, std::move(requirement));
  }
  Finding finding = make_finding(request_illegal, {.violation = fault.violation}, std::move(requirement));
  if (!fault.detail.empty()) finding.seen += fmt::format(": {}", fault.detail);
  return finding;
}

// A client that did nothing but end a connection whose answer may not fit its request.
bool may_have_refused(const Scene& scene) {
  const Observation& o = scene.o;
  const bool used = scene.came(Seen::Kind::message) || scene.came(Seen::Kind::pong) || scene.came(Seen::Kind::ping);
  return o.request_unclear && !used && (o.eof || o.reset || o.close);
}

// The opening handshake as one step to what the case is about. False: nothing is left to judge, and the verdict says
// why.
class HandshakeJudge {
 public:
  HandshakeJudge(const Scene& scene, Verdict& verdict) : scene_(scene), o_(scene.o), verdict_(verdict) {}

  bool run() {
    if (!o_.unasked.empty()) return stop(Behavior::not_applicable, fmt::format("Not applicable: {}.", o_.unasked));
    for (const auto& fault : o_.answer_faults) verdict_.findings.push_back(answered_wrongly(scene_, fault));
    if (o_.handshake_violation) return broken();
    if (o_.request_unclear && scene_.c.expect->opening) return hide("No answer to this request is certain to fit it.");
    if (may_have_refused(scene_)) return hide("The client ended the connection, whose request was not clear.");
    if (refuses_the_offer(scene_)) {
      find(offer_refused, {.instead = o_.handshake_failure});
      return stop(Behavior::non_strict,
                  fmt::format("A legal offer of extensions was not declined but refused: {}.", o_.handshake_failure));
    }
    if (!o_.handshake_failure.empty()) {
      verdict_.closing = Closing::failed;
      return stop(Behavior::errored, fmt::format("The case could not run: {}.", o_.handshake_failure));
    }
    if (leaves_limit_out(scene_)) find(limit_not_repeated, {.instead = answered_extensions(scene_)});
    if (meaning_is_unknown(scene_)) return hide("An extension is in use that nobody knows.");
    return agreement();
  }

 private:
  void find(FindingKind kind, const Facts& facts = {}) { verdict_.findings.push_back(scene_.finding(kind, facts)); }

  bool stop(Behavior behavior, std::string summary) {
    verdict_.behavior = behavior;
    verdict_.summary = std::move(summary);
    return false;
  }

  bool broken() {
    const auto words = ws::rule(*o_.handshake_violation).text;
    if (o_.answer_faults.empty() && o_.request_faults.empty())
      find(scene_.is_client() ? request_illegal : answer_illegal, {.violation = o_.handshake_violation});
    verdict_.closing = Closing::failed;
    return hide(fmt::format("The opening handshake failed. {}{}", words, answered_extensions(scene_)));
  }

  // A fault of the opening handshake kept the case from its own matter. Where that is the handshake it failed.
  bool hide(std::string why) {
    settle(scene_, verdict_);
    if (is_about_the_opening(scene_.c)) {
      verdict_.summary = std::move(why);
      return false;
    }
    verdict_.hidden = true;
    return stop(Behavior::not_applicable, "Not judged. " + std::move(why));
  }

  // The connection is open, but not in the way that the case needs. Is it the fault of the answer?
  bool go_no_further() {
    if (std::ranges::any_of(o_.answer_faults, is_about_extensions))
      return hide(fmt::format("The answer is not one that this case can use.{}", answered_extensions(scene_)));
    if (std::ranges::any_of(o_.request_faults, is_about_offer))
      return hide(fmt::format("The offer is not one that this case can use ({}).", offered_extensions(scene_)));
    settle(scene_, verdict_);
    return false;
  }

  bool agreement() {
    const Case& c = scene_.c;
    if (c.needs_deflate && !o_.deflate) {
      if (!o_.answer_faults.empty() || !o_.request_faults.empty()) return go_no_further();
      if (scene_.is_client()) {
        find(offer_too_narrow, {.instead = offered_extensions(scene_)});
        return stop(Behavior::unimplemented,
                    "The client's offer does not allow the answer that this case is about, as it may.");
      }
      find(offer_declined);
      return stop(Behavior::unimplemented, "The server did not accept the offer of permessage-deflate, as it may.");
    }
    if (o_.deflate && exceeds_agreement(c, scene_.is_client() ? Side::client : Side::server, *o_.deflate)) {
      if (!o_.answer_faults.empty() || !o_.request_faults.empty()) return go_no_further();
      find(agreement_too_small,
           {.instead = scene_.is_client() ? offered_extensions(scene_) : answered_extensions(scene_)});
      return stop(Behavior::not_applicable,
                  "The data of this case does not fit the window or the context takeover that was agreed.");
    }
    return true;
  }

  const Scene& scene_;
  const Observation& o_;
  Verdict& verdict_;
};

}  // namespace

void settle(const Scene& scene, Verdict& verdict) {
  using Weight = Finding::Weight;
  const auto worst = std::ranges::max_element(verdict.findings, {}, &Finding::weight);
  const Weight weight = worst == verdict.findings.end() ? Weight::choice : worst->weight;
  for (const Finding& finding : verdict.findings) {
    const auto kind = ws::rules::finding_kind(finding.kind);
    const Closing closing = kind ? closing_of(*kind) : Closing::ok;
    if (closing != Closing::ok && (verdict.closing == Closing::ok || closing == Closing::failed))
      verdict.closing = closing;
  }
  if (weight == Weight::violation) {
    verdict.behavior = Behavior::failed;
  } else if (!scene.c.informational.empty()) {
    verdict.behavior = Behavior::informational;
    if (verdict.closing == Closing::ok) verdict.closing = Closing::informational;
  } else if (weight == Weight::weak) {
    verdict.behavior = Behavior::non_strict;
  }
  verdict.summary = worst == verdict.findings.end()
                        ? "All as expected."
                        : fmt::format("Expected: {}; seen: {}.", worst->expected, worst->seen);
}

bool judge_handshake(const Scene& scene, Verdict& verdict) {
  judge_head(scene, verdict.findings);
  for (const auto& fault : scene.o.request_faults) verdict.findings.push_back(asked_wrongly(scene, fault));
  const bool unclear = scene.is_client() && (scene.o.handshake_violation || scene.o.request_unclear);
  const bool asked = !unclear && scene.o.unasked.empty();
  if (scene.c.expect->opening && asked && !judge_opening(scene, verdict.findings)) {
    // An illegal request was taken: of the answer is said what no request could make right.
    for (const auto& fault : scene.o.answer_faults)
      if (ws::rules::holds_for_any_request(fault.kind)) verdict.findings.push_back(answered_wrongly(scene, fault));
    settle(scene, verdict);
    return false;
  }
  return HandshakeJudge(scene, verdict).run();
}

}  // namespace touchstone

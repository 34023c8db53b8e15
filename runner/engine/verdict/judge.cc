// judge.cc - the opening handshake of every case, the order of the judge's parts, and their sum.
#include "runner/engine/verdict/judge.h"

#include "runner/engine/verdict/judge_ending.h"
#include "runner/engine/verdict/judge_legality.h"
#include "runner/engine/verdict/judge_messages.h"
#include "runner/engine/verdict/judge_pongs.h"
#include "runner/engine/verdict/opening_judge.h"
#include "runner/engine/verdict/oracle.h"
#include "runner/engine/verdict/scene.h"

#include <fmt/format.h>

#include <algorithm>

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

// RFC 7692 7.1.2.1: an offer with server_max_window_bits is accepted by including it in the answer. To leave out the
// largest window says the same, so the strict stack takes it; any smaller one it does not.
bool leaves_limit_out(const Scene& scene) {
  constexpr std::string_view kLimit = "server_max_window_bits";
  const auto& offer = scene.c.offer;
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

// The opening handshake as one step to what the case is about. False: nothing is left to judge, and the verdict says
// why.
class HandshakeJudge {
 public:
  HandshakeJudge(const Scene& scene, Verdict& verdict) : scene_(scene), o_(scene.o), verdict_(verdict) {}

  bool run() {
    if (o_.handshake_violation) return broken();
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
    find(scene_.is_client() ? request_illegal : answer_illegal, {.violation = o_.handshake_violation});
    verdict_.closing = Closing::failed;
    return stop(Behavior::failed,
                fmt::format("The opening handshake failed. {}{}", words, answered_extensions(scene_)));
  }

  bool agreement() {
    const Case& c = scene_.c;
    if (c.needs_deflate && !o_.deflate) {
      if (scene_.is_client()) {
        find(offer_too_narrow, {.instead = offered_extensions(scene_)});
        return stop(Behavior::unimplemented,
                    "The client's offer does not allow the answer that this case is about, as it may.");
      }
      find(offer_declined);
      return stop(Behavior::unimplemented, "The server did not accept the offer of permessage-deflate, as it may.");
    }
    if (o_.deflate && exceeds_agreement(c, scene_.is_client() ? Side::client : Side::server, *o_.deflate)) {
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

// What the findings come to: the gravest decides the behaviour; the first that is about the end decides the end, and
// any that failed it.
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

// False: the opening handshake is all that there is to judge, and the verdict is complete.
bool judge_handshake(const Scene& scene, Verdict& verdict) {
  judge_head(scene, verdict.findings);
  const bool asked = !(scene.is_client() && scene.o.handshake_violation);
  if (scene.c.expect->opening && asked && !judge_opening(scene, verdict.findings)) {
    settle(scene, verdict);
    return false;
  }
  return HandshakeJudge(scene, verdict).run();
}

}  // namespace

Verdict judge(const Case& c, const Observation& observation, std::uint64_t seed) {
  const Scene scene{c, observation};
  Verdict verdict;
  if (!judge_handshake(scene, verdict)) return verdict;
  judge_legality(scene, verdict.findings);
  judge_messages(scene, seed, verdict.findings);
  judge_pongs(scene, verdict.findings);
  judge_marks(scene, verdict.findings);
  judge_ending(scene, verdict.findings);
  judge_tcp(scene, verdict.findings);
  settle(scene, verdict);
  return verdict;
}

}  // namespace touchstone

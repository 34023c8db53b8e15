#include "runner/engine/verdict/judge_legality.h"

#include <ws/core/close.h>
#include <ws/rules/mask_keys.h>

namespace touchstone {
namespace {

using enum FindingKind;

// RFC 6455 7.1.7: who failed the connection processes nothing more. Who answers a Ping after a Close that speaks of no
// error did not fail it, but closed as asked; nobody has to refuse some of the codes that the tester sends (C-29).
void judge_late_pong(const Scene& scene, Findings& findings) {
  if (scene.closed_for_an_error()) return findings.push_back(scene.finding(answered_after_failing));
  if (scene.sent_a_bad_code()) return;
  const auto* fails = std::get_if<end::Fails>(&scene.c.expect->end);
  findings.push_back(scene.finding(
      fault_ignored, {.codes = fails != nullptr ? fails->codes : std::vector<std::uint16_t>{},
                      .instead = scene.how_it_ended() + ", and answered a Ping that was sent after the fault"}));
}

void judge_close_frames(const Scene& scene, Findings& findings) {
  const Observation& o = scene.o;
  if (o.repeated_our_bad_code) findings.push_back(scene.finding(bad_code_repeated));
  if (scene.came(Seen::Kind::close_again)) findings.push_back(scene.finding(second_close));
  if (scene.came(Seen::Kind::data_after_close)) findings.push_back(scene.finding(data_after_close));
  if (scene.came(Seen::Kind::answered_after_failing)) judge_late_pong(scene, findings);
  // RFC 6455 7.4.1: only clients have reason to send 1010. Repeating ours is another matter (5.5.1).
  constexpr std::uint16_t k1010 = ws::close_code::kMandatoryExtension;
  const bool says_1010 = o.close && *o.close && (*o.close)->code == k1010;
  if (!scene.is_client() && says_1010 && o.local_close_code != k1010)
    findings.push_back(scene.finding(code_1010_from_server));
}

void judge_mask_keys(const Scene& scene, Findings& findings) {
  if (!scene.is_client()) return;
  if (const auto fault = ws::rules::mask_key_fault(scene.o.mask_keys))
    return findings.push_back(
        scene.finding(ws::rules::finding_kind(fault->kind), {.instead = ws::rules::describe(*fault)}));
  if (const auto& fault = scene.o.mask_keys_of_run)
    findings.push_back(scene.finding(fault->kind, {.instead = fault->text}));
}

}  // namespace

void judge_legality(const Scene& scene, Findings& findings) {
  const Observation& o = scene.o;
  if (o.violation) {
    findings.push_back(scene.finding(
        octets_illegal, {.violation = o.violation, .offset = o.violation_offset, .code = o.bad_close_code}));
  }
  judge_close_frames(scene, findings);
  if (o.empty_compressed) findings.push_back(scene.finding(compressed_message_empty));
  for (const Harm& harm : o.harm)
    findings.push_back(scene.finding(harm.of == Harm::kTime ? endpoint_slowed : endpoint_harmed,
                                     {.what = harm.of, .wanted = harm.expected, .instead = harm.seen}));
  judge_mask_keys(scene, findings);
  if (o.flooded) findings.push_back(scene.finding(frames_without_end));
}

}  // namespace touchstone

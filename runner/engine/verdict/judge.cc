// judge.cc - the order of the judge's parts.
#include "runner/engine/verdict/judge.h"

#include "runner/engine/verdict/judge_ending.h"
#include "runner/engine/verdict/judge_handshake.h"
#include "runner/engine/verdict/judge_legality.h"
#include "runner/engine/verdict/judge_messages.h"
#include "runner/engine/verdict/judge_pongs.h"
#include "runner/engine/verdict/scene.h"

namespace touchstone {

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
  if (observation.flooded && verdict.behavior != Behavior::failed) {
    verdict.behavior = Behavior::not_applicable;
    verdict.hidden = true;
    verdict.summary = "Not judged to its end: it sent more than the tester keeps.";
  }
  return verdict;
}

}  // namespace touchstone

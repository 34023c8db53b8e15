// judge.cc - the order of the judge's parts.
#include "runner/engine/verdict/judge.h"

#include "runner/engine/verdict/judge_connections.h"
#include "runner/engine/verdict/judge_ending.h"
#include "runner/engine/verdict/judge_handshake.h"
#include "runner/engine/verdict/judge_http2.h"
#include "runner/engine/verdict/judge_legality.h"
#include "runner/engine/verdict/judge_messages.h"
#include "runner/engine/verdict/judge_pongs.h"
#include "runner/engine/verdict/scene.h"

#include <fmt/format.h>

namespace touchstone {

namespace {

Verdict judge_one(const Case& c, const Observation& observation, std::uint64_t seed) {
  const Scene scene{c, observation};
  Verdict verdict;
  // Without a connection of HTTP/2 nothing was seen that could be held against the endpoint.
  const bool no_connection = !observation.http2 && !observation.handshake_failure.empty();
  if (c.http2 && (no_connection || !observation.unasked.empty())) {
    (void)judge_handshake(scene, verdict);
    return verdict;
  }
  if (is_about_frames(c)) return judge_http2(scene);
  if (c.http2 && !observation.opened) return judge_http2_opening(scene);
  if (!judge_handshake(scene, verdict)) return verdict;
  judge_legality(scene, verdict.findings);
  judge_messages(scene, seed, verdict.findings);
  judge_pongs(scene, verdict.findings);
  judge_marks(scene, verdict.findings);
  judge_ending(scene, verdict.findings);
  judge_tcp(scene, verdict.findings);
  if (c.http2) judge_http2_frames(scene, verdict.findings);
  judge_http2_faults(scene, verdict.findings);
  settle(scene, verdict);
  if (scene.went_on_for_too_long() && verdict.behavior != Behavior::failed) {
    verdict.behavior = Behavior::not_applicable;
    verdict.summary =
        fmt::format("Not judged to its end: its time was up after {} of {} messages, and it went on answering.",
                    observation.messages.size(), observation.sent_messages.size());
  }
  if (observation.flooded && verdict.behavior != Behavior::failed) {
    verdict.behavior = Behavior::not_applicable;
    verdict.hidden = true;
    verdict.summary = "Not judged to its end: it sent more than the tester keeps.";
  }
  return verdict;
}

std::string said_on(const Case& c, std::uint64_t seed) {
  constexpr std::size_t kEnoughSaid = 256 * 1024;
  PayloadGenerator payloads(seed);
  std::string said;
  each_step(c.steps, [&](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    if (frame != nullptr && said.size() < kEnoughSaid) said += ws::to_string(payloads.make(frame->payload));
  });
  return said;
}

bool sends_fragments(const Case& c) {
  bool found = false;
  each_step(c.steps, [&](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    const auto* message = std::get_if<step::Message>(&step.action);
    found = found || (frame != nullptr && !frame->fin) ||
            (message != nullptr && (message->fragment > 0 || message->parts.size() > 1));
  });
  return found;
}

}  // namespace

Verdict judge(const Case& c, const Observation& observation, std::uint64_t seed) {
  if (c.connections.empty()) return judge_one(c, observation, seed);
  std::vector<JudgedConnection> all;
  const auto add = [&](const Observation& o, const std::string& name) {
    const Case one = on_connection(c, o.connection);
    all.push_back({&o, name, judge_one(one, o, seed), sends_fragments(one), said_on(one, seed)});
  };
  add(observation, "a");
  for (const Observation& other : observation.beside) add(other, other.connection);
  return joined(std::move(all));
}

}  // namespace touchstone

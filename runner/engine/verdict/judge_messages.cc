#include "runner/engine/verdict/judge_messages.h"

#include "runner/engine/verdict/strict_expectation.h"
#include "runner/engine/verdict/weigh.h"

#include <ws/testing/oracle/describe.h>

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

using enum FindingKind;

std::string in_words(ws::Opcode opcode, ws::ByteView octets) {
  return fmt::format("{} {}", ws::name(opcode), ws::testing::describe(octets));
}

// A message as it should come, or as it came.
struct Wanted {
  ws::Opcode opcode;
  ws::Bytes octets;
};

// The replies that the case lists; nothing: every message comes back as it was sent.
std::optional<std::vector<const Reply*>> listed_messages(const Expect& expect) {
  if (expect.echoes) return std::nullopt;
  std::vector<const Reply*> out;
  for (const Reply& reply : expect.replies) {
    if (reply.kind == Reply::Kind::text || reply.kind == Reply::Kind::binary) out.push_back(&reply);
  }
  return out;
}

Wanted wanted(const Scene& scene, const Reply* listed, std::size_t i, PayloadGenerator& payloads) {
  if (listed != nullptr && !listed->sent) {
    const bool text = listed->kind == Reply::Kind::text;
    return {text ? ws::Opcode::text : ws::Opcode::binary, payloads.make(listed->payload)};
  }
  const SentMessage& sent = scene.o.sent_messages[i];
  return {sent.opcode, sent.octets ? *sent.octets : ws::Bytes{}};
}

bool is_without_mark(ws::ByteView got, ws::ByteView text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return got.size() + kMark.size() == text.size() && ws::as_text(text.first(kMark.size())) == kMark &&
         std::ranges::equal(text.subspan(kMark.size()), got);
}

// Where the tester's own octets have no defined meaning, as a compressed message that ends within a block (RFC
// 7692 7.2.1), an endpoint that gives back what it could read of them did nothing wrong: some leave out what only the
// four octets of 7.2.2 complete.
bool is_what_could_be_read(const Scene& scene, const Wanted& expected, ws::ByteView got) {
  return !scene.c.informational.empty() && got.size() < expected.octets.size() &&
         std::ranges::equal(got, ws::ByteView(expected.octets).first(got.size()));
}

std::optional<Finding> compare(const Scene& scene, std::size_t i, const Wanted& expected, ws::ByteView got) {
  const SeenMessage& seen = scene.o.messages[i];
  Facts facts{
      .wanted = in_words(expected.opcode, expected.octets), .instead = in_words(seen.opcode, got), .number = i + 1};
  if (got.size() < seen.length) facts.instead += fmt::format(" ({} bytes in all)", seen.length);
  facts.instead += " came";
  // RFC 6455 6.2: the type is that of the first frame.
  if (seen.opcode != expected.opcode) return scene.finding(message_type_differs, facts);
  if (std::ranges::equal(got, expected.octets) || is_what_could_be_read(scene, expected, got)) return std::nullopt;
  // RFC 3629 6: RECOMMENDED, no more, since RFC 6455 does not forbid to take it for a signature.
  if (seen.opcode == ws::Opcode::text && is_without_mark(got, expected.octets))
    return scene.finding(byte_order_mark_lost);
  facts.offset = static_cast<std::uint64_t>(std::ranges::mismatch(got, expected.octets).in1 - got.begin());
  return scene.finding_of_message(message_differs, i, facts);
}

// Whether message `i` that came holds what the frame did that breaks the rule. One with the wrong MASK bit alone may be
// read in two ways.
bool holds_the_fault(const Scene& scene, std::size_t i, std::uint64_t seed) {
  const auto found = derivation(scene.c, scene.is_client() ? Side::client : Side::server, seed);
  if (!found.broken || found.broken_at >= scene.c.steps.size()) return false;
  const auto* frame = std::get_if<step::Frame>(&scene.c.steps[found.broken_at].action);
  if (frame == nullptr) return false;
  const SeenMessage& seen = scene.o.messages[i];
  const bool control = ws::is_control(frame->opcode);
  if (seen.as_sent || (frame->form.wrong_mask_bit && !control)) return !control;
  const ws::Bytes octets = PayloadGenerator(seed).make(frame->payload);
  return !octets.empty() && ws::as_text(seen.octets).ends_with(ws::as_text(octets));
}

// RFC 6455 5.2: of a frame that TCP cut short nothing is delivered.
bool sends_part_of_a_frame(const Case& c) {
  bool part = false;
  each_step(c.steps, [&part](const Step& step) {
    const auto* frame = std::get_if<step::Frame>(&step.action);
    part = part || (frame != nullptr && !frame->form.whole());
  });
  return part;
}

// Nothing was sent that it answers.
Finding extra_message(const Scene& scene, std::size_t i, std::uint64_t seed) {
  const SeenMessage& seen = scene.o.messages[i];
  const Facts facts{.instead = seen.as_sent ? fmt::format("the {} that was sent", ws::name(seen.opcode))
                                            : in_words(seen.opcode, seen.octets),
                    .number = i + 1};
  const auto* fails = std::get_if<end::Fails>(&scene.c.expect->end);
  if (std::holds_alternative<end::Abandoned>(scene.c.expect->end) && sends_part_of_a_frame(scene.c))
    return make_finding(message_unexpected, facts, "rfc6455-5.2-25");
  if (fails == nullptr) return scene.finding_of_message(message_unexpected, i, facts);
  // The fault was overlooked, whatever ended the connection then.
  if (holds_the_fault(scene, i, seed) || (seen.as_sent && scene.o.survived && !scene.closed_for_an_error()))
    return scene.finding(fault_ignored, {.codes = fails->codes,
                                         .instead = fmt::format("message {} came back: {}", i + 1, facts.instead)});
  // RFC 6455 7.1.7: nothing more is processed once the connection failed. What came in no message before is another
  // fault, as of who sends each fragment back as a message.
  return seen.as_sent ? scene.finding(message_after_fault, facts) : scene.finding(message_unexpected, facts);
}

// The next message came in the place of message `i`, which is missing then.
bool came_too_early(const Scene& scene, std::size_t i, ws::ByteView got) {
  if (i + 1 >= scene.o.sent_messages.size()) return false;
  const SentMessage& next = scene.o.sent_messages[i + 1];
  return next.octets && next.opcode == scene.o.messages[i].opcode && std::ranges::equal(got, *next.octets);
}

std::optional<Finding> missing_messages(const Scene& scene, std::size_t expected) {
  if (scene.was_cut_short()) return std::nullopt;
  const End& end = scene.c.expect->end;
  const Facts facts{.instead = scene.how_it_ended(), .number = scene.o.messages.size(), .of = expected};
  // C-12: what was sent before the answer, in the same write as the request, may be dropped.
  const bool early = scene.c.request && scene.c.request->glue && scene.came(Seen::Kind::passed);
  if (early) return make_finding(message_missing, facts, scene.own_requirement());
  if (scene.o.echo_lacked || !scene.tail_may_be_missing())
    return scene.finding_of_message(message_missing, scene.o.messages.size(), facts);
  if (std::holds_alternative<end::Abandoned>(end)) return std::nullopt;  // it may have noticed our end first
  const bool closes = std::holds_alternative<end::Replies>(end) || std::holds_alternative<end::Open>(end);
  return scene.finding(closes ? message_before_close_unanswered : message_before_fault_unanswered, facts);
}

}  // namespace

void judge_messages(const Scene& scene, std::uint64_t seed, Findings& findings) {
  const Observation& o = scene.o;
  if (!scene.c.expect->compares_messages) {
    if (!o.sent_messages.empty()) findings.push_back(scene.finding(echo_not_judged));
    return;
  }
  PayloadGenerator payloads(seed);
  const auto listed = listed_messages(*scene.c.expect);
  const std::size_t expected = listed ? listed->size() : o.sent_messages.size();
  for (std::size_t i = 0; i < o.messages.size(); ++i) {
    const Reply* reply = listed && i < expected ? (*listed)[i] : nullptr;
    // Also when the case expects an echo here, but what it repeats has not been sent yet.
    const bool too_early = reply != nullptr && reply->sent && i >= o.sent_messages.size();
    if (i >= expected || too_early) {
      findings.push_back(extra_message(scene, i, seed));
      return;
    }
    const SeenMessage& seen = o.messages[i];
    const bool as_asked = seen.as_sent && (reply == nullptr || reply->sent);
    if (as_asked) continue;
    const ws::ByteView got = seen.as_sent ? ws::ByteView(*o.sent_messages[i].octets) : ws::ByteView(seen.octets);
    auto differs = compare(scene, i, wanted(scene, reply, i, payloads), got);
    if (!differs) continue;
    if (came_too_early(scene, i, got))
      differs = scene.finding_of_message(
          message_missing, i,
          {.instead = fmt::format("message {} came in its place", i + 2), .number = i, .of = expected});
    const bool goes_on = differs->kind == ws::rules::name(byte_order_mark_lost);
    findings.push_back(std::move(*differs));
    if (!goes_on) return;  // what comes after it may only be out of step
  }
  if (o.messages.size() == expected) return;
  if (auto missing = missing_messages(scene, expected)) findings.push_back(std::move(*missing));
}

}  // namespace touchstone

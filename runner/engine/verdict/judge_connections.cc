#include "runner/engine/verdict/judge_connections.h"

#include "runner/engine/verdict/weigh.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace touchstone {
namespace {

constexpr std::size_t kTelling = 8;  // octets that are no accident

int gravity(const Verdict& verdict) {
  constexpr Behavior kByGravity[] = {
      Behavior::ok,         Behavior::informational, Behavior::unimplemented, Behavior::not_applicable,
      Behavior::non_strict, Behavior::errored,       Behavior::failed};
  return static_cast<int>(std::ranges::find(kByGravity, verdict.behavior) - std::begin(kByGravity));
}

bool sent_by(const JudgedConnection& one, std::string_view octets) {
  return one.said.contains(octets) || std::ranges::any_of(one.o->sent_messages, [&](const SentMessage& message) {
           return message.octets && ws::as_text(*message.octets).contains(octets);
         });
}

// What of the first message that is not as it was sent tells where it comes from: from where it differs on.
std::string telling(const Observation& o) {
  const auto odd = std::ranges::find(o.messages, false, &SeenMessage::as_sent);
  if (odd == o.messages.end()) return {};
  const std::string_view got = ws::as_text(odd->octets);
  const auto i = static_cast<std::size_t>(odd - o.messages.begin());
  std::size_t at = 0;
  if (i < o.sent_messages.size() && o.sent_messages[i].octets) {
    const std::string_view sent = ws::as_text(*o.sent_messages[i].octets);
    at = static_cast<std::size_t>(std::ranges::mismatch(got, sent).in1 - got.begin());
  }
  const std::string_view rest = got.substr(std::min(at, got.size()), kTelling);
  return rest.size() < kTelling ? std::string() : std::string(rest);
}

// The connection whose octets came in a message of `own`.
const JudgedConnection* source_of(const JudgedConnection& own, const std::vector<JudgedConnection>& all) {
  const std::string octets = telling(*own.o);
  if (octets.empty() || sent_by(own, octets)) return nullptr;
  const auto found = std::ranges::find_if(
      all, [&](const JudgedConnection& other) { return other.o != own.o && sent_by(other, octets); });
  return found == all.end() ? nullptr : &*found;
}

bool is_about_content(const Finding& finding) {
  using enum FindingKind;
  return finding.kind == ws::rules::name(message_differs) || finding.kind == ws::rules::name(message_unexpected);
}

void name_source(JudgedConnection& own, const std::vector<JudgedConnection>& all) {
  const auto found = std::ranges::find_if(own.verdict.findings, is_about_content);
  if (found == own.verdict.findings.end()) return;
  const JudgedConnection* source = source_of(own, all);
  if (source == nullptr) return;
  const Facts facts{.instead = fmt::format("{}, with octets of connection {}", found->seen, source->name)};
  std::string requirement = own.sent_fragments
                                ? ws::rules::requirement_of(FindingKind::connections_mixed, facts, ws::Role::server)
                                : found->requirement;
  *found = make_finding(FindingKind::connections_mixed, facts, std::move(requirement));
  own.verdict.summary = fmt::format("Expected: {}; seen: {}.", found->expected, found->seen);
}

}  // namespace

Verdict joined(std::vector<JudgedConnection> all) {
  for (JudgedConnection& one : all) name_source(one, all);
  const auto worst =
      std::ranges::max_element(all, {}, [](const JudgedConnection& one) { return gravity(one.verdict); });
  Verdict verdict;
  verdict.behavior = worst->verdict.behavior;
  verdict.summary = worst->verdict.summary;
  if (verdict.behavior != Behavior::ok)
    verdict.summary = fmt::format("Connection {}: {}", worst->name, verdict.summary);
  for (JudgedConnection& one : all) {
    verdict.closing = std::max(verdict.closing, one.verdict.closing);
    verdict.hidden = verdict.hidden || (one.verdict.hidden && verdict.behavior == Behavior::not_applicable);
    for (Finding& finding : one.verdict.findings) {
      finding.seen = fmt::format("connection {}: {}", one.name, finding.seen);
      verdict.findings.push_back(std::move(finding));
    }
  }
  return verdict;
}

}  // namespace touchstone

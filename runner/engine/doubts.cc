#include "runner/engine/doubts.h"

#include "runner/engine/verdict/weigh.h"

#include <fmt/format.h>
#include <ws/rules/codes.h>

#include <algorithm>
#include <span>

namespace touchstone {
namespace {

// What was broken most gravely, and whether it was a silence.
std::pair<bool, std::string> broken_rule(const Attempt& attempt) {
  const auto& findings = attempt.result.findings;
  const auto gravest = std::ranges::max_element(findings, {}, &Finding::weight);
  return {attempt.waited, gravest == findings.end() ? std::string() : gravest->requirement};
}

// Their evidence is what was received.
constexpr FindingKind kOfOctets[] = {
    FindingKind::message_differs,      FindingKind::message_type_differs, FindingKind::message_unexpected,
    FindingKind::octets_illegal,       FindingKind::second_close,         FindingKind::data_after_close,
    FindingKind::legal_octets_refused, FindingKind::pong_unsolicited,     FindingKind::connections_mixed,
};

// And of these what many connections showed together: a run of one alone cannot show it again.
constexpr FindingKind kOfManyConnections[] = {
    FindingKind::mask_key_constant, FindingKind::mask_key_counts,  FindingKind::mask_key_predictable,
    FindingKind::mask_key_sequence, FindingKind::mask_key_repeats, FindingKind::mask_key_bits_stuck,
    FindingKind::mask_key_biased,   FindingKind::key_repeated,
};

bool is_one_of(std::span<const FindingKind> kinds, const Finding& finding) {
  return finding.weight == Finding::Weight::violation &&
         std::ranges::any_of(kinds, [&](FindingKind kind) { return finding.kind == ws::rules::name(kind); });
}

bool is_of_octets(const Finding& finding) { return is_one_of(kOfOctets, finding); }

// A timer of the endpoint's own may have closed the connection while this machine was busy.
bool says_nothing_of_us(std::optional<std::uint16_t> code) { return !code || !ws::rules::says_error(*code); }

bool sent_fragments(const Transcript& transcript) {
  return std::ranges::any_of(transcript.entries, [](const Entry& entry) {
    return entry.direction == Entry::Direction::sent && entry.kind == Entry::Kind::frame && !entry.fin &&
           entry.opcode < 8;
  });
}

// The payloads of its frames of data that went one way, one after the other.
std::string data_that(Entry::Direction went, const Transcript& transcript) {
  std::string octets;
  for (const Entry& entry : transcript.entries) {
    const Entry& held = entry.same_as ? transcript.entries[*entry.same_as] : entry;
    if (entry.direction == went && entry.kind == Entry::Kind::frame && entry.opcode < 8) octets += held.octets;
  }
  return octets;
}

// Whether it sent what nobody sent it on this connection: so many octets of which no few together were in what it got.
// Octets that are missing, or messages that are cut or joined otherwise, leave parts of what was sent. Of compressed
// octets nothing can be said.
bool sent_foreign_octets(const Transcript& transcript) {
  constexpr std::size_t kFew = 4, kTelling = 8;
  const bool compressed = std::ranges::any_of(
      transcript.entries, [](const Entry& entry) { return entry.kind == Entry::Kind::frame && (entry.rsv & 4) != 0; });
  if (compressed) return true;
  const std::string own = data_that(Entry::Direction::sent, transcript);
  const std::string came = data_that(Entry::Direction::received, transcript);
  std::size_t strange = 0;
  for (std::size_t at = 0; at + kFew <= came.size(); ++at) {
    strange = own.contains(std::string_view(came).substr(at, kFew)) ? 0 : strange + 1;
    if (strange > kTelling - kFew) return true;
  }
  return false;
}

// The verdict of `shown`, although `other` does not show it.
Result standing(Attempt shown, Attempt other, std::string_view remark) {
  Result result = std::move(shown.result);
  result.flaky = true;
  result.summary += remark;
  result.other_transcript = std::move(other.result.transcript);
  return result;
}

}  // namespace

bool Doubts::rests_on_octets(const Result& result) {
  return result.behavior == Behavior::failed && std::ranges::any_of(result.findings, [](const Finding& finding) {
           return is_of_octets(finding) || is_one_of(kOfManyConnections, finding);
         });
}

Result Doubts::settled(Beside beside) {
  const std::string remark =
      fmt::format(" (Alone the verdict was {}; beside other connections it was seen again in {} of {} runs.)",
                  name(beside.alone.result.behavior), beside.again, beside.runs);
  Result result = standing(std::move(beside.first), std::move(beside.alone), remark);
  const auto shown = std::ranges::find_if(result.findings, is_of_octets);
  const bool fragments = sent_fragments(result.transcript);
  // Otherwise its own octets came out otherwise beside others: what they break is said, and no more.
  if (!sent_foreign_octets(result.transcript)) return result;
  if (shown->kind != ws::rules::name(FindingKind::connections_mixed)) {
    const Facts facts{.instead = shown->seen};
    std::string requirement = fragments
                                  ? ws::rules::requirement_of(FindingKind::connections_mixed, facts, ws::Role::server)
                                  : shown->requirement;
    *shown = make_finding(FindingKind::connections_mixed, facts, std::move(requirement));
  }
  std::rotate(result.findings.begin(), shown, shown + 1);
  result.findings.erase(std::remove_if(result.findings.begin() + 1, result.findings.end(), is_of_octets),
                        result.findings.end());
  return result;
}

bool Doubts::about(const Attempt& attempt) {
  const Behavior b = attempt.result.behavior;
  const bool closed = attempt.result.closed_by_peer_first && says_nothing_of_us(attempt.result.remote_close_code);
  const bool accuses = b == Behavior::failed || b == Behavior::errored || attempt.result.hidden ||
                       (b == Behavior::non_strict && (attempt.waited || closed));
  // What costs too much ran alone; a process that has the memory already does not grow again.
  return accuses && !attempt.costly;
}

void Doubts::mark_hopeless(const std::function<bool(const Attempt&)>& is_hopeless) {
  for (Attempt& attempt : attempts_) attempt.hopeless = is_hopeless(attempt);
}

void Doubts::rare_ones_first() {
  std::map<std::pair<bool, std::string>, std::size_t> times;
  for (const Attempt& attempt : attempts_) ++times[broken_rule(attempt)];
  std::ranges::stable_sort(attempts_, {}, [&](const Attempt& attempt) { return times[broken_rule(attempt)]; });
}

Doubts::Sort Doubts::sort_of(const Attempt& attempt) {
  std::string of = broken_rule(attempt).second;
  if (attempt.waited && attempt.hopeless) of = attempt.lacks;
  return {attempt.result.behavior, attempt.waited, std::move(of)};
}

bool Doubts::next_is_beyond_doubt() const {
  const auto found = confirmed_in_a_row_.find(sort_of(next()));
  return found != confirmed_in_a_row_.end() && found->second >= enough(next().waited);
}

Attempt Doubts::take_next() {
  Attempt first = std::move(attempts_.front());
  attempts_.pop_front();
  return first;
}

Result Doubts::settled(Attempt first, Attempt second) {
  const bool agree = second.result.behavior == first.result.behavior;
  std::size_t& in_a_row = confirmed_in_a_row_[sort_of(first)];
  in_a_row = agree ? in_a_row + 1 : 0;
  Result result = std::move(second.result);
  if (agree) return result;
  if (rests_on_octets(first.result)) {
    second.result = std::move(result);
    const std::string remark = fmt::format(" (Run again, the verdict was {}.)", name(second.result.behavior));
    return standing(std::move(first), std::move(second), remark);
  }
  result.flaky = true;
  result.other_transcript = std::move(first.result.transcript);
  result.summary +=
      fmt::format(" (Beside other cases the verdict was {}: {})", name(first.result.behavior), first.result.summary);
  return result;
}

}  // namespace touchstone

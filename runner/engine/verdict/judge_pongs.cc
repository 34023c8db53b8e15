#include "runner/engine/verdict/judge_pongs.h"

#include "runner/engine/verdict/judge_ending.h"
#include "runner/engine/verdict/sentinel.h"
#include "runner/engine/verdict/weigh.h"

#include <ws/testing/oracle/describe.h>

#include <algorithm>
#include <map>

namespace touchstone {
namespace {

using enum FindingKind;

constexpr std::string_view kIdenticalData = "rfc6455-5.5.3-1";
constexpr std::size_t kAlike = 20;  // Pongs that are odd in one way and told one by one; a flood has many thousands

// Pongs against Pings, in order.
class Answers {
 public:
  explicit Answers(const Observation& o) : o_(o), answered_(o.sent_pings.size(), false) {}

  // What is odd about this Pong, if it does not answer the next Ping with its payload.
  std::optional<FindingKind> take(const std::string& payload) {
    for (std::size_t i = next_; i < o_.sent_pings.size(); ++i) {
      if (o_.sent_pings[i].payload != payload) continue;
      answered_[i] = true;
      next_ = i + 1;
      return std::nullopt;
    }
    if (payload.empty()) return pong_unsolicited;
    // Of a Ping and a Pong with equal payloads nobody can say which was answered: the lesser fault, then.
    if (std::ranges::find(o_.sent_pings, payload, &SentPing::payload) != o_.sent_pings.end()) return pong_twice;
    return std::ranges::find(o_.sent_pongs, payload) != o_.sent_pongs.end() ? pong_for_pong : pong_unsolicited;
  }

  // Of Pings with equal payloads nobody can tell which one a Pong answers: the latest, then (RFC 6455 5.5.3).
  void settle() {
    const auto last =
        std::find_if(o_.seen.rbegin(), o_.seen.rend(), [](const Seen& seen) { return seen.kind == Seen::Kind::pong; });
    if (last != o_.seen.rend() && !o_.sent_pings.empty() && last->payload == o_.sent_pings.back().payload)
      next_ = o_.sent_pings.size();
  }

  // The Ping that the last Pong answered, when take() found nothing odd.
  [[nodiscard]] const SentPing& ping() const { return o_.sent_pings[next_ - 1]; }
  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(std::ranges::count(answered_, true)); }
  [[nodiscard]] std::size_t pings() const noexcept { return answered_.size(); }
  [[nodiscard]] bool has_latest() const noexcept { return next_ == answered_.size(); }

 private:
  const Observation& o_;
  std::size_t next_ = 0;
  std::vector<bool> answered_;
};

bool passed(const Observation& o, const std::string& mark) {
  return std::ranges::any_of(o.seen, [&](const Seen& s) { return s.kind == Seen::Kind::passed && s.payload == mark; });
}

// By its own Pong or by that of a later Ping, which may stand for it (RFC 6455 5.5.3); `from` that place on.
bool answered_later(const Observation& o, const std::string& mark, std::size_t from = 0) {
  const auto ping = std::ranges::find(o.sent_pings, mark, &SentPing::mark);
  const auto begin = o.seen.begin() + static_cast<std::ptrdiff_t>(std::min(from, o.seen.size()));
  return std::any_of(ping, o.sent_pings.end(), [&](const SentPing& later) {
    return std::any_of(begin, o.seen.end(),
                       [&](const Seen& s) { return s.kind == Seen::Kind::pong && s.payload == later.payload; });
  });
}

Finding pong_came_late(const Scene& scene) {
  return scene.finding(pong_late, {.instead = "its Pong came only with what the tester sent later"});
}

// RFC 6455 5.5.3: a Pong may come unasked, but nobody could know this payload who was not asked on another connection.
bool is_of_another_connection(const Observation& o, const std::string& payload) {
  const auto own = std::ranges::find_if(o.sent_pings, &SentPing::sentinel);
  return own != o.sent_pings.end() && is_foreign_sentinel(payload, own->payload);
}

Finding mixed_pong() {
  return make_finding(connections_mixed, {.instead = "it sent a Pong for a Ping of another connection"},
                      std::string(kIdenticalData));
}

// Whether nothing came for a whole time-out between this Ping and the place `end` of what was seen.
bool was_silent(const Observation& o, const SentPing& ping, std::size_t end) {
  const auto begin = o.seen.begin();
  const auto from = static_cast<std::ptrdiff_t>(std::min(ping.seen_before, end));
  const auto until = static_cast<std::ptrdiff_t>(std::min(end, o.seen.size()));
  return std::any_of(begin + from, begin + until, [](const Seen& seen) { return seen.kind == Seen::Kind::silent; });
}

std::size_t place_of_end(const Scene& scene) {
  return std::min(
      {scene.position(Seen::Kind::close), scene.position(Seen::Kind::eof), scene.position(Seen::Kind::reset)});
}

// It refused what was legal, or it did not answer. An end that came only after it had been silent for a whole time-out
// is another matter: it may be the answer to what the tester did next.
Finding not_alive(const Scene& scene, const std::string& mark) {
  const auto ping = std::ranges::find(scene.o.sent_pings, mark, &SentPing::mark);
  const auto number = static_cast<std::uint64_t>(ping - scene.o.sent_pings.begin()) + 1;
  if (ping != scene.o.sent_pings.end() && was_silent(scene.o, *ping, place_of_end(scene)))
    return scene.finding(pong_missing, {.instead = "nothing came for as long as the tester waited", .number = number});
  if (const auto refused = refusal_of_legal_octets(scene)) return *refused;
  return scene.finding(pong_missing, {.instead = scene.how_it_ended(), .number = number});
}

}  // namespace

void judge_pongs(const Scene& scene, Findings& findings) {
  Answers answers(scene.o);
  std::map<FindingKind, std::size_t> found;
  bool late = false;
  for (std::size_t i = 0; i < scene.o.seen.size(); ++i) {
    const Seen& seen = scene.o.seen[i];
    if (seen.kind != Seen::Kind::pong) continue;
    if (const auto odd = answers.take(seen.payload)) {
      if (++found[*odd] > kAlike) continue;
      if (is_of_another_connection(scene.o, seen.payload)) {
        findings.push_back(mixed_pong());
        continue;
      }
      findings.push_back(scene.finding(*odd, {.what = ws::testing::describe(ws::as_octets(seen.payload))}));
    } else {
      late = late || was_silent(scene.o, answers.ping(), i);
    }
  }
  if (late) findings.push_back(pong_came_late(scene));
  answers.settle();
  if (answers.count() == answers.pings() || scene.was_cut_short()) return;
  if (answers.has_latest()) {
    findings.push_back(scene.finding(pong_for_latest_only, {.number = answers.count(), .of = answers.pings()}));
  } else if (!scene.tail_may_be_missing()) {
    findings.push_back(scene.finding(pong_missing, {.instead = scene.how_it_ended(), .number = answers.pings()}));
  }
}

void judge_marks(const Scene& scene, Findings& findings) {
  if (scene.was_cut_short()) return;
  // Not where it might have refused the opening handshake, and may find the same fault only now.
  const bool may_refuse = scene.c.expect->opening && std::holds_alternative<end::MayFail>(scene.c.expect->end);
  if ((may_refuse && scene.failed_by_choice()) || scene.closed_by_its_application()) return;
  for (const Reply& reply : scene.c.expect->replies) {
    if (reply.kind != Reply::Kind::mark || passed(scene.o, reply.mark)) continue;
    // Its own Close was on the way before the Pong, which is still owed then (RFC 6455 5.5.2).
    const bool answered = answered_later(scene.o, reply.mark, scene.position(Seen::Kind::close));
    if (answered && !refusal_of_legal_octets(scene)) continue;
    Finding finding = answered_later(scene.o, reply.mark) ? pong_came_late(scene) : not_alive(scene, reply.mark);
    const bool said = std::ranges::any_of(findings, [&](const Finding& f) { return f.kind == finding.kind; });
    if (!said) findings.push_back(std::move(finding));
  }
}

}  // namespace touchstone

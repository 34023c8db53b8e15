#include "runner/serve/own_words.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace touchstone::serve {
namespace {

// Unknown where they were let go.
std::optional<ws::ByteView> octets_of(const Observation& o, std::size_t message) {
  const SeenMessage& seen = o.messages[message];
  if (!seen.as_sent) return seen.octets;
  const SentMessage& sent = o.sent_messages[message];
  return sent.octets ? std::optional<ws::ByteView>(*sent.octets) : std::nullopt;
}

bool repeats(const Observation& o, std::size_t message, const SentMessage& sent) {
  const SeenMessage& seen = o.messages[message];
  if (!sent.octets || seen.opcode != sent.opcode || seen.length != sent.length) return false;
  const auto octets = octets_of(o, message);
  return octets && std::ranges::equal(*octets, *sent.octets);
}

// A part of a message of the tester's is in it, so that it may be what a fault made of that.
bool has_some_of(const Observation& o, std::size_t message, const SentMessage& sent) {
  constexpr std::size_t kFew = 4;
  const auto octets = octets_of(o, message);
  if (!octets || octets->empty() || !sent.octets) return true;
  const std::string_view came = ws::as_text(*octets), ours = ws::as_text(*sent.octets);
  const std::size_t few = std::min(kFew, came.size());
  for (std::size_t at = 0; at + few <= came.size(); ++at)
    if (ours.contains(came.substr(at, few))) return true;
  return false;
}

// Those that stand between the echoes of what was sent, in order; nothing where one of them may be an echo in a wrong
// place, or what became of one.
struct Apart {
  std::vector<std::size_t> own;
  std::size_t echoes = 0;
};

std::optional<Apart> told_apart(const Observation& o) {
  Apart apart;
  for (std::size_t i = 0; i < o.messages.size(); ++i) {
    const bool echo = apart.echoes < o.sent_messages.size() && repeats(o, i, o.sent_messages[apart.echoes]);
    if (echo) {
      ++apart.echoes;
      continue;
    }
    const auto is_like = [&](const SentMessage& sent) { return has_some_of(o, i, sent); };
    if (std::ranges::any_of(o.sent_messages, is_like)) return std::nullopt;
    apart.own.push_back(i);
  }
  return apart;
}

}  // namespace

std::size_t OwnWords::in(const Observation& observation) {
  const auto apart = told_apart(observation);
  return apart && apart->echoes > 0 && apart->own.size() <= kMost ? apart->own.size() : 0;
}

void OwnWords::see(const Case& c, const Observation& observation) {
  if (observation.messages.empty() || observation.sent_messages.empty()) return;
  const auto apart = told_apart(observation);
  const auto is_of_tester = [&](std::size_t message) {
    const auto octets = octets_of(observation, message);
    return !octets || sent_.contains(ws::to_string(*octets));
  };
  const bool clear = apart && apart->echoes > 0 && apart->own.size() <= kMost;
  if (clear && std::ranges::none_of(apart->own, is_of_tester)) {
    ++times_[apart->own.size()];
    if (!apart->own.empty()) folders_.insert(c.id.substr(0, c.id.find('/')));
  } else {
    ++unlike_;
  }
  constexpr std::size_t kKept = 2000, kShort = 256;  // messages, and their length
  for (const SentMessage& sent : observation.sent_messages)
    if (sent.octets && sent.length <= kShort && sent_.size() < kKept) sent_.insert(ws::to_string(*sent.octets));
}

std::size_t OwnWords::known() const {
  constexpr std::size_t kShare = 4;  // times as many as all others
  std::size_t all = unlike_;
  for (const auto& [own, times] : times_) all += times;
  for (const auto& [own, times] : times_)
    if (own > 0 && times >= kEnough && times >= kShare * (all - times)) return own;
  return 0;
}

bool OwnWords::come_now_and_then() const {
  std::size_t some = 0;
  for (const auto& [own, times] : times_) some += own > 0 ? times : 0;
  return known() == 0 && some >= kOften && folders_.size() >= kFar;
}

void OwnWords::leave_out(Observation& observation, std::size_t n) {
  Observation& o = observation;
  const auto apart = told_apart(o);
  if (!apart) return;
  std::vector<std::size_t> gone = apart->own;
  gone.resize(std::min(gone.size(), n));
  const auto is_gone = [&](std::size_t message) { return std::ranges::find(gone, message) != gone.end(); };
  std::vector<SeenMessage> kept;
  std::vector<std::size_t> place(o.messages.size());
  for (std::size_t i = 0; i < o.messages.size(); ++i) {
    place[i] = kept.size();
    if (is_gone(i)) continue;
    const bool as_sent = kept.size() < o.sent_messages.size() && repeats(o, i, o.sent_messages[kept.size()]);
    const auto octets = octets_of(o, i);
    SeenMessage message{o.messages[i].opcode, o.messages[i].length, as_sent, {}};
    if (!as_sent && octets) message.octets.assign(octets->begin(), octets->end());
    kept.push_back(std::move(message));
  }
  const auto tells_of_gone = [&](const Seen& seen) {
    return seen.kind == Seen::Kind::message && is_gone(seen.message);
  };
  for (SentPing& ping : o.sent_pings) {
    const auto until = o.seen.begin() + static_cast<std::ptrdiff_t>(std::min(ping.seen_before, o.seen.size()));
    ping.seen_before -= static_cast<std::size_t>(std::count_if(o.seen.begin(), until, tells_of_gone));
  }
  std::erase_if(o.seen, tells_of_gone);
  for (Seen& seen : o.seen)
    if (seen.kind == Seen::Kind::message) seen.message = place[seen.message];
  o.messages = std::move(kept);
}

}  // namespace touchstone::serve

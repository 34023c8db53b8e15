#include "runner/engine/habits.h"

#include "runner/engine/verdict/weigh.h"

#include <ws/core/close.h>
#include <ws/rules/codes.h>

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

namespace touchstone {
namespace {

using Dir = Entry::Direction;

constexpr std::size_t kLeastClosed = 3, kLeastKept = 5;  // connections that it closed by itself, and that it did not
constexpr std::uint64_t kBorders[] = {125, 65535};       // of the forms of the payload length (RFC 6455 5.2)
// Of a time: how much of it may be the machine's, in microseconds and as a share.
constexpr std::uint64_t kSlack = 20'000, kWide = 250'000;
constexpr std::uint64_t kShortestTimer = 50'000;  // what is less is how long a case takes anyway

// What follows from a connection that ended before the tester was done with it.
constexpr FindingKind kExplained[] = {
    FindingKind::message_missing,         FindingKind::pong_missing,
    FindingKind::legal_octets_refused,    FindingKind::failed_too_early,
    FindingKind::tcp_ended_unasked,       FindingKind::failing_code_wrong,
    FindingKind::failing_close_empty,     FindingKind::failed_by_choice_code,
    FindingKind::failed_without_close,    FindingKind::answer_refused,
    FindingKind::answer_refused_by_close, FindingKind::answer_refused_late,
};

// What follows from a message that nobody asked for.
constexpr FindingKind kOfOwnWords[] = {
    FindingKind::message_differs,    FindingKind::message_type_differs, FindingKind::message_missing,
    FindingKind::message_unexpected, FindingKind::message_after_fault,
};

constexpr const char* kUnclear =
    "Not judged: the client sends messages of its own, and which ones these were could not be told here.";

bool is_one_of(const Finding& finding, std::span<const FindingKind> kinds) {
  return std::ranges::any_of(kinds, [&](FindingKind kind) { return finding.kind == ws::rules::name(kind); });
}

// A code that speaks of a limit needs few cases to be believed.
std::size_t least_closed(std::optional<std::uint16_t> code) {
  constexpr std::uint16_t kOfLimits[] = {ws::close_code::kMessageTooBig, ws::close_code::kPolicyViolation,
                                         ws::close_code::kTryAgainLater};
  return code && std::ranges::find(kOfLimits, *code) != std::end(kOfLimits) ? 1 : kLeastClosed;
}

bool weighs(const Finding& finding) { return finding.weight != Finding::Weight::choice; }

bool is_frame(const Entry& entry, Dir direction) {
  return entry.kind == Entry::Kind::frame && entry.direction == direction;
}

bool is_data(const Entry& entry) { return !ws::is_control(static_cast<ws::Opcode>(entry.opcode)); }

// What such a code says is the endpoint's own affair: none that speaks of the tester's faults or of a breakdown.
bool is_own_affair(std::optional<std::uint16_t> code) {
  return !code || (!ws::rules::accuses(*code) && *code != ws::close_code::kInternalError);
}

struct Times {
  std::uint64_t lived = 0, idle = 0;  // until the end that counts; the longest time in which the tester sent nothing
};

// Until the endpoint's Close or end, if it ended the connection, else until the tester's.
Times times_of(const Transcript& transcript) {
  Times times;
  std::int64_t last_sent = 0;
  for (const Entry& entry : transcript.entries) {
    const bool close = entry.kind == Entry::Kind::frame && entry.opcode == static_cast<std::uint8_t>(ws::Opcode::close);
    const bool ends = close || entry.kind == Entry::Kind::eof || entry.kind == Entry::Kind::reset;
    const bool sent = entry.direction == Dir::sent;
    if (!sent && !ends) continue;
    times.idle = std::max(times.idle, static_cast<std::uint64_t>(std::max<std::int64_t>(entry.at_us - last_sent, 0)));
    last_sent = entry.at_us;
    times.lived = static_cast<std::uint64_t>(entry.at_us);
    if (ends) break;
  }
  return times;
}

bool tester_closed(const Transcript& transcript) {
  return std::ranges::any_of(transcript.entries, [](const Entry& entry) {
    return is_frame(entry, Dir::sent) && entry.opcode == static_cast<std::uint8_t>(ws::Opcode::close);
  });
}

Step message_of(ws::Opcode opcode, std::uint64_t octets, std::uint64_t fragment = 0) {
  step::Message message;
  message.opcode = opcode;
  message.payload = Payload{recipe::Fill{ws::to_bytes("habit"), octets}};
  message.fragment = fragment;
  return Step{message};
}

// Where permessage-deflate is agreed on.
Step compressed(Step step) {
  std::get<step::Message>(step.action).deflate = true;
  return step;
}

// So long in all, with a Ping now and then that keeps it from being idle, or without one.
std::vector<Step> lasting(std::chrono::milliseconds length, bool idle) {
  constexpr int kParts = 8;
  if (idle) return {Step{step::Idle{length}}};
  std::vector<Step> steps;
  for (int i = 0; i < kParts; ++i) {
    steps.push_back(Step{step::Idle{length / kParts}});
    steps.push_back(Step{step::Sentinel{"lasting " + std::to_string(i)}});
  }
  return steps;
}

}  // namespace

bool Habits::ended_by_itself(const Result& result) {
  return result.closed_by_peer_first || (result.dropped_by_peer && !tester_closed(result.transcript));
}

Habits::Sight Habits::sight_of(const Case& c, const Result& result) {
  Sight sight;
  const Transcript& transcript = result.transcript;
  sight.several = !c.connections.empty();
  sight.unasked = std::ranges::any_of(result.findings, [](const Finding& finding) {
    return finding.kind == ws::rules::name(FindingKind::closed_unasked);
  });
  sight.took = static_cast<std::uint64_t>(std::max(result.duration_ms, 0.0) * 1000);
  sight.legal = c.expect && std::holds_alternative<end::Polite>(c.expect->end) && !c.expect->opening &&
                c.connections.empty();  // nobody learns from a heap of connections
  sight.by_close = result.closed_by_peer_first;
  sight.closed = ended_by_itself(result);
  sight.code = result.remote_close_code;
  for (const Entry& entry : transcript.entries) {
    const bool pong = entry.opcode == static_cast<std::uint8_t>(ws::Opcode::pong);
    if (!is_frame(entry, Dir::received)) continue;
    sight.messages += is_data(entry) && entry.fin ? entry.repeated : 0;
    sight.pongs += pong ? entry.repeated : 0;
    sight.close_came = sight.close_came || entry.opcode == static_cast<std::uint8_t>(ws::Opcode::close);
  }
  const Sizes sizes = sizes_of(c);
  const Times times = times_of(transcript);
  sight.values = {1,          sizes.messages,         sizes.pings, sizes.message, sizes.frame, sizes.fragments,
                  sizes.text, transcript.octets_sent, times.lived, times.idle};
  return sight;
}

void Habits::see(const Case& c, const Result& result) {
  const bool opened = result.transcript.frames_sent > 0 || result.transcript.frames_received > 0;
  if (opened) sights_[c.id] = sight_of(c, result);
}

bool Habits::is_way(const Sight& sight) const {
  return sight.closed && sight.by_close == by_close_ && sight.code == code_;
}

bool Habits::closes_at_once() const {
  return std::ranges::none_of(sights_, [](const auto& each) { return each.second.messages + each.second.pongs > 0; });
}

// As many were answered before each time that it closed, and in no other case were there more. Its Close may cross that
// of the tester, and then nobody can tell which was first.
std::optional<std::uint64_t> Habits::count(Quantity quantity) const {
  const auto at = static_cast<std::size_t>(quantity);
  const auto came = [&](const Sight& sight) { return quantity == Quantity::messages ? sight.messages : sight.pongs; };
  std::optional<std::uint64_t> answered;
  std::uint64_t most_kept = 0;
  std::size_t closed = 0, kept = 0;
  for (const auto& [id, sight] : sights_) {
    if (!sight.legal) continue;
    if (is_way(sight)) {
      ++closed;
      if (answered.value_or(came(sight)) != came(sight)) return std::nullopt;
      answered = came(sight);
    } else if (!sight.closed) {
      ++kept;
      most_kept = std::max(most_kept, sight.values[at]);
    }
  }
  if (closed < least_closed(code_) || kept < kLeastKept || !answered || *answered == 0) return std::nullopt;
  return most_kept <= *answered ? answered : std::nullopt;
}

// The least value of those that it closed, where that is above all values of those that it did not.
std::optional<std::uint64_t> Habits::threshold(Quantity quantity) const {
  const auto at = static_cast<std::size_t>(quantity);
  std::uint64_t least = UINT64_MAX;
  std::size_t closed = 0;
  std::vector<std::uint64_t> kept;
  for (const auto& [id, sight] : sights_) {
    if (!sight.legal) continue;
    const std::uint64_t value = sight.values[at];
    if (is_way(sight)) {
      ++closed;
      least = std::min(least, value);
    } else if (!sight.closed) {
      kept.push_back(value);
    }
  }
  if (closed < (is_time(quantity) ? kLeastClosed : least_closed(code_)) || kept.size() < kLeastKept)
    return std::nullopt;
  const std::uint64_t most_kept = std::ranges::max(kept);
  // A busy machine makes a timer late, and never early: what lasts longer and is kept is the exception then.
  if (is_time(quantity)) {
    const auto longer =
        static_cast<std::size_t>(std::ranges::count_if(kept, [&](std::uint64_t value) { return value > least; }));
    const bool apart = most_kept <= 2 * least + kWide && longer <= closed;
    return apart && least >= kShortestTimer ? std::optional(least - std::min(least, kSlack)) : std::nullopt;
  }
  // Who misreads a form of the length ends there too.
  const bool border = std::ranges::find(kBorders, most_kept) != std::end(kBorders);
  return least > most_kept && (!border || by_close_) ? std::optional(least) : std::nullopt;
}

std::vector<Habits::Candidate> Habits::candidates(bool can_be_asked) {
  std::vector<Candidate> out;
  std::map<std::pair<bool, std::optional<std::uint16_t>>, std::size_t> ways;
  for (const auto& [id, sight] : sights_)
    if (sight.legal && sight.closed && is_own_affair(sight.code)) ++ways[{sight.by_close, sight.code}];
  const auto most = std::ranges::max_element(ways, {}, [](const auto& way) { return way.second; });
  std::uint64_t longest = 0;
  for (const auto& [id, sight] : sights_)
    if (sight.unasked || (sight.legal && sight.closed && is_own_affair(sight.code)))
      longest = std::max(longest, sight.took);
  // One closing by itself is enough to ask for a timer, however long it takes.
  const auto timers = [&] {
    if (!can_be_asked || longest == 0) return;
    out.push_back({Quantity::lived, longest / 2});
    out.push_back({Quantity::idle, longest / 2});
  };
  if (most == ways.end()) return timers(), out;
  std::tie(by_close_, code_) = most->first;
  if (by_close_ && most->second >= kLeastClosed && closes_at_once()) out.push_back({Quantity::any, 1});
  for (std::size_t i = 1; i < kQuantities; ++i) {
    const auto quantity = static_cast<Quantity>(i);
    if (can_be_asked && is_time(quantity)) continue;
    if (!by_close_ && (quantity < Quantity::message || quantity > Quantity::text)) continue;  // RFC 6455 7.3: a Close
    const bool counts = quantity == Quantity::messages || quantity == Quantity::pings;
    if (const auto least = counts ? count(quantity) : threshold(quantity)) out.push_back({quantity, *least});
  }
  timers();
  return out;
}

void Habits::take(const Candidate& candidate) {
  quantity_ = candidate.quantity;
  least_ = candidate.least;
  words_ = in_words(*quantity_, least_);
}

void Habits::conclude() {
  if (to_try_) return;  // it was asked
  quantity_.reset();
  words_.clear();
  if (const auto found = candidates(/*can_be_asked=*/false); !found.empty()) take(found.front());
}

std::optional<Case> Habits::trial() {
  if (!to_try_) {
    quantity_.reset();
    words_.clear();
    to_try_ = candidates(/*can_be_asked=*/true);
    std::ranges::reverse(*to_try_);
  }
  if (quantity_ || to_try_->empty()) return std::nullopt;
  return trial_of(to_try_->back().quantity, to_try_->back().least);
}

void Habits::settle(const std::optional<Result>& tried) {
  Candidate candidate = to_try_->back();
  to_try_->pop_back();
  if (!tried || !ended_by_itself(*tried) || !is_own_affair(tried->remote_close_code)) return;
  if (is_time(candidate.quantity)) {
    if (!tried->closed_by_peer_first) return;  // RFC 6455 7.3
    by_close_ = true;
    code_ = tried->remote_close_code;
    const Times times = times_of(tried->transcript);
    const std::uint64_t shown = candidate.quantity == Quantity::idle ? times.idle : times.lived;
    candidate.least = shown - std::min(shown, kSlack);
  }
  take(candidate);
}

// Twice as much, or a little more, of one quantity, and as little as can be of all others.
Case Habits::trial_of(Quantity quantity, std::uint64_t least) {
  using std::chrono::milliseconds;
  constexpr std::uint64_t kMilli = 1000, kPiece = 1024;
  constexpr milliseconds kMoment{500}, kLongest{20'000};
  const auto length = std::min(kLongest, milliseconds(2 * least / kMilli) + kMoment);
  Case c;
  c.id = "habit";
  c.expect = Expect{};
  c.expect->compares_messages = false;
  c.offer = c.accept = {"permessage-deflate"};
  const auto small = [&](std::uint64_t n, const Step& step) { c.steps.assign(static_cast<std::size_t>(n), step); };
  switch (quantity) {
    using enum Quantity;
    case any:
      c.steps = {message_of(ws::Opcode::text, 1), Step{step::Sentinel{"habit"}}};
      break;
    case messages:
      small(least + 2, message_of(ws::Opcode::binary, 1));
      break;
    case pings:
      small(least + 2, Step{step::Sentinel{"habit"}});
      break;
    case message:
    case frame:
      c.steps = {message_of(ws::Opcode::binary, least), compressed(message_of(ws::Opcode::binary, least))};
      break;
    case fragments:
      c.steps = {message_of(ws::Opcode::binary, least, 1)};
      break;
    case text:
      c.steps = {message_of(ws::Opcode::text, least), compressed(message_of(ws::Opcode::text, least))};
      break;
    case octets:
      small(least / kPiece + 2, message_of(ws::Opcode::binary, kPiece));
      break;
    case lived:
    case idle:
      c.steps = lasting(length, quantity == idle);
      break;
  }
  if (quantity > Quantity::any && quantity < Quantity::lived) {
    c.steps.push_back(Step{step::Sentinel{"taken"}});
    c.steps.push_back(Step{step::Idle{kMoment / 2}});
  }
  return c;
}

std::string Habits::in_words(Quantity quantity, std::uint64_t least) const {
  constexpr std::uint64_t kMilli = 1000;
  const std::string how = !by_close_ ? std::string("ends TCP")
                          : code_    ? fmt::format("closes by itself, with {},", *code_)
                                     : std::string("closes by itself, with an empty Close,");
  switch (quantity) {
    using enum Quantity;
    case any:
      return fmt::format("it {} before it has done anything that it was asked for, on every connection", how);
    case messages:
      return fmt::format("it {} on every connection after {} messages", how, least);
    case pings:
      return fmt::format("it {} on every connection after {} Pings", how, least);
    case message:
      return fmt::format("it {} for every message of {} bytes or more", how, least);
    case frame:
      return fmt::format("it {} for every frame of {} bytes or more", how, least);
    case fragments:
      return fmt::format("it {} for every message of {} fragments or more", how, least);
    case text:
      return fmt::format("it {} for every text message of {} bytes or more", how, least);
    case octets:
      return fmt::format("it {} on every connection on which it was sent {} bytes or more", how, least);
    case lived:
      return fmt::format("it {} on every connection that lasts {} ms", how, least / kMilli);
    case idle:
      return fmt::format("it {} on every connection on which it is sent nothing for {} ms", how, least / kMilli);
  }
  return {};
}

bool Habits::is_reached(const Sight& sight) const {
  if (quantity_ == Quantity::messages) return sight.messages == least_;
  if (quantity_ == Quantity::pings) return sight.pongs == least_;
  return sight.values[static_cast<std::size_t>(*quantity_)] >= least_;
}

bool Habits::explains(const Result& result, const Finding& finding) const {
  const auto seen = sights_.find(result.case_id);
  if (seen == sights_.end() || !weighs(finding)) return false;
  const Sight& sight = seen->second;
  if (sight.unclear && is_one_of(finding, kOfOwnWords)) return true;
  if (!quantity_) return false;
  // A timer ends other connections of the case too, and those that are opened to see whether it still answers.
  const bool of_others = finding.kind == ws::rules::name(FindingKind::endpoint_harmed) &&
                         (finding.evidence == "connection" || finding.evidence == "other connections");
  if (is_time(*quantity_) && of_others) return true;
  if (is_time(*quantity_) && sight.several && sight.took >= least_) return is_one_of(finding, kExplained);
  // Whose Close was first nobody can tell where it crossed one that the case sends.
  const bool closed = by_close_ ? sight.close_came && sight.code == code_ : is_way(sight);
  const bool reached = quantity_ == Quantity::any || is_reached(sight);
  return closed && reached && is_one_of(finding, kExplained);
}

bool Habits::explains(const Result& result) const {
  return std::ranges::any_of(result.findings, [&](const Finding& finding) { return explains(result, finding); });
}

Result Habits::without_it(Result result) {
  std::erase_if(result.findings, [&](const Finding& finding) { return explains(result, finding); });
  const auto seen = sights_.find(result.case_id);
  const bool unclear = seen != sights_.end() && seen->second.unclear;
  if (!unclear && !by_close_ && !std::exchange(said_without_close_, true)) {
    const Facts facts{.codes = {ws::close_code::kMessageTooBig}, .instead = "it ended TCP without a Close"};
    constexpr auto kKind = FindingKind::failed_without_close;
    result.findings.push_back(make_finding(kKind, facts, ws::rules::requirement_of(kKind, facts, ws::Role::client)));
  }
  const auto worst = std::ranges::max_element(result.findings, {}, &Finding::weight);
  result.hidden = false;
  if (worst == result.findings.end() || !weighs(*worst)) {
    result.behavior = Behavior::not_applicable;
    result.closing = Closing::informational;
    result.summary = unclear ? std::string(kUnclear) : fmt::format("Not judged: {} (RFC 6455 7.3, 10.4).", words_);
    return result;
  }
  const bool fails = worst->weight == Finding::Weight::violation;
  result.behavior = fails ? Behavior::failed : Behavior::non_strict;
  result.summary = fmt::format("Expected: {}; seen: {}.", worst->expected, worst->seen);
  if (!unclear) result.summary += fmt::format(" (Beside that, {}.)", words_);
  return result;
}

}  // namespace touchstone

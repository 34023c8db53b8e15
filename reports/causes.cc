// causes.cc - findings that are one, and which of several is the root of a result.
#include "reports/causes.h"

#include "reports/support/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

namespace touchstone {
namespace {

using Weight = Finding::Weight;

// What makes two findings one. An old journal has no kinds: there the sentence of what was expected stands for it.
struct Key {
  Behavior behavior = Behavior::failed;  // only where there is no kind
  std::string requirement, kind, evidence, expected;
  std::string_view mend{};  // in place of all of them
  auto operator<=>(const Key&) const = default;
};

bool weighs(const Finding& finding) { return finding.weight != Weight::choice; }

Behavior behavior_of(const Finding& finding) {
  return finding.weight == Weight::violation ? Behavior::failed : Behavior::non_strict;
}

// Findings of several kinds, with several requirements, that are one omission in the endpoint. Ids of causes hold the
// name, so it is stable.
struct Mend {
  std::string_view name, kind, evidence;  // evidence: empty for any
};
constexpr Mend kMends[] = {
    // Who looks at the parameters before it accepts an offer (RFC 7692 7) finds them all.
    {"rfc7692-7/offer-not-declined", "answer-offer-with-unknown", ""},
    {"rfc7692-7/offer-not-declined", "answer-offer-with-invalid-value", ""},
    {"rfc7692-7/offer-not-declined", "answer-offer-with-repeated", ""},
    // The limit that is accepted is repeated, whatever it is (RFC 7692 7.1.2.1).
    {"rfc7692-7.1.2.1/limit-left-out", "answer-parameter-missing", "server_max_window_bits"},
    {"rfc7692-7.1.2.1/limit-left-out", "limit-not-repeated", ""},
    // One look at the status code before it is sent, whichever it is (RFC 6455 7.4).
    {"rfc6455-7.4/bad-status-code-sent", "octets-illegal", "close-code-invalid"},
    {"rfc6455-7.4/bad-status-code-sent", "close-code-repeated", ""},
    // One source of random octets, and how often it shows is chance (RFC 6455 5.3).
    {"rfc6455-5.3-4/masking-keys-predictable", "mask-key-constant", ""},
    {"rfc6455-5.3-4/masking-keys-predictable", "mask-key-counts", ""},
    {"rfc6455-5.3-4/masking-keys-predictable", "mask-key-predictable", ""},
    {"rfc6455-5.3-4/masking-keys-predictable", "mask-key-sequence", ""},
    {"rfc6455-5.3-4/masking-keys-predictable", "mask-key-repeats", ""},
    {"rfc6455-5.3-4/masking-keys-predictable", "mask-key-bits-stuck", ""},
    {"rfc6455-5.3-4/masking-keys-predictable", "mask-key-biased", ""},
};

std::string_view mend_of(const Finding& finding) {
  const auto* const found = std::ranges::find_if(kMends, [&](const Mend& mend) {
    return mend.kind == finding.kind && (mend.evidence.empty() || mend.evidence == finding.evidence);
  });
  return found == std::end(kMends) ? std::string_view() : found->name;
}

Key key_of(const Finding& finding) {
  if (const auto mend = mend_of(finding); !mend.empty()) {
    Key key;
    key.mend = mend;
    return key;
  }
  if (!finding.kind.empty()) return {{}, finding.requirement, finding.kind, finding.evidence, {}};
  return {behavior_of(finding), finding.requirement, {}, {}, finding.expected};
}

// A case that could not run, and a failure that no finding explains.
Key key_without_finding(const Result& result) { return {result.behavior, {}, {}, {}, {}}; }

// Verdicts that want a cause.
bool is_told(const Result& result) {
  return result.behavior == Behavior::failed || result.behavior == Behavior::errored ||
         result.behavior == Behavior::non_strict || result.hidden;
}

constexpr Consequence kConsequences[] = {
    {"fault-ignored", "message-after-fault"},     // it processes what comes because it overlooked the fault
    {"legal-octets-refused", "message-missing"},  // after it has failed the connection nothing can come
    {"legal-octets-refused", "pong-missing"},     //
    {"failed-too-early", "message-missing"},      //
    {"failed-too-early", "pong-missing"},         //
    {"tcp-ended-unasked", "message-missing"},     //
    {"tcp-ended-unasked", "pong-missing"},        //
    {"endpoint-died", "failed-without-close"},    // nobody was there to send one
    {"endpoint-died", "tcp-ended-unasked"},       //
    {"endpoint-died", "message-missing"},         //
    {"endpoint-died", "pong-missing"},            //
    {"endpoint-died", "close-answered-by-end-of-tcp"},
    {"close-code-repeated", "failing-code-wrong"},  // the code is the tester's own
};

bool follows(const Finding& finding, const Result& result) {
  return std::ranges::any_of(kConsequences, [&](const Consequence& c) {
    return c.follows == finding.kind && std::ranges::any_of(result.findings, [&](const Finding& other) {
             return other.kind == c.source && other.weight >= finding.weight;
           });
  });
}

// The findings of a result that weigh, each key once, in the judge's order; the heavier one where two have one key.
using Shown = std::vector<std::pair<Key, const Finding*>>;
Shown shown_by(const Result& result) {
  Shown shown;
  for (const Finding& finding : result.findings) {
    if (!weighs(finding) || follows(finding, result)) continue;
    Key key = key_of(finding);
    const auto same = std::ranges::find(shown, key, &Shown::value_type::first);
    if (same == shown.end()) {
      shown.emplace_back(std::move(key), &finding);
    } else if (same->second->weight < finding.weight) {
      same->second = &finding;
    }
  }
  return shown;
}

using Shares = std::map<Key, std::size_t>;

Key root_of(const Result& result, const Shown& shown, const Shares& shares) {
  if (shown.empty() || result.behavior == Behavior::errored) return key_without_finding(result);
  const auto less = [&](const Shown::value_type& a, const Shown::value_type& b) {
    if (a.second->weight != b.second->weight) return a.second->weight < b.second->weight;
    return shares.at(a.first) < shares.at(b.first);
  };
  // max_element() gives the first of equal ones.
  return std::ranges::max_element(shown, less)->first;
}

// A name for ids: what is no letter, digit or one of "._=-" becomes a hyphen.
std::string as_name(std::string_view text) {
  static constexpr std::size_t kLongest = 60;
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("._=-").contains(c);
    if (plain) name += c;
    if (!plain && !name.empty() && name.back() != '-') name += '-';
  }
  name.resize(std::min(name.size(), kLongest));
  while (name.ends_with('-')) name.pop_back();
  return name;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::string id_of(const Cause& cause) {
  const Finding& finding = cause.finding;
  if (const auto mend = mend_of(finding); !mend.empty()) return std::string(mend);
  std::string id = finding.requirement.empty() ? "no-requirement" : finding.requirement;
  if (finding.kind.empty())
    return fmt::format("{}/{}/{}", id, lower(std::string(name(cause.behavior))), lower(as_name(finding.expected)));
  id += "/" + as_name(finding.kind);
  return finding.evidence.empty() ? id : id + "/" + as_name(finding.evidence);
}

const Finding* finding_with(const Result& result, const Key& key) {
  const Shown shown = shown_by(result);
  const auto found = std::ranges::find(shown, key, &Shown::value_type::first);
  return found == shown.end() ? nullptr : found->second;
}

// Equal for what is about equal: 2 to 7, 8 to 31, 32 to 127, ...
std::uint64_t magnitude(std::uint64_t n) { return std::bit_width(n) / 2; }

// How badly a result shows a cause; the least is best. A choice may let the same finding weigh less in some cases: what
// is gravest stands for all. Of conversations that are about as long, the one that fewer words describe has fewer
// faults of the tester's own in it.
auto clumsiness(const Result& result, const Key& key, bool root) {
  const Finding* finding = finding_with(result, key);
  const Transcript& talk = result.transcript;
  const auto others = std::ranges::count_if(result.findings, weighs);
  return std::tuple(finding == nullptr || finding->weight != Weight::violation, !root, result.flaky, others,
                    magnitude(talk.frames_sent + talk.frames_received),
                    magnitude(talk.octets_sent + talk.octets_received), result.title.size(), result.case_id.size(),
                    std::string_view(result.case_id));
}

int rank(Behavior behavior) {
  if (behavior == Behavior::failed) return 0;
  return behavior == Behavior::errored ? 1 : 2;
}

bool before(const Cause& a, const Cause& b) {
  const auto place = [](const Cause& cause) {
    return std::tuple(rank(cause.behavior), -static_cast<std::ptrdiff_t>(cause.own + cause.hidden.size()),
                      -static_cast<std::ptrdiff_t>(cause.cases.size()), std::string_view(cause.id));
  };
  return place(a) < place(b);
}

class Gatherer {
 public:
  explicit Gatherer(const std::vector<const Result*>& results) {
    for (const Result* result : results) {
      if (!is_told(*result)) continue;
      for (const auto& [key, finding] : shown_by(*result)) ++shares_[key];
      told_.push_back(result);
    }
    for (const Result* result : told_) place(*result);
    for (auto& [key, cause] : causes_) finish(key, cause);
  }

  [[nodiscard]] std::vector<Cause> take() {
    std::vector<Cause> causes;
    std::set<std::string, std::less<>> taken;
    for (auto& [key, cause] : causes_) {
      const std::string id = cause.id;  // names may become equal
      for (int n = 2; !taken.insert(cause.id).second; ++n) cause.id = fmt::format("{}-{}", id, n);
      ids_.emplace(key, cause.id);
      causes.push_back(std::move(cause));
    }
    std::ranges::sort(causes, before);
    for (std::size_t i = 0; i < causes.size(); ++i) causes[i].number = i + 1;
    return causes;
  }

  [[nodiscard]] const std::vector<const Result*>& told() const { return told_; }
  // The id of its root.
  [[nodiscard]] const std::string& root(const Result& result) const { return ids_.at(roots_.at(&result)); }

 private:
  void place(const Result& result) {
    const Shown shown = shown_by(result);
    const Key root = root_of(result, shown, shares_);
    roots_.emplace(&result, root);
    for (const auto& [key, finding] : shown) {
      if (key != root) causes_[key].cases.push_back(&result);
    }
    Cause& cause = causes_[root];
    (result.hidden ? cause.hidden : cause.cases).push_back(&result);
    if (result.hidden) return;
    ++cause.own;
    if (result.behavior == Behavior::non_strict) ++cause.own_weak;
  }

  void finish(const Key& key, Cause& cause) {
    const auto& showing = cause.cases.empty() ? cause.hidden : cause.cases;
    const auto order = [&](const Result* result) {
      return clumsiness(*result, key, roots_.at(result) == key && !result->hidden);
    };
    cause.shortest = *std::ranges::min_element(showing, {}, order);
    const Result& shown = *cause.shortest;
    if (const Finding* finding = finding_with(shown, key)) {
      cause.finding = *finding;
      cause.behavior = behavior_of(*finding);
      cause.id = id_of(cause);
      return;
    }
    cause.behavior = shown.behavior;
    cause.finding = {
        .weight = Weight::violation, .requirement = {}, .expected = shown.expectation, .seen = shown.summary};
    cause.id = lower(std::string(name(shown.behavior)));
  }

  Shares shares_;
  std::vector<const Result*> told_;
  std::map<Key, Cause> causes_;
  std::map<const Result*, Key> roots_;
  std::map<Key, std::string> ids_;
};

}  // namespace

std::span<const Consequence> consequences() noexcept { return kConsequences; }

Causes::Causes(const std::vector<const Result*>& results) {
  Gatherer gatherer(results);
  causes_ = gatherer.take();
  for (const Result* result : gatherer.told()) {
    const auto root = std::ranges::find(causes_, gatherer.root(*result), &Cause::id);
    roots_.emplace(result, static_cast<std::size_t>(root - causes_.begin()));
    if (!result->hidden) explained_.push_back(result);
  }
  hidden_ = gatherer.told().size() - explained_.size();
}

const Cause* Causes::of(const Result& result) const {
  const auto found = roots_.find(&result);
  return found == roots_.end() ? nullptr : &causes_[found->second];
}

std::string headline(const Causes& causes) {
  if (causes.empty()) return {};
  const std::string who = count_of(causes.all().size(), "cause");
  const bool one = causes.all().size() == 1;
  const std::size_t explained = causes.explained().size();
  if (explained == 0) return fmt::format("{} {} {}", who, one ? "hides" : "hide", count_of(causes.hidden(), "case"));
  std::string text = fmt::format("{} {} {}", who, one ? "explains" : "explain", count_of(explained, "case"));
  std::map<int, std::pair<Behavior, std::size_t>> by_verdict;
  for (const Result* result : causes.explained()) {
    auto& [behavior, n] = by_verdict[rank(result->behavior)];
    behavior = result->behavior;
    ++n;
  }
  std::string verdicts;
  for (const auto& [order, counted] : by_verdict)
    verdicts += fmt::format("{}{} {}", verdicts.empty() ? "" : ", ", counted.second, name(counted.first));
  if (by_verdict.size() > 1) text += fmt::format(" ({})", verdicts);
  if (causes.hidden() > 0) text += fmt::format(" and {} {} more", one ? "hides" : "hide", causes.hidden());
  return text;
}

namespace {

// Some of what a cause explains may break a MUST, and some a SHOULD: each result keeps its own verdict.
std::string verdicts_of(const Cause& cause) {
  if (cause.own_weak == 0 || cause.behavior == Behavior::non_strict) return {};
  if (cause.own_weak == cause.own) return fmt::format(" ({})", name(Behavior::non_strict));
  return fmt::format(" ({} {}, {} {})", cause.own - cause.own_weak, name(cause.behavior), cause.own_weak,
                     name(Behavior::non_strict));
}

}  // namespace

std::string reach(const Cause& cause) {
  const std::size_t shared = cause.cases.size() - cause.own;
  std::vector<std::string> parts;
  if (cause.own > 0) parts.push_back("explains " + count_of(cause.own, "case") + verdicts_of(cause));
  if (shared > 0 && cause.own > 0) parts.push_back(fmt::format("is in {} more", shared));
  if (shared > 0 && cause.own == 0) parts.push_back(fmt::format("is in {} of other causes", count_of(shared, "case")));
  if (!cause.hidden.empty() && !cause.cases.empty()) parts.push_back(fmt::format("hides {}", cause.hidden.size()));
  if (!cause.hidden.empty() && cause.cases.empty()) parts.push_back("hides " + count_of(cause.hidden.size(), "case"));
  return fmt::format("{}", fmt::join(parts, ", "));
}

SomeCases some_of(const std::vector<const Result*>& results, std::size_t limit, const Result* but) {
  SomeCases some;
  for (const Result* result : results) {
    if (result == but) continue;
    if (some.named.size() < limit) {
      some.named.push_back(result);
    } else {
      ++some.more;
    }
  }
  return some;
}

}  // namespace touchstone

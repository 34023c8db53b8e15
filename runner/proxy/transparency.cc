#include "runner/proxy/transparency.h"

#include "reports/support/words.h"
#include "runner/catalogue/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace touchstone::proxy {
namespace {

constexpr std::string_view kTunnel = "rfc9110-3.7-1";
constexpr std::size_t kMostLookedAt = 40;  // worse verdicts that are played once more to see what arrives

int rank(const Result& result) noexcept {
  switch (result.behavior) {
    case Behavior::non_strict:
      return 1;
    case Behavior::failed:
      return 2;
    case Behavior::errored:
      return 3;
    default:
      return 0;
  }
}

bool ends_tcp(const Case& c) {
  bool found = false;
  each_step(c.steps, [&](const Step& step) { found = found || std::holds_alternative<step::Tcp>(step.action); });
  return found || (c.request && c.request->stop) || (c.expect && std::holds_alternative<end::Abandoned>(c.expect->end));
}

bool is_about_the_opening(const Case& c) { return c.request || (c.expect && c.expect->opening); }

Finding difference(const Result& direct, const Result& through, const std::string& arrived, Finding::Weight weight) {
  Finding finding;
  finding.weight = weight;
  finding.requirement = kTunnel;
  finding.kind = "differs-from-direct";
  finding.expected = fmt::format("as without the intermediary: {}{}", name(direct.behavior),
                                 direct.summary.empty() ? "" : ", " + direct.summary);
  finding.seen = through.summary.empty() ? std::string(name(through.behavior)) : through.summary;
  if (!arrived.empty()) finding.seen += ". At the server behind it: " + arrived;
  return finding;
}

// A freedom of the intermediary, with the clause that gives it.
Result as_choice(Result through, const Result& direct, const std::string& arrived, std::string_view why) {
  through.findings = {difference(direct, through, arrived, Finding::Weight::choice)};
  through.findings.front().choice = "C-41";
  through.behavior = Behavior::informational;
  through.closing = Closing::informational;
  through.summary = fmt::format("differs from the direct run ({}): {}", why, through.summary);
  return through;
}

// Keeps what it is told.
class Kept : public RunObserver {
 public:
  void finished(const Result& result) override { results[result.case_id] = result; }
  bool endpoint_died(const std::vector<const Case*>&, const std::string& text) override {
    why = text;
    return false;
  }
  std::map<std::string, Result> results;
  std::string why;
};

// Passes on what is as without the intermediary, and keeps the rest for a second look.
class Sieve : public RunObserver {
 public:
  Sieve(const std::map<std::string, Result>& direct, RunObserver& next) : direct_(direct), next_(next) {}
  void started(const Case& c) override { next_.started(c); }
  void finished(const Result& result) override {
    const auto found = direct_.find(result.case_id);
    if (found != direct_.end() && is_worse(result, found->second)) return worse.push_back(result);
    next_.finished(result);
  }
  bool endpoint_died(const std::vector<const Case*>& suspects, const std::string& why) override {
    return next_.endpoint_died(suspects, why);
  }
  std::vector<Result> worse;

 private:
  const std::map<std::string, Result>& direct_;
  RunObserver& next_;
};

std::string head_in_words(std::string_view octets) {
  const auto end = octets.find("\r\n\r\n");
  const std::string_view head = octets.substr(0, end);
  const std::string_view start = head.substr(0, head.find("\r\n"));
  const auto fields = std::ranges::count(head, '\n');
  std::string text = fmt::format("'{}' and {}", start, count_of(static_cast<std::size_t>(fields), "field"));
  if (end == std::string_view::npos) return text + ", without the end of the head";
  const std::string_view rest = octets.substr(end + 4);
  if (rest.empty()) return text + ", nothing after the head";
  text += fmt::format(", then {}:", count_of(rest.size(), "byte"));
  constexpr std::size_t kShown = 16;
  for (const char c : rest.substr(0, kShown)) text += fmt::format(" {:02x}", static_cast<unsigned char>(c));
  return rest.size() > kShown ? text + " ..." : text;
}

}  // namespace

bool is_worse(const Result& through, const Result& direct) noexcept { return rank(through) > rank(direct); }

std::string in_words(const std::vector<Arrived>& arrived) {
  std::string text;
  for (const Arrived& one : arrived) {
    if (one.total == 0) continue;
    if (!text.empty()) text += "; ";
    text += head_in_words(ws::as_text(one.octets));
    if (one.total > one.octets.size()) text += fmt::format(", {} bytes in all", one.total);
    if (one.eof || one.reset) text += one.reset ? ", then a reset" : ", then the end of TCP";
  }
  return text;
}

Result against_direct(const Case& c, const Result& direct, Result through, const std::string& arrived,
                      const Nature& nature) {
  if (!is_worse(through, direct)) return through;
  if (is_about_the_opening(c)) {
    return as_choice(std::move(through), direct, arrived,
                     "an intermediary speaks HTTP for itself on both sides, RFC 9110 7.6; its heads are judged at both "
                     "ends by the cases of the suites proxy-*");
  }
  if (ends_tcp(c)) {
    return as_choice(std::move(through), direct, arrived,
                     "who relays may end both connections when one side ends its own, RFC 9110 9.3.6");
  }
  if (through.behavior == Behavior::errored) return through;
  const bool failed = through.behavior == Behavior::failed;
  Finding own = difference(direct, through, arrived, failed ? Finding::Weight::violation : Finding::Weight::weak);
  if (nature.takes_part && !through.findings.empty()) {
    own.requirement = through.findings.front().requirement;
  } else {
    through.requirements.insert(through.requirements.begin(), std::string(kTunnel));
  }
  through.findings.insert(through.findings.begin(), std::move(own));
  through.summary = "the intermediary changes the outcome: " + through.summary;
  return through;
}

RunOutcome run_through(const std::vector<const Case*>& cases, const UnderTest& test, RunObserver& observer,
                       const std::atomic<bool>& stop) {
  test.back.enter_thread();
  RunOptions options = test.options;
  options.process = 0;
  options.owner = {};
  Target direct_target;
  direct_target.url = test.back.url();
  direct_target.subprotocols = test.front.subprotocols;
  direct_target.name = "direct";
  // The same events on both ways: what is the end of TCP in HTTP/1.1 is one of a stream in HTTP/2.
  if (test.greeting.over_http2) direct_target.http = ws::io::Http::two;
  Kept direct;
  auto outcome = run(cases, direct_target, test.greeting, options, direct, stop);
  if (outcome.how != RunOutcome::How::complete) {
    test.back.leave_thread();
    return outcome;
  }
  Sieve sieve(direct.results, observer);
  outcome = run(cases, test.front, test.greeting, options, sieve, stop);
  std::map<std::string_view, const Case*> by_id;
  for (const Case* c : cases) by_id[c->id] = c;
  std::size_t looked_at = 0;
  for (Result& worse : sieve.worse) {
    const Case& c = *by_id.at(worse.case_id);
    std::string arrived;
    if (outcome.how == RunOutcome::How::complete && !stop && looked_at++ < kMostLookedAt) {
      (void)test.back.take_arrived();
      Kept again;
      RunOptions once = options;
      once.confirm = false;
      once.jobs = 1;
      (void)run({&c}, test.front, test.greeting, once, again, stop);
      const auto found = again.results.find(c.id);
      if (found != again.results.end() && !is_worse(found->second, direct.results.at(c.id))) {
        Result second = found->second;
        second.flaky = true;
        second.other_transcript = std::move(worse.transcript);
        second.summary = fmt::format("{} (once it was {}: {})", second.summary, name(worse.behavior), worse.summary);
        observer.finished(second);
        continue;
      }
      if (found != again.results.end()) arrived = in_words(test.back.take_arrived());
    }
    observer.finished(against_direct(c, direct.results.at(c.id), std::move(worse), arrived, test.nature));
  }
  test.back.leave_thread();
  return outcome;
}

}  // namespace touchstone::proxy

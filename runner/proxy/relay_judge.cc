#include "runner/proxy/relay_judge.h"

#include "reports/support/said.h"
#include "reports/support/words.h"
#include "runner/catalogue/catalogue.h"
#include "runner/catalogue/two_sided.h"
#include "runner/engine/verdict/weigh.h"
#include "runner/proxy/claim_words.h"
#include "runner/proxy/units.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace touchstone::proxy {
namespace {

using Verb = Claim::Verb;

const Exchange& exchange_of(const Claim& claim, const Relayed& seen) {
  const auto found = seen.others.find(claim.on);
  return claim.on.empty() || found == seen.others.end() ? static_cast<const Exchange&>(seen) : found->second;
}

const HeadSeen* arrived_head(const Claim& claim, const Exchange& seen) {
  const auto& heads = (claim.at == Side::server ? seen.at_server : seen.at_client).heads;
  const auto found = std::ranges::find(heads, claim.head, &HeadSeen::number);
  return found == heads.end() ? nullptr : &*found;
}

// The head at the other end that it should be: at the client, the answer to the same request.
const HeadSeen* sent_head(const Claim& claim, const Exchange& seen) {
  const auto& heads = (claim.at == Side::server ? seen.by_client : seen.by_server).heads;
  if (claim.at == Side::server) return claim.head <= heads.size() ? &heads[claim.head - 1] : nullptr;
  const auto found = std::ranges::find(heads, claim.head, &HeadSeen::number);
  return found == heads.end() ? nullptr : &*found;
}

// All values of a field as one list (RFC 9110 5.3).
std::vector<std::string> elements_of(const std::vector<ws::Field>& fields, std::string_view name) {
  std::vector<std::string> all;
  for (const auto value : ws::field_values(fields, name))
    for (const auto element : ws::list_elements(value)) all.emplace_back(element);
  return all;
}

std::string field_text(const HeadSeen& head, std::string_view name) {
  if (ws::find_field(head.fields, name) == nullptr) return fmt::format("no {}", name);
  return fmt::format("{}: {}", name, fmt::join(ws::field_values(head.fields, name), ", "));
}

std::string preview(ws::ByteView octets) {
  constexpr std::size_t kShown = 24;
  std::string text = count_of(octets.size(), "byte");
  if (octets.empty()) return text;
  text += ":";
  for (const std::byte octet : octets.first(std::min(octets.size(), kShown)))
    text += fmt::format(" {:02x}", static_cast<unsigned>(octet));
  return octets.size() > kShown ? text + " ..." : text;
}

// Where two strings of octets part.
std::string where_they_part(ws::ByteView got, ws::ByteView sent) {
  const auto [a, b] = std::ranges::mismatch(got, sent);
  if (a == got.end() && b == sent.end()) return {};
  const auto at = static_cast<std::size_t>(a - got.begin());
  if (a == got.end()) return fmt::format("{} of {} bytes arrive, and the rest does not", got.size(), sent.size());
  if (b == sent.end())
    return fmt::format("after all {} bytes others follow, {}", sent.size(), preview(got.subspan(at)));
  return fmt::format("from byte {} on it is something else: {} in place of {}", at, preview(got.subspan(at)),
                     preview(sent.subspan(at)));
}

// What happened to a head that did not arrive.
std::string what_became_of(const Claim& claim, const Exchange& seen) {
  if (claim.at == Side::server && seen.at_client.heads.size() >= claim.head)
    return fmt::format("the intermediary answers '{}' by itself", said(seen.at_client.heads[claim.head - 1].start));
  const Arrival& other = seen.at_client;
  if (other.reset) return "the intermediary resets the client's connection";
  if (other.eof) return "the intermediary ends the client's connection without an answer";
  return claim.at == Side::server ? "nothing arrives" : "no answer arrives";
}

// What is seen in place of what the claim says; nothing when it holds, or says nothing here.
class Check {
 public:
  Check(const Claim& claim, const Relayed& seen)
      : claim_(claim),
        all_(seen),
        seen_(exchange_of(claim, seen)),
        nature_(seen.nature),
        end_(claim.at == Side::server ? seen_.at_server : seen_.at_client),
        other_(claim.at == Side::server ? seen_.by_client : seen_.by_server),
        arrived_(arrived_head(claim, seen_)),
        sent_(sent_head(claim, seen_)) {}

  std::optional<std::string> operator()() const {
    switch (claim_.verb) {
      case Verb::arrives:
        return arrived_ != nullptr ? holds() : what_became_of(claim_, seen_);
      case Verb::stops:
        return arrived_ == nullptr ? holds() : fmt::format("it arrives: '{}'", said(arrived_->start));
      case Verb::keeps:
        return arrived_ == nullptr || sent_ == nullptr ? holds() : keeps();
      case Verb::lacks:
        return arrived_ == nullptr || !has() ? holds() : field_text(*arrived_, claim_.what);
      case Verb::has:
        return arrived_ == nullptr || has() ? holds() : field_text(*arrived_, claim_.what);
      case Verb::clean:
        return arrived_ == nullptr || is_clean_field() ? holds() : said(field_text(*arrived_, claim_.what));
      case Verb::framed:
        return arrived_ == nullptr || is_framed_once() ? holds() : "it has both";
      case Verb::status:
        return status();
      case Verb::no_101:
        return no_101();
      case Verb::octets:
        return seen_.switched ? octets() : holds();
      case Verb::begins:
        return begins();
      case Verb::no_octets:
        return end_.octets.empty() ? holds() : preview(end_.octets) + " arrive";
      case Verb::ends:
        return end_.ended() ? holds() : "it does not";
      case Verb::stays:
        return !end_.ended() ? holds() : end_.reset ? "it is reset" : "it ends";
      case Verb::resets:
        return end_.reset ? holds() : end_.eof ? "it ends with a FIN" : "it does not end";
      case Verb::once:
        return arrived_ == nullptr ? holds() : once();
      case Verb::fresh:
        return arrived_ == nullptr ? holds() : fresh();
      case Verb::interim:
        return arrived_ == nullptr ? holds() : interim();
    }
    return holds();
  }

  // Not all elements of the field are there, in whatever order (RFC 9110 5.1).
  [[nodiscard]] bool is_not_forwarded() const {
    if (claim_.verb != Verb::keeps || claim_.what.starts_with("@") || arrived_ == nullptr || sent_ == nullptr)
      return false;
    auto got = elements_of(arrived_->fields, claim_.what), sent = elements_of(sent_->fields, claim_.what);
    std::ranges::sort(got);
    std::ranges::sort(sent);
    return !std::ranges::includes(got, sent);
  }

  // Something arrives that was not sent there: that is more than a loss.
  [[nodiscard]] bool is_changed() const {
    if (claim_.verb != Verb::octets || nature_.takes_part) return false;
    auto sent = other_.octets.begin();
    for (const std::byte octet : end_.octets) {
      sent = std::find(sent, other_.octets.end(), octet);
      if (sent == other_.octets.end()) return true;
      ++sent;
    }
    return false;
  }

 private:
  static std::optional<std::string> holds() { return std::nullopt; }

  bool has() const {
    if (claim_.list.empty()) return ws::find_field(arrived_->fields, claim_.what) != nullptr;
    return ws::list_has_token(arrived_->fields, claim_.what, claim_.list);
  }

  bool is_clean_field() const {
    return std::ranges::none_of(ws::field_values(arrived_->fields, claim_.what), [](std::string_view value) {
      return value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
    });
  }

  bool is_framed_once() const {
    return ws::find_field(arrived_->fields, "Content-Length") == nullptr ||
           ws::find_field(arrived_->fields, "Transfer-Encoding") == nullptr;
  }

  std::optional<std::string> once() const {
    const auto count = ws::field_values(arrived_->fields, claim_.what).size();
    if (count == 1) return holds();
    return count == 0 ? field_text(*arrived_, claim_.what)
                      : fmt::format("{} lines: {}", count, said(field_text(*arrived_, claim_.what)));
  }

  // Of all that arrived at the server on other connections.
  std::optional<std::string> fresh() const {
    const std::string own = field_text(*arrived_, claim_.what);
    const auto is_own = [&](const Exchange& other) {
      return &other != &seen_ && std::ranges::any_of(other.at_server.heads, [&](const HeadSeen& head) {
        return field_text(head, claim_.what) == own;
      });
    };
    const bool again =
        is_own(all_) || std::ranges::any_of(all_.others, [&](const auto& row) { return is_own(row.second); });
    return again ? std::optional("the same again: " + said(own)) : holds();
  }

  // In order; more of them may be the intermediary's own.
  std::optional<std::string> interim() const {
    std::size_t there = 0;
    for (const HeadSeen& head : end_.interim)
      if (there < other_.interim.size() && head.status == other_.interim[there]) ++there;
    if (there == other_.interim.size()) return holds();
    return fmt::format("{} of {}: no {}", there, other_.interim.size(), other_.interim[there]);
  }

  std::optional<std::string> keeps() const {
    if (claim_.what == "@method") return text(arrived_->method, sent_->method);
    if (claim_.what == "@target") return text(arrived_->target, sent_->target);
    if (claim_.what == "@status") return text(std::to_string(arrived_->status), std::to_string(sent_->status));
    if (claim_.what == "@content") return content();
    if (is_same_field()) return holds();
    return fmt::format("{} in place of {}", said(field_text(*arrived_, claim_.what)),
                       said(field_text(*sent_, claim_.what)));
  }

  bool is_same_field() const {
    // RFC 9110 5.3: Set-Cookie is no list, and its lines are not joined.
    if (claim_.what == "Set-Cookie") {
      return std::ranges::equal(ws::field_values(arrived_->fields, claim_.what),
                                ws::field_values(sent_->fields, claim_.what));
    }
    return elements_of(arrived_->fields, claim_.what) == elements_of(sent_->fields, claim_.what);
  }

  static std::optional<std::string> text(const std::string& got, const std::string& sent) {
    if (got == sent) return holds();
    return fmt::format("'{}' in place of '{}'", said(got), said(sent));
  }

  std::optional<std::string> content() const {
    if (!arrived_->content_whole) {
      return fmt::format("its head announces a content ({}) of which {} arrive",
                         said(field_text(*arrived_, "Content-Length")), count_of(arrived_->content.size(), "byte"));
    }
    const std::string found = where_they_part(arrived_->content, sent_->content);
    return found.empty() ? holds() : found;
  }

  std::optional<std::string> status() const {
    if (arrived_ == nullptr) return what_became_of(claim_, seen_);
    const auto status = static_cast<std::uint16_t>(arrived_->status);
    if (std::ranges::find(claim_.statuses, status) != claim_.statuses.end()) return holds();
    return fmt::format("'{}'", said(arrived_->start));
  }

  std::optional<std::string> no_101() const {
    const auto found = std::ranges::find(end_.heads, 101, &HeadSeen::status);
    if (found == end_.heads.end()) return holds();
    return fmt::format("'{}'", said(found->start));
  }

  std::optional<std::string> octets() const {
    if (says_the_same(end_.octets, other_.octets, agreed_extension(seen_.by_server.heads), nature_.takes_part))
      return holds();
    const std::string found = where_they_part(end_.octets, other_.octets);
    return found.empty() ? holds() : found;
  }

  std::optional<std::string> begins() const {
    if (end_.octets.size() <= other_.octets.size() &&
        std::ranges::equal(end_.octets, ws::ByteView(other_.octets).first(end_.octets.size())))
      return holds();
    return where_they_part(end_.octets, other_.octets);
  }

  const Claim& claim_;
  const Relayed& all_;
  const Exchange& seen_;
  const Nature& nature_;
  const Arrival& end_;
  const Said& other_;
  const HeadSeen *arrived_, *sent_;
};

Finding finding_of(const Claim& claim, const Case& c, std::string seen) {
  using Level = ExpectOpening::Level;
  Finding finding;
  finding.weight = claim.level == Level::must     ? Finding::Weight::violation
                   : claim.level == Level::should ? Finding::Weight::weak
                                                  : Finding::Weight::choice;
  finding.requirement = claim.requirement.empty() ? c.requirements.front() : claim.requirement;
  finding.expected = sentence(claim);
  finding.seen = std::move(seen);
  finding.kind = fmt::format("relay-{}-{}", name(claim.verb), end_name(claim.at));
  finding.evidence = claim.what;
  if (claim.level == Level::may) {
    const Requirement* rule = Catalogue::built_in().requirement(finding.requirement);
    finding.choice = rule != nullptr && !rule->choice.empty() ? rule->choice : "C-41";
  }
  return finding;
}

// A rule of HTTP/2 itself, which the case need not be about.
Finding finding_of(const Http2Fault& fault) {
  Finding finding;
  finding.kind = "http2-rule";
  const Weighed weighed = weigh(finding.kind, fault.requirement);
  finding.weight = weighed.weight;
  finding.choice = weighed.choice;
  finding.requirement = fault.requirement;
  finding.expected = fault.expected;
  finding.seen = fault.seen;
  return finding;
}

// What this intermediary does not owe.
bool is_free(const Claim& claim, const Relayed& seen) {
  // A tunnel owes its octets, and who takes part in the connection its messages.
  if (seen.nature.takes_part && claim.verb == Verb::octets && claim.level == ExpectOpening::Level::should) return true;
  // It opens a WebSocket connection of its own: key, extensions and their parameters.
  if (seen.nature.takes_part && claim.verb == Verb::keeps && claim.what.starts_with("Sec-WebSocket-")) return true;
  // RFC 9110 3.7: a tunnel is no party to the HTTP communication. It owes what it was given, as it was.
  constexpr std::array kOfHttp{Verb::stops,  Verb::lacks,  Verb::has,       Verb::clean, Verb::framed,
                               Verb::status, Verb::no_101, Verb::no_octets, Verb::once,  Verb::fresh};
  return seen.nature.blind && std::ranges::find(kOfHttp, claim.verb) != kOfHttp.end();
}

// What is worth a word although nothing is wrong.
std::string in_short(const Relayed& seen) {
  if (seen.at_server.heads.empty() && !seen.at_client.heads.empty())
    return fmt::format("the intermediary answers '{}' by itself", said(seen.at_client.heads.front().start));
  if (seen.at_server.heads.empty() && seen.at_client.ended())
    return "the intermediary ends the connection without an answer";
  return "as expected at both ends";
}

Result blank(const Case& c, const std::string& endpoint) {
  Result r;
  r.case_id = c.id;
  r.title = c.title;
  r.endpoint = endpoint;
  r.requirements = c.requirements;
  r.bugs = bugs_in_words(c);
  r.expectation = describe_claims(c);
  return r;
}

}  // namespace

bool takes_part(const Relayed& seen) {
  return seen.switched && seen.at_server.octets != seen.by_client.octets &&
         says_the_same(seen.at_server.octets, seen.by_client.octets, agreed_extension(seen.by_server.heads), false);
}

Result not_asked(const Case& c, const std::string& endpoint, const std::string& why) {
  Result r = blank(c, endpoint);
  r.behavior = Behavior::not_applicable;
  r.closing = Closing::informational;
  r.summary = why;
  return r;
}

Result judge_relayed(const Case& c, const std::string& endpoint, Relayed seen) {
  Result r = blank(c, endpoint);
  if (!seen.no_connection.empty() || !seen.opened) {
    r.behavior = Behavior::errored;
    r.summary = seen.opened ? seen.no_connection
                            : "the opening handshake that the case begins with did not come about: " + in_short(seen);
    r.transcript = std::move(seen.transcript);
    return r;
  }
  for (const Claim& claim : c.two_sided->claims) {
    const Check check(claim, seen);
    auto found = check();
    if (!found) continue;
    Claim weighed = claim;
    // What is lost is not out of order, and who changes an octet has not just taken a head for another one.
    constexpr std::string_view kForwarded = "rfc9110-5.1-2", kInOrder = "rfc9110-5.3-3";
    constexpr std::string_view kTunnel = "rfc9110-3.7-1", kLength = "rfc9112-6.3-1", kInterim = "rfc9110-15.2-1";
    const std::string& rule = claim.requirement.empty() ? c.requirements.front() : claim.requirement;
    if (rule == kInOrder && check.is_not_forwarded()) weighed.requirement = kForwarded;
    if ((rule == kLength || rule == kInterim) && check.is_changed()) weighed.requirement = kTunnel;
    if (is_free(claim, seen)) weighed.level = ExpectOpening::Level::may;
    r.findings.push_back(finding_of(weighed, c, std::move(*found)));
  }
  // The tester reset the stream of an answer that it could not read: nothing of that is the intermediary's.
  if (seen.answer_broken)
    std::erase_if(r.findings,
                  [](const Finding& f) { return f.kind.starts_with("relay-") && f.kind.ends_with("-client"); });
  for (const Http2Fault& fault : seen.http2_faults) r.findings.push_back(finding_of(fault));
  std::ranges::stable_sort(r.findings, std::greater{}, &Finding::weight);
  r.behavior = Behavior::ok;
  r.summary = in_short(seen);
  if (!r.findings.empty() && r.findings.front().weight != Finding::Weight::choice) {
    const Finding& worst = r.findings.front();
    r.behavior = worst.weight == Finding::Weight::violation ? Behavior::failed : Behavior::non_strict;
    r.summary = fmt::format("not so: {}; {}", worst.expected, worst.seen);
  }
  if (!c.informational.empty() && r.behavior != Behavior::ok) r.behavior = Behavior::informational;
  r.dropped_by_peer = seen.at_client.ended() && !seen.by_client.ended;
  r.clean = true;
  r.transcript = std::move(seen.transcript);
  return r;
}

}  // namespace touchstone::proxy

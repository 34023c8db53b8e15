#include "runner/proxy/relay_judge.h"

#include "reports/support/said.h"
#include "reports/support/words.h"
#include "runner/catalogue/catalogue.h"
#include "runner/catalogue/two_sided.h"

#include <ws/core/deflate/deflate.h>
#include <ws/core/frame.h>
#include <ws/core/mask.h>
#include <ws/rules/frame_walker.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace touchstone::proxy {
namespace {

using Verb = Claim::Verb;

constexpr std::size_t kMostCompared = 32 * 1024 * 1024;

std::string_view end_name(Side at) { return at == Side::server ? "server" : "client"; }

// "the request at the server", "the 2nd answer at the client"
std::string head_name(const Claim& claim) {
  const std::string_view what = claim.at == Side::server ? "request" : "answer";
  const std::string number = claim.head == 1 ? "" : claim.head == 2 ? "second " : fmt::format("{}th ", claim.head);
  return fmt::format("the {}{} at the {}", number, what, end_name(claim.at));
}

std::string part_name(const std::string& what) {
  if (what == "@method") return "method";
  if (what == "@target") return "target";
  if (what == "@status") return "status";
  if (what == "@content") return "content";
  return what;
}

// What a claim says, without its level.
std::string sentence(const Claim& claim) {
  const std::string head = head_name(claim);
  const std::string_view end = end_name(claim.at),
                         other = end_name(claim.at == Side::server ? Side::client : Side::server);
  switch (claim.verb) {
    case Verb::arrives:
      return fmt::format("{} arrives", head);
    case Verb::stops:
      return fmt::format("{} does not arrive", head);
    case Verb::keeps:
      return fmt::format("{} has the {} that was sent", head, part_name(claim.what));
    case Verb::lacks:
      return claim.list.empty() ? fmt::format("{} has no {}", head, claim.what)
                                : fmt::format("{} has no '{}' in {}", head, claim.list, claim.what);
    case Verb::has:
      return claim.list.empty() ? fmt::format("{} has {}", head, claim.what)
                                : fmt::format("{} has '{}' in {}", head, claim.list, claim.what);
    case Verb::clean:
      return fmt::format("{} has no CR, LF or NUL in {}", head, claim.what);
    case Verb::framed:
      return fmt::format("{} does not have both Content-Length and Transfer-Encoding", head);
    case Verb::status:
      return fmt::format("{} has the status {}", head, fmt::join(claim.statuses, " or "));
    case Verb::no_101:
      return "the client gets no 101";
    case Verb::octets:
      return fmt::format("all bytes of the {} arrive at the {}, and no others", other, end);
    case Verb::begins:
      return fmt::format("what arrives at the {} is where the bytes of the {} begin", end, other);
    case Verb::no_octets:
      return fmt::format("no byte that the {} sends after its head arrives at the {} as it is", other, end);
    case Verb::ends:
      return fmt::format("TCP ends at the {}", end);
    case Verb::stays:
      return fmt::format("TCP goes on at the {}", end);
    case Verb::resets:
      return fmt::format("TCP ends at the {} with a reset", end);
  }
  return {};
}

const HeadSeen* arrived_head(const Claim& claim, const Relayed& seen) {
  const auto& heads = (claim.at == Side::server ? seen.at_server : seen.at_client).heads;
  const auto found = std::ranges::find(heads, claim.head, &HeadSeen::number);
  return found == heads.end() ? nullptr : &*found;
}

// The head at the other end that it should be: at the client, the answer to the same request.
const HeadSeen* sent_head(const Claim& claim, const Relayed& seen) {
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

// A message or a control frame, masked or not, without its masking key and without its cuts.
struct Unit {
  ws::Opcode opcode = ws::Opcode::text;
  bool masked = false;
  ws::Bytes payload;
  bool operator==(const Unit&) const = default;
};

// What the server's answer agrees on.
enum class Extension : std::uint8_t { none, deflate, unknown };

// Reads octets as frames.
class UnitReader {
 public:
  explicit UnitReader(Extension extension) : extension_(extension), inflater_(15, false) {}

  // Nothing when they are not whole legal frames whose messages can be read.
  std::optional<std::vector<Unit>> read(ws::ByteView octets) {
    while (!octets.empty()) {
      ws::rules::FrameWalker walker;
      Unit unit;
      while (!octets.empty() && !walker.complete()) {
        const auto step = walker.take(octets);
        if (step.taken == 0) return std::nullopt;
        ws::Bytes part = ws::to_bytes(step.payload);
        const auto* header = walker.header();
        if (header != nullptr && header->mask) ws::apply_mask(part, *header->mask, step.at);
        ws::append(unit.payload, part);
        octets = octets.subspan(step.taken);
      }
      if (!walker.complete() || !add(*walker.header(), std::move(unit))) return std::nullopt;
    }
    if (message_) return std::nullopt;
    return std::move(units_);
  }

 private:
  bool add(const ws::FrameHeader& header, Unit unit) {
    unit.opcode = header.opcode;
    unit.masked = header.mask.has_value();
    if (header.rsv2 || header.rsv3) return false;
    if (ws::is_control(unit.opcode)) {
      if (!header.fin || header.rsv1) return false;
      units_.push_back(std::move(unit));
      return true;
    }
    if ((unit.opcode == ws::Opcode::cont) != message_.has_value()) return false;
    if (header.rsv1 && (message_ || extension_ != Extension::deflate)) return false;
    if (!message_) {
      message_ = Unit{unit.opcode, unit.masked, {}};
      compressed_ = header.rsv1;
    }
    if (message_->masked != unit.masked) return false;
    ws::append(message_->payload, unit.payload);
    return !header.fin || end_message();
  }

  bool end_message() {
    if (compressed_) {
      ws::Bytes plain;
      if (!inflater_.inflate(message_->payload, kMostCompared, plain) || !inflater_.finish(kMostCompared, plain))
        return false;
      message_->payload = std::move(plain);
    }
    units_.push_back(std::move(*message_));
    message_.reset();
    return true;
  }

  Extension extension_;
  ws::Inflater inflater_;
  std::vector<Unit> units_;
  std::optional<Unit> message_;
  bool compressed_ = false;
};

// The same messages and control frames in the same order, cut, masked or compressed otherwise (RFC 6455 5.4): an
// intermediary may where no extension is in use, or one that it knows. Who takes part in the connection has control
// frames of its own.
bool says_the_same(ws::ByteView got, ws::ByteView sent, Extension extension, bool takes_part) {
  if (extension == Extension::unknown || got.size() > kMostCompared || sent.size() > kMostCompared) return false;
  auto a = UnitReader(extension).read(got), b = UnitReader(extension).read(sent);
  if (!a || !b) return false;
  for (auto* units : {&*a, &*b}) {
    if (takes_part) std::erase_if(*units, [](const Unit& unit) { return ws::is_control(unit.opcode); });
  }
  return *a == *b;
}

// What happened to a head that did not arrive.
std::string what_became_of(const Claim& claim, const Relayed& seen) {
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
        seen_(seen),
        end_(claim.at == Side::server ? seen.at_server : seen.at_client),
        other_(claim.at == Side::server ? seen.by_client : seen.by_server),
        arrived_(arrived_head(claim, seen)),
        sent_(sent_head(claim, seen)) {}

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
    }
    return holds();
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

  std::optional<std::string> keeps() const {
    if (claim_.what == "@method") return text(arrived_->method, sent_->method);
    if (claim_.what == "@target") return text(arrived_->target, sent_->target);
    if (claim_.what == "@status") return text(std::to_string(arrived_->status), std::to_string(sent_->status));
    if (claim_.what == "@content") return content();
    if (elements_of(arrived_->fields, claim_.what) == elements_of(sent_->fields, claim_.what)) return holds();
    return fmt::format("{} in place of {}", said(field_text(*arrived_, claim_.what)),
                       said(field_text(*sent_, claim_.what)));
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
    if (says_the_same(end_.octets, other_.octets, extension(), seen_.nature.takes_part)) return holds();
    const std::string found = where_they_part(end_.octets, other_.octets);
    return found.empty() ? holds() : found;
  }

  std::optional<std::string> begins() const {
    if (end_.octets.size() <= other_.octets.size() &&
        std::ranges::equal(end_.octets, ws::ByteView(other_.octets).first(end_.octets.size())))
      return holds();
    return where_they_part(end_.octets, other_.octets);
  }

  Extension extension() const {
    for (const HeadSeen& head : seen_.by_server.heads) {
      const auto all = elements_of(head.fields, "Sec-WebSocket-Extensions");
      if (all.empty()) continue;
      return all.size() == 1 && all.front() == "permessage-deflate" ? Extension::deflate : Extension::unknown;
    }
    return Extension::none;
  }

  const Claim& claim_;
  const Relayed& seen_;
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

// What this intermediary does not owe.
bool is_free(const Claim& claim, const Relayed& seen) {
  // A tunnel owes its octets, and who takes part in the connection its messages.
  if (seen.nature.takes_part && claim.verb == Verb::octets && claim.level == ExpectOpening::Level::should) return true;
  // RFC 9110 3.7: a tunnel is no party to the HTTP communication. It owes what it was given, as it was.
  constexpr std::array kOfHttp{Verb::stops,  Verb::lacks,  Verb::has,    Verb::clean,
                               Verb::framed, Verb::status, Verb::no_101, Verb::no_octets};
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

std::vector<std::string> claims_in_words(const Case& c) {
  std::vector<std::string> all;
  for (const Claim& claim : c.two_sided->claims)
    all.push_back(fmt::format("{}: {}", name(claim.level), sentence(claim)));
  return all;
}

std::string describe_claims(const Case& c) { return fmt::format("{}", fmt::join(claims_in_words(c), "; ")); }

bool takes_part(const Relayed& seen) {
  return seen.switched && seen.at_server.octets != seen.by_client.octets &&
         says_the_same(seen.at_server.octets, seen.by_client.octets, Extension::none, false);
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
    auto found = Check(claim, seen)();
    if (!found) continue;
    Claim weighed = claim;
    if (is_free(claim, seen)) weighed.level = ExpectOpening::Level::may;
    r.findings.push_back(finding_of(weighed, c, std::move(*found)));
  }
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

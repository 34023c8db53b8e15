#include "runner/campaign/old_names.h"

#include <ws/rules/finding.h>

#include <algorithm>

namespace touchstone::fuzz {
namespace {

constexpr std::size_t kDigest = 8;

// How the sentences of a finding began, and what the finding is called now. Words of theirs that are no requirement of
// the kind's own keep that of the folder's name.
struct OldWords {
  std::string_view expected, seen;
  std::string_view now;
};
constexpr OldWords kOldWords[] = {
    {"the connection fails", "it failed late", "fault-noticed-late"},
    {"the connection fails", "", "fault-ignored"},
    {"no message is delivered from the fault on", "", "message-after-fault"},
    {"no further message", "", "message-unexpected"},
    {"text message", "", "message-differs"},
    {"binary message", "", "message-differs"},
    {"text message", "", "message-type-differs"},
    {"binary message", "", "message-type-differs"},
    {"a Pong for Ping", "", "pong-missing"},
    {"the endpoint is alive at point", "it answered a Ping there only later", "pong-late"},
    {"the endpoint is alive at point", "", "pong-missing"},
    {"the endpoint is alive at point", "it was not; the endpoint sent Close", "legal-octets-refused"},
    {"the endpoint is alive at point", "it was not; the endpoint sent Close", "failed-too-early"},
    {"the endpoint is alive at point", "it was not; the endpoint", "tcp-ended-unasked"},
    {"the connection stays open until", "", "legal-octets-refused"},
    {"the connection stays open", "", "tcp-ended-unasked"},
    {"a Close in answer to a Close", "the endpoint", "close-answered-by-end-of-tcp"},
    {"a Close in answer to a Close", "", "close-unanswered"},
    {"at most one Close frame", "", "second-close"},
    {"no data frames behind", "", "data-after-close"},
    {"a server does not send status code 1010", "", "close-1010-from-server"},
    {"a compressed empty message", "", "compressed-message-empty"},
    {"a Pong is never answered", "", "pong-for-pong"},
    {"one Pong a Ping, in order", "", "pong-twice"},
    {"octets that keep this rule", "", "octets-illegal"},
    {"a refusal", "101", "opening-accepted"},
    {"101 Switching Protocols", "", "opening-refused"},
    {"Sec-WebSocket-Version with", "", "refusal-field-missing"},
    {"", "no answer to the opening handshake within", "opening-unanswered"},
    {"an answer to the opening handshake", "The parameters of an accepted extension", "answer-parameter"},
    {"an answer to the opening handshake", "The parameters of an accepted extension", "answer-offer-with"},
    {"an answer to the opening handshake", "The server accepted an extension", "answer-extension-not-offered"},
    {"an answer to the opening handshake", "Sec-WebSocket-Accept does not belong", "answer-accept-wrong"},
    {"an answer to the opening handshake", "Sec-WebSocket-Accept does not belong", "answer-accept-of-decoded-key"},
    {"an answer to the opening handshake", "Sec-WebSocket-Protocol", "answer-subprotocol"},
    {"an answer to the opening handshake", "The server chose a subprotocol", "answer-subprotocol"},
    {"an answer to the opening handshake", "", "answer-illegal"},
};

// Each "- WEIGHT (REQUIREMENT)", "- expected: ...", "- seen: ..." of the file.
struct OldFinding {
  std::string_view expected, seen;
};
std::vector<OldFinding> findings_in(std::string_view readme) {
  constexpr std::string_view kExpected = "  - expected: ", kSeen = "  - seen: ";
  std::vector<OldFinding> out;
  while (!readme.empty()) {
    const auto line = readme.substr(0, readme.find('\n'));
    if (line.starts_with(kExpected)) out.push_back({line.substr(kExpected.size()), {}});
    if (line.starts_with(kSeen) && !out.empty()) out.back().seen = line.substr(kSeen.size());
    readme.remove_prefix(std::min(readme.size(), line.size() + 1));
  }
  return out;
}

// A kind that has a requirement of its own may be known under that only.
std::string named(std::string_view requirement, std::string_view now) {
  const auto kind = ws::rules::finding_kind(now);
  const bool is_the_cases =
      kind && ws::rules::row(*kind).requirement.empty() && ws::rules::row(*kind).evidence == ws::rules::Evidence::none;
  return std::string(is_the_cases ? requirement : "*").append("-").append(now);
}

constexpr std::string_view kOfCodes = "rfc6455-7.4", kIgnored = "-fault-ignored";

}  // namespace

bool is_old_name(std::string_view name) {
  const auto last = name.rfind('-');
  if (last == std::string_view::npos || name.size() - last - 1 != kDigest) return false;
  return std::ranges::all_of(name.substr(last + 1),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::vector<std::string> names_today(std::string_view old_name, std::string_view readme) {
  const auto requirement = old_name.substr(0, old_name.size() - kDigest - 1);
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  };
  if (readme.contains("The endpoint was gone after"))
    add(std::string(requirement)
            .append(readme.contains("sent alone") ? "-endpoint-died-alone" : "-endpoint-died-together"));
  for (const OldFinding& finding : findings_in(readme)) {
    if (finding.expected.ends_with(" messages in answer")) add(named(requirement, "message-missing"));
    for (const OldWords& words : kOldWords) {
      if (finding.expected.starts_with(words.expected) && finding.seen.starts_with(words.seen))
        add(named(requirement, words.now));
    }
  }
  return names;
}

std::string other_name_today(std::string_view name) {
  // RFC 7692 6.1 of continuations had the name of what it says of control frames.
  constexpr std::string_view kOfControl = "rfc7692-6.1-5-", kOfContinuation = "rfc7692-6.1-6-";
  if (name.starts_with(kOfControl)) return std::string(kOfContinuation).append(name.substr(kOfControl.size()));
  const auto kind = name.find(kIgnored);
  if (!name.starts_with(kOfCodes) || kind == std::string_view::npos) return {};
  const auto& row = ws::rules::row(ws::rules::FindingKind::close_unanswered);
  return std::string(row.requirement).append("-").append(row.name).append(name.substr(kind + kIgnored.size()));
}

}  // namespace touchstone::fuzz

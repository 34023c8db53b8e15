#include "runner/proxy/claim_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace touchstone::proxy {

using Verb = Claim::Verb;

std::string_view end_name(Side at) { return at == Side::server ? "server" : "client"; }

namespace {

// "client", or "client of 'b'"
std::string end_of(const Claim& claim, Side at) {
  const std::string_view end = end_name(at);
  return claim.on.empty() ? std::string(end) : fmt::format("{} of '{}'", end, claim.on);
}

// "the request at the server", "the 2nd answer at the client"
std::string head_name(const Claim& claim) {
  const std::string_view what = claim.at == Side::server ? "request" : "answer";
  const std::string number = claim.head == 1 ? "" : claim.head == 2 ? "second " : fmt::format("{}th ", claim.head);
  return fmt::format("the {}{} at the {}", number, what, end_of(claim, claim.at));
}

std::string part_name(const std::string& what) {
  if (what == "@method") return "method";
  if (what == "@target") return "target";
  if (what == "@status") return "status";
  if (what == "@content") return "content";
  return what;
}

}  // namespace

std::string sentence(const Claim& claim) {
  const std::string head = head_name(claim);
  const std::string end = end_of(claim, claim.at),
                    other = end_of(claim, claim.at == Side::server ? Side::client : Side::server);
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
    case Verb::once:
      return fmt::format("{} has {} once", head, claim.what);
    case Verb::fresh:
      return fmt::format("{} has a {} of its own", head, claim.what);
    case Verb::interim:
      return "the interim answers of the server arrive at the client before the final one";
  }
  return {};
}

std::vector<std::string> claims_in_words(const Case& c) {
  std::vector<std::string> all;
  for (const Claim& claim : c.two_sided->claims)
    all.push_back(fmt::format("{}: {}", name(claim.level), sentence(claim)));
  return all;
}

std::string describe_claims(const Case& c) { return fmt::format("{}", fmt::join(claims_in_words(c), "; ")); }

}  // namespace touchstone::proxy

#include "runner/engine/verdict/describe_expect.h"

#include <ws/rules/finding.h>

#include <fmt/format.h>

namespace touchstone {
namespace {

std::string describe_end(const End& end) {
  struct {
    std::string operator()(const end::Polite&) const {
      return "then a clean close: the tester's Close 1000 is answered and TCP ends";
    }
    std::string operator()(const end::Replies& e) const {
      return fmt::format("the Close is answered (usually with {}) and TCP ends", ws::rules::codes_text(e.codes));
    }
    std::string operator()(const end::Fails& e) const {
      return fmt::format(
          "the endpoint fails the connection (Close {}, an empty Close, or less strictly just the end of TCP)",
          ws::rules::codes_text(e.codes));
    }
    std::string operator()(const end::MayFail& e) const {
      return fmt::format("then a clean close, or the endpoint fails the connection ({}): the RFC leaves it open",
                         ws::rules::codes_text(e.codes));
    }
    std::string operator()(const end::Abandoned&) const { return "the tester ends TCP, and so does the endpoint"; }
    std::string operator()(const end::Open& e) const {
      return fmt::format("the Close is answered (usually with {}) or the connection fails",
                         ws::rules::codes_text(e.codes));
    }
  } words;
  return std::visit(words, end);
}

std::string describe_reply(const Reply& reply, std::uint64_t length) {
  switch (reply.kind) {
    case Reply::Kind::text:
      return reply.sent ? "the text message comes back unchanged" : fmt::format("a text message of {} bytes", length);
    case Reply::Kind::binary:
      return reply.sent ? "the binary message comes back unchanged"
                        : fmt::format("a binary message of {} bytes", length);
    case Reply::Kind::pong:
      return reply.sent ? "a Pong with the Ping's payload" : fmt::format("a Pong of {} bytes", length);
    case Reply::Kind::mark:
      return fmt::format("the endpoint is alive at point {}", reply.mark);
  }
  return {};
}

std::string_view verb(ExpectOpening::Level level) {
  switch (level) {
    case ExpectOpening::Level::must:
      return "must";
    case ExpectOpening::Level::should:
      return "should";
    case ExpectOpening::Level::may:
      return "may";
  }
  return {};
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace

std::string statuses_text(const std::vector<std::uint16_t>& statuses) {
  const bool any = statuses.empty() || statuses.front() < 400;
  return any ? "any status that says an error" : ws::rules::codes_text(statuses);
}

std::optional<std::string> describe_opening(const Case& c) {
  if (!c.expect || !c.expect->opening) return std::nullopt;
  const ExpectOpening& opening = *c.expect->opening;
  const bool of_client = c.answer.has_value() || (c.sides.size() == 1 && c.sides.front() == Side::client);
  const auto level = verb(opening.level);
  switch (opening.outcome) {
    case ExpectOpening::Outcome::open:
      return of_client ? fmt::format("the client {} take the answer and open the connection", level)
                       : fmt::format("the server {} accept the request with 101", level);
    case ExpectOpening::Outcome::refuse:
      return of_client
                 ? fmt::format("the client {} not take the answer, and ends TCP", level)
                 : fmt::format("the server {} refuse the request with {}", level, statuses_text(opening.statuses));
    case ExpectOpening::Outcome::judge:
      return fmt::format("the client {} take the answer where it fits its own request, and end TCP where it does not",
                         level);
  }
  return std::nullopt;
}

bool may_open(const Case& c) {
  if (!c.expect || !c.expect->opening) return true;
  const ExpectOpening& opening = *c.expect->opening;
  return opening.outcome != ExpectOpening::Outcome::refuse || opening.level != ExpectOpening::Level::must;
}

std::string describe(const Case& c) {
  std::vector<std::string> parts;
  constexpr std::size_t kNamed = 4;
  const Expect& expect = *c.expect;
  const auto opening = describe_opening(c);
  if (opening && !may_open(c)) return capital(*opening) + ".";
  for (const Reply& reply : expect.replies) {
    if (parts.size() == kNamed) {
      parts.push_back(fmt::format("and {} more replies", expect.replies.size() - kNamed));
      break;
    }
    parts.push_back(describe_reply(reply, reply.sent ? 0 : length(reply.payload)));
  }
  if (expect.echoes) parts.emplace_back("every message comes back unchanged and in order");
  parts.push_back(describe_end(expect.end));
  std::string text = capital(fmt::format("{}.", fmt::join(parts, "; ")));
  if (!opening) return text;
  return fmt::format("{}.{} {}", capital(*opening),
                     expect.opening->outcome == ExpectOpening::Outcome::open ? "" : " Where it opens:", text);
}

}  // namespace touchstone

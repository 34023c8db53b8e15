#include "runner/engine/verdict/describe_expect.h"

#include <fmt/format.h>

namespace touchstone {
namespace {

std::string describe_end(const End& end) {
  struct {
    std::string operator()(const end::Polite&) const {
      return "then a clean close: the tester's Close 1000 is answered and TCP ends";
    }
    std::string operator()(const end::Replies& e) const {
      return fmt::format("the Close is answered (usually with {}) and TCP ends", codes_text(e.codes));
    }
    std::string operator()(const end::Fails& e) const {
      return fmt::format(
          "the endpoint fails the connection (Close {}, an empty Close, or less strictly just the end of TCP)",
          codes_text(e.codes));
    }
    std::string operator()(const end::MayFail& e) const {
      return fmt::format("then a clean close, or the endpoint fails the connection ({}): the RFC leaves it open",
                         codes_text(e.codes));
    }
    std::string operator()(const end::Abandoned&) const { return "the tester ends TCP, and so does the endpoint"; }
    std::string operator()(const end::Open& e) const {
      return fmt::format("the Close is answered (usually with {}) or the connection fails", codes_text(e.codes));
    }
  } words;
  return std::visit(words, end);
}

std::string describe_reply(const Reply& reply, std::uint64_t length) {
  switch (reply.kind) {
    case Reply::Kind::text:
      return reply.sent ? "the text message comes back unchanged" : fmt::format("a text message of {} octets", length);
    case Reply::Kind::binary:
      return reply.sent ? "the binary message comes back unchanged"
                        : fmt::format("a binary message of {} octets", length);
    case Reply::Kind::pong:
      return reply.sent ? "a Pong with the Ping's payload" : fmt::format("a Pong of {} octets", length);
    case Reply::Kind::mark:
      return fmt::format("the endpoint is alive at point {}", reply.mark);
  }
  return {};
}

}  // namespace

std::string codes_text(const std::vector<std::uint16_t>& codes) { return fmt::format("{}", fmt::join(codes, " or ")); }

std::string describe(const Expect& expect) {
  std::vector<std::string> parts;
  constexpr std::size_t kNamed = 4;
  for (const Reply& reply : expect.replies) {
    if (parts.size() == kNamed) {
      parts.push_back(fmt::format("and {} more replies", expect.replies.size() - kNamed));
      break;
    }
    parts.push_back(describe_reply(reply, reply.sent ? 0 : length(reply.payload)));
  }
  if (expect.echoes) parts.emplace_back("every message comes back unchanged and in order");
  parts.push_back(describe_end(expect.end));
  std::string text = fmt::format("{}.", fmt::join(parts, "; "));
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace touchstone

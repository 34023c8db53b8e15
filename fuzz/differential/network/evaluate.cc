#include "fuzz/differential/network/evaluate.h"

#include "runner/engine/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace touchstone::fuzz {
namespace {

// "Close 1002 (3 octets): "ab"" -> "Close # (# octets): #": what is left tells of the kind, not of the one input.
std::string kind_of(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      if (!quoted) out += '#';
      quoted = !quoted;
    } else if (!quoted && std::isdigit(static_cast<unsigned char>(c)) != 0) {
      if (out.empty() || out.back() != '#') out += '#';
      while (i + 1 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0) ++i;
    } else if (!quoted) {
      out += c;
    }
  }
  return out;
}

std::string_view end_of(const Observation& o) {
  if (o.close) return *o.close ? "close" : "empty-close";
  if (o.ended_after_half_close) return "our-fin";
  return o.reset ? "reset" : o.eof ? "eof" : "open";
}

std::string outcome_of(const Verdict& verdict, const Observation& o) {
  std::string out = fmt::format("{}/{}", name(verdict.behavior), end_of(o));
  if (o.close && *o.close) out += fmt::format("-{}", (*o.close)->code);
  if (o.violation) out += fmt::format("/{}", ws::rule(*o.violation).name);
  out += fmt::format("/{}{}{}", std::min<std::size_t>(o.messages.size(), 3), o.survived ? "/survived" : "",
                     o.out_of_time ? "/late" : "");
  for (const Finding& finding : verdict.findings) out += "/" + finding.requirement;
  return out;
}

}  // namespace

Case expected(Case c, std::uint64_t seed) {
  const auto rule = broken_rule(c, Side::server, seed);
  c.requirements = {rule ? std::string(ws::rule(*rule).requirement) : "rfc6455-6.2-1"};
  c.expect.reset();
  return with_expectation(std::move(c), seed);
}

asio::awaitable<Evaluation> evaluate(const Case& c, const Target& target, const SessionOptions& options,
                                     DeflateCache& cache) {
  Evaluation out;
  auto observed = co_await observe(c, target, options, cache);
  if (!observed) {
    out.why = observed.error().text;
    co_return out;
  }
  out.connected = observed->response.has_value();
  if (!out.connected) out.why = observed->handshake_failure;
  out.observation = std::move(*observed);
  out.verdict = judge(c, out.observation, options.seed);
  out.outcome = outcome_of(out.verdict, out.observation);
  if (out.failed()) {
    const auto worst = std::ranges::max_element(out.verdict.findings, {}, &Finding::weight);
    if (worst != out.verdict.findings.end())
      out.cluster = {target.agent, worst->requirement, kind_of(worst->expected), kind_of(worst->seen)};
  }
  co_return out;
}

}  // namespace touchstone::fuzz

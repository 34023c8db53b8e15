// badge.cc - badge.json: what shields.io's endpoint badge reads (https://shields.io/badges/endpoint-badge). A run of
// several endpoints has a file for each, badge_NAME.json.
#include <fmt/format.h>

#include <set>

#include "reports/digest.h"
#include "reports/render.h"
#include "reports/support/json_members.h"
#include "reports/text.h"

namespace touchstone {
namespace {

struct Face {
  std::string message;
  std::string_view color;
};

Face face(const Report& report, const EndpointResults& endpoint) {
  Counts counts = count(endpoint.results);
  const std::size_t bad = counts[Behavior::failed] + counts[Behavior::errored];
  if (endpoint.results.empty()) return {"not tested", "lightgrey"};
  if (bad > 0) return {fmt::format("{} of {} failed", bad, endpoint.results.size()), "red"};
  if (endpoint.causes.hidden() > 0)
    return {fmt::format("{} of {} hidden by a fault", endpoint.causes.hidden(), endpoint.results.size()), "red"};
  if (!report.run().complete) return {"partial", "lightgrey"};
  if (counts[Behavior::non_strict] > 0)
    return {fmt::format("conformant, {} non-strict", counts[Behavior::non_strict]), "green"};
  return {"conformant", "brightgreen"};
}

}  // namespace

std::expected<void, FileError> render_badge(const Report& report, const Sink& sink) {
  std::set<std::string> taken;  // two names may become equal
  const bool one = report.endpoints().size() == 1;
  for (const EndpointResults& endpoint : report.endpoints()) {
    const Face shown = face(report, endpoint);
    const Json badge{{"schemaVersion", 1},
                     {"label", one ? "WebSocket" : fmt::format("WebSocket, {}", clean_text(endpoint.name))},
                     {"message", shown.message},
                     {"color", shown.color}};
    std::string file = one ? "badge.json" : fmt::format("badge_{}.json", file_stem(endpoint.name));
    for (int n = 2; !taken.insert(file).second; ++n)
      file = fmt::format("badge_{}_{}.json", file_stem(endpoint.name), n);
    if (auto done = sink(file, write_json(badge) + "\n"); !done) return done;
  }
  return {};
}

}  // namespace touchstone

// tap.cc - results.tap: the Test Anything Protocol, version 14. A run that is partial ends in a bail-out.
#include <fmt/format.h>

#include <algorithm>

#include "reports/digest.h"
#include "reports/render.h"
#include "reports/support/json_members.h"
#include "reports/text.h"

namespace touchstone {
namespace {

// Descriptions and reasons are one line; a number sign would begin a directive.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : said(text)) {
    if (c == '\\' || c == '#') out += '\\';
    out += c;
  }
  return out;
}

// A YAML block: JSON strings are YAML as well.
std::string diagnostics(const Report& report, const Result& result) {
  std::string out = "  ---\n";
  const auto line = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) out += fmt::format("  {}: {}\n", key, write_json(Json(clean_text(value))));
  };
  line("verdict", name(result.behavior));
  line("closing", name(result.closing));
  line("message", result.summary);
  line("cause", cause_text(report, result));
  if (is_bad(result)) line("details", details(report, result));
  line("again", result.replay);
  return out + "  ...\n";
}

std::string point(const Report& report, std::string_view endpoint, const Result& result, std::size_t number) {
  std::string out = fmt::format("{} {} - {}{}", is_bad(result) ? "not ok" : "ok", number, one_line(endpoint),
                                one_line(" " + result.case_id));
  if (is_skipped(result))
    return out + fmt::format(" # SKIP {}: {}\n", name(result.behavior), one_line(summary_text(report, result)));
  out += '\n';
  const bool plain = result.behavior == Behavior::ok && result.closing == Closing::ok;
  return plain ? out : out + diagnostics(report, result);
}

}  // namespace

std::expected<void, FileError> render_tap(const Report& report, const Sink& sink) {
  std::size_t number = 0;
  std::string points, causes;
  for (const EndpointResults& endpoint : report.endpoints()) {
    for (const Cause& cause : endpoint.causes.all())
      causes += fmt::format("# {}: cause {} ({}) {}: {}\n", one_line(endpoint.name), cause.number, name(cause.behavior),
                            reach(cause), one_line(in_words(report, cause)));
  }
  for (const EndpointResults& endpoint : report.endpoints())
    for (const Result* result : endpoint.results) points += point(report, endpoint.name, *result, ++number);
  std::string out = fmt::format("TAP version 14\n1..{}{}\n", std::max(report.run().planned, number),
                                report.run().planned + number == 0 ? " # no cases" : "");
  out += causes + points;
  if (const std::string notice = partial_notice(report); !notice.empty())
    out += fmt::format("Bail out! {}\n", one_line(notice));
  return sink("results.tap", without_commands(out));
}

}  // namespace touchstone

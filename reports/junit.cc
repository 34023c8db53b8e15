// junit.cc - junit.xml for continuous integration: a test suite per endpoint and group. It keeps to what both
// common schemas (Ant's, Jenkins') allow: no time zone in `timestamp`, suites end in system-out and system-err.
#include <fmt/format.h>

#include <algorithm>

#include "reports/digest.h"
#include "reports/render.h"
#include "reports/result/result_json.h"
#include "reports/text.h"

namespace touchstone {
namespace {

struct Suite {
  std::string_view group;
  std::vector<const Result*> results;

  [[nodiscard]] std::size_t count(std::initializer_list<Behavior> behaviors) const {
    return static_cast<std::size_t>(std::count_if(results.begin(), results.end(), [&](const Result* result) {
      return std::find(behaviors.begin(), behaviors.end(), result->behavior) != behaviors.end();
    }));
  }
  [[nodiscard]] double seconds() const {
    double sum = 0;
    for (const Result* result : results) sum += result->duration_ms / 1000;
    return sum;
  }
};

std::vector<Suite> suites_of(const EndpointResults& endpoint) {
  std::vector<Suite> suites;
  for (const Result* result : endpoint.results) {
    const std::string_view group = group_of(result->case_id);
    if (suites.empty() || suites.back().group != group) suites.push_back({group, {}});
    suites.back().results.push_back(result);
  }
  return suites;
}

std::string test_case(const Report& report, std::string_view endpoint, const Result& result) {
  std::string out =
      fmt::format(R"(    <testcase name="{}" classname="{}.{}" time="{:.3f}")", xml_escape(result.case_id),
                  xml_escape(endpoint), xml_escape(group_of(result.case_id)), result.duration_ms / 1000);
  const auto element = [&](std::string_view tag) {
    return fmt::format(">\n      <{0} message=\"{1}\" type=\"{2}\">{3}</{0}>\n    </testcase>\n", tag,
                       xml_escape(result.summary), name(result.behavior), xml_escape(details(report, result)));
  };
  switch (result.behavior) {
    case Behavior::failed:
      return out + element("failure");
    case Behavior::errored:
      return out + element("error");
    case Behavior::not_applicable:
    case Behavior::unimplemented:
      return out + fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                               xml_escape(summary_text(report, result)));
    default:
      return out + "/>\n";
  }
}

// Verdicts for which JUnit has no word.
std::string remarks(const Suite& suite) {
  std::string out;
  for (const Result* result : suite.results) {
    const bool plain = result->behavior == Behavior::ok || result->behavior == Behavior::failed ||
                       result->behavior == Behavior::errored;
    if (!plain || result->flaky)
      out += fmt::format("{}{} {}: {}\n", name(result->behavior), result->flaky ? " (flaky)" : "", result->case_id,
                         result->summary);
  }
  return out;
}

bool touches(const Suite& suite, const std::vector<const Result*>& results) {
  return std::ranges::any_of(
      results, [&](const Result* result) { return std::ranges::find(suite.results, result) != suite.results.end(); });
}

std::string property(std::string_view name, std::string_view value) {
  return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, xml_escape(value));
}

// The causes that have a case in this suite, with all that they explain in others.
std::string cause_properties(const Report& report, const EndpointResults& endpoint, const Suite& suite) {
  std::string out;
  for (const Cause& cause : endpoint.causes.all()) {
    if (!touches(suite, cause.cases) && !touches(suite, cause.hidden)) continue;
    const std::string clause = clause_and_weight(report, cause.finding);
    out += property(fmt::format("touchstone.cause.{}", cause.number),
                    fmt::format("{} {}: {} ({}). {} Shortest: {}{}", name(cause.behavior), cause.id, reach(cause),
                                clause, in_words(report, cause), cause.shortest->case_id,
                                cause.shortest->replay.empty() ? "" : ", again: " + cause.shortest->replay));
  }
  return out;
}

std::string test_suite(const Report& report, const EndpointResults& endpoint, const Suite& suite, std::size_t number) {
  std::string timestamp = format_time(report.run().start);
  if (!suite.results.empty()) timestamp = format_time(suite.results.front()->started);
  std::string out = fmt::format(
      "  <testsuite id=\"{}\" name=\"{}\" package=\"{}\" timestamp=\"{}\" hostname=\"localhost\" tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n",
      number, xml_escape(suite.group), xml_escape(endpoint.name), timestamp.substr(0, 19), suite.results.size(),
      suite.count({Behavior::failed}), suite.count({Behavior::errored}),
      suite.count({Behavior::unimplemented, Behavior::not_applicable}), suite.seconds());
  out += "    <properties>\n";
  const std::pair<std::string_view, std::string> properties[] = {
      {"touchstone.version", report.run().version},
      {"touchstone.catalogue", report.run().catalogue_hash},
      {"touchstone.profile", report.run().profile},
      {"touchstone.seed", fmt::to_string(report.run().seed)},
      {"touchstone.complete", fmt::to_string(report.run().complete)}};
  for (const auto& [key, value] : properties) out += property(key, value);
  out += cause_properties(report, endpoint, suite);
  out += "    </properties>\n";
  for (const Result* result : suite.results) out += test_case(report, endpoint.name, *result);
  return out + fmt::format("    <system-out>{}</system-out>\n    <system-err>{}</system-err>\n  </testsuite>\n",
                           xml_escape(remarks(suite)), xml_escape(partial_notice(report)));
}

}  // namespace

std::expected<void, FileError> render_junit(const Report& report, const Sink& sink) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  std::size_t number = 0;
  for (const EndpointResults& endpoint : report.endpoints())
    for (const Suite& suite : suites_of(endpoint)) out += test_suite(report, endpoint, suite, number++);
  return sink("junit.xml", out + "</testsuites>\n");
}

}  // namespace touchstone

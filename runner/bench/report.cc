// report.cc - JSON, page and lines of what was measured.
#include "runner/bench/report.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

#include "reports/support/page_template.h"
#include "reports/support/resources.h"
#include "reports/support/version.h"
#include "reports/support/words.h"
#include "reports/text.h"

namespace touchstone::bench {
namespace {

using std::chrono::nanoseconds;

// Above this share of a core the load generator is likely to be what limits.
constexpr double kSaturated = 0.9;

struct Quantile {
  const char* key;
  const char* label;
  double share;
};
constexpr std::array<Quantile, 5> kQuantiles = {
    {{"p50", "P50", 0.5}, {"p90", "P90", 0.9}, {"p99", "P99", 0.99}, {"p99_9", "P99.9", 0.999}, {"max", "max", 1}}};

double microseconds(nanoseconds time) { return std::round(static_cast<double>(time.count()) / 10) / 100; }
double rounded(double value) { return std::round(value * 1000) / 1000; }
double per_second(double count, nanoseconds time) { return time.count() > 0 ? count / seconds(time) : 0; }

std::string url_of(const LoadOptions& options) {
  const std::string url = ws::to_string(options.url);
  return options.raw ? "tcp" + url.substr(url.find(':')) : url;
}

std::string_view mode(const LoadOptions& options) {
  return options.idle ? "idle" : options.rate > 0 ? "fixed rate" : "closed loop";
}

Json latency_json(const Histogram& histogram) {
  Json out;
  for (const Quantile& q : kQuantiles) out[q.key] = microseconds(histogram.quantile(q.share));
  out["mean"] = microseconds(histogram.mean());
  return out;
}

// The curve of the page: ever nearer to 1, as far as the count of samples says anything.
Json curve_json(const Histogram& histogram) {
  Json out = Json::array();
  const double least = histogram.count() == 0 ? 1 : 1.0 / static_cast<double>(histogram.count());
  for (double beyond = 1; beyond >= least; beyond /= 1.25)
    out.push_back(Json::array({rounded((1 - beyond) * 1e4) / 1e4, microseconds(histogram.quantile(1 - beyond))}));
  out.push_back(Json::array({1, microseconds(histogram.max())}));
  return out;
}

Json reasons_json(const Reasons& reasons) {
  Json out = Json::array();
  for (const auto& [reason, connections] : reasons)
    out.push_back({{"reason", clean_text(reason)}, {"connections", connections}});
  return out;
}

Json options_json(const LoadOptions& options, const LoadResult& result) {
  Json out{{"mode", mode(options)},     {"connections", options.connections},
           {"size", options.size},      {"type", options.text ? "text" : "binary"},
           {"deflate", result.deflate}, {"in_flight", options.in_flight}};
  if (options.streams > 0) out["streams"] = options.streams;
  if (options.rate > 0) out["rate"] = options.rate;
  out["ramp_s"] = seconds(options.ramp);
  out["warm_up_s"] = seconds(options.warm_up);
  out["duration_s"] = seconds(options.duration);
  return out;
}

std::string quantiles(const Histogram& histogram) {
  std::string out;
  for (const Quantile& q : kQuantiles)
    out += fmt::format("{}{} {}", out.empty() ? "" : "  ", q.label, format_latency(histogram.quantile(q.share)));
  return out;
}

std::string lines(std::string_view title, const Reasons& reasons) {
  std::string out;
  for (const auto& [reason, connections] : reasons)
    out += fmt::format("{} {}: {}\n", title, count_of(connections, "connection"), ws::one_line(reason));
  return out;
}

// Microseconds of the server's CPU for one message; KiB for one connection.
double cpu_per_echo(const LoadResult& result) {
  return result.echoes == 0 ? 0 : seconds(result.server->cpu) * 1e6 / static_cast<double>(result.echoes);
}
double memory_per_connection(const LoadResult& result) {
  const double more = static_cast<double>(result.server->memory) - static_cast<double>(result.server->memory_before);
  return result.opened == 0 ? 0 : more / 1024 / static_cast<double>(result.opened);
}

std::string server_summary(const LoadResult& result) {
  if (!result.server) return {};
  std::string out = "  server     ";
  if (result.echoes > 0) out += fmt::format("{:.2f} us of CPU per message, ", cpu_per_echo(result));
  return out + fmt::format("{:.1f} KiB of memory per connection\n", memory_per_connection(result));
}

std::string load_summary(const LoadOptions& options, const LoadResult& result) {
  const double rate = per_second(static_cast<double>(result.echoes), result.measured);
  std::string out =
      fmt::format("{}, {} messages of {} bytes{}, {} in flight per connection, {:.1f} s\n",
                  options.rate > 0 ? fmt::format("Fixed rate of {} messages/s", options.rate) : "Closed loop",
                  options.text ? "text" : "binary", options.size, result.deflate ? " with permessage-deflate" : "",
                  options.in_flight, seconds(result.measured));
  out += fmt::format("  echoes     {:.0f}/s, {:.1f} MB/s each way; every one was compared\n", rate,
                     rate * static_cast<double>(options.size) / 1e6);
  out += fmt::format("  latency    {}\n", quantiles(result.latency));
  out += options.rate > 0
             ? "             from the moment each message was due, whether or not it could be sent then\n"
             : "             from the sending: a server that stalls is not asked meanwhile (--rate asks)\n";
  if (result.unsent > 0)
    out += fmt::format(
        "  {} messages that were due could not be sent: the rate is more than the server takes. The latencies have "
        "them with the time until the end\n",
        result.unsent);
  if (result.unanswered > 0) out += fmt::format("  {} messages were not answered\n", result.unanswered);
  if (result.own_cpu > kSaturated)
    out += fmt::format("  note: the load generator used {:.0f} % of a core; the server may be faster than this\n",
                       result.own_cpu * 100);
  return out;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += resource(part);
  return out;
}

}  // namespace

std::string format_latency(nanoseconds latency) {
  const auto count = static_cast<double>(latency.count());
  if (count < 1e6) return fmt::format("{:.0f} us", count / 1e3);
  if (count < 1e9) return fmt::format("{:.2f} ms", count / 1e6);
  return fmt::format("{:.2f} s", count / 1e9);
}

Json to_json(const LoadOptions& options, const LoadResult& result, std::chrono::system_clock::time_point started) {
  Json out{{"bench", 1},
           {"tool", fmt::format("touchstone {}", kVersion)},
           {"started", format_time(started)},
           {"url", url_of(options)},
           {"options", options_json(options, result)}};
  if (!result.unreachable.empty()) out["unreachable"] = clean_text(result.unreachable);
  out["opening"] = {{"opened", result.opened},
                    {"seconds", rounded(seconds(result.opening_time))},
                    {"per_second", rounded(per_second(static_cast<double>(result.opened), result.opening_time))},
                    {"latency_us", latency_json(result.opening)},
                    {"not_opened", reasons_json(result.not_opened)}};
  if (!options.idle) {
    const double rate = per_second(static_cast<double>(result.echoes), result.measured);
    out["load"] = {{"seconds", rounded(seconds(result.measured))},
                   {"echoes", result.echoes},
                   {"echoes_per_second", rounded(rate)},
                   {"octets_per_second", rounded(rate * static_cast<double>(options.size))},
                   {"latency_us", latency_json(result.latency)},
                   {"latency_from", options.rate > 0 ? "due" : "sent"},
                   {"compared", 1},
                   {"unanswered", result.unanswered},
                   {"unsent", result.unsent},
                   {"curve", curve_json(result.latency)}};
    Json series = Json::array();
    for (const Sample& sample : result.series) {
      series.push_back({{"t", rounded(sample.at)},
                        {"echoes_per_second", rounded(sample.messages)},
                        {"p50_us", microseconds(sample.p50)},
                        {"p99_us", microseconds(sample.p99)},
                        {"max_us", microseconds(sample.max)}});
    }
    out["load"]["series"] = std::move(series);
  }
  if (result.server) {
    out["server"] = {{"cpu_s", rounded(seconds(result.server->cpu))},
                     {"cpu_us_per_echo", rounded(cpu_per_echo(result))},
                     {"memory_before", result.server->memory_before},
                     {"memory", result.server->memory},
                     {"memory_kib_per_connection", rounded(memory_per_connection(result))}};
  }
  out["lost"] = reasons_json(result.lost);
  out["interrupted"] = result.interrupted;
  out["own_cpu"] = rounded(result.own_cpu);
  return out;
}

std::string render_page(const Json& measured) {
  return fill_template(
      resource("runner/bench/page/bench.html"),
      {{"title", xml_escape(measured.at("url").get<std::string>())},
       {"styles", joined({"reports/page/theme.css", "reports/page/page.css", "runner/bench/page/bench.css"})},
       {"scripts", joined({"reports/page/dom.js", "runner/bench/page/bench.js"})},
       {"data", json_for_script(measured)}});
}

std::string summary(const LoadOptions& options, const LoadResult& result) {
  std::string out =
      fmt::format("{} of {} connections opened in {:.2f} s ({:.0f}/s); {}\n", result.opened, options.connections,
                  seconds(result.opening_time), per_second(static_cast<double>(result.opened), result.opening_time),
                  quantiles(result.opening));
  out += lines("  not opened:", result.not_opened);
  if (options.idle)
    out += fmt::format("Held for {:.1f} s without messages; {} ended meanwhile\n", seconds(result.measured),
                       result.lost_count);
  else
    out += load_summary(options, result);
  out += server_summary(result);
  return out + lines("  ended early:", result.lost);
}

std::string progress_line(const Progress& progress, std::size_t connections, std::size_t width) {
  constexpr std::size_t kBar = 20;
  constexpr std::array<std::string_view, 4> kPhases = {"opening", "warming up", "measuring", "last echoes"};
  const auto filled = static_cast<std::size_t>(progress.done * kBar);
  std::string line =
      fmt::format("[{:#<{}}{:-<{}}] {}  {}/{} open", "", filled, "", kBar - filled,
                  kPhases[static_cast<std::size_t>(progress.phase)], progress.opened - progress.lost, connections);
  if (progress.failed + progress.lost > 0) line += fmt::format(", {} failed", progress.failed + progress.lost);
  if (progress.phase != Progress::Phase::opening) line += fmt::format("  {:.0f}/s", progress.messages);
  if (progress.p50.count() > 0)
    line += fmt::format("  P50 {}  P99 {}", format_latency(progress.p50), format_latency(progress.p99));
  return line.substr(0, width);
}

}  // namespace touchstone::bench

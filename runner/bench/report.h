// report.h - what was measured, for people and for programs.
#pragma once
#include "reports/support/json_members.h"
#include "runner/bench/options.h"

namespace touchstone::bench {

// The form is published as reports/schema/bench.json.
[[nodiscard]] Json to_json(const LoadOptions& options, const LoadResult& result,
                           std::chrono::system_clock::time_point started);

// One page that needs nothing but itself: to_json() with two charts.
[[nodiscard]] std::string render_page(const Json& measured);

// A few lines for the terminal, each with its end.
[[nodiscard]] std::string summary(const LoadOptions& options, const LoadResult& result);

// One line, at most `width` columns, for what is going on.
[[nodiscard]] std::string progress_line(const Progress& progress, std::size_t connections, std::size_t width);

// "812 us", "6.21 ms", "1.20 s"
[[nodiscard]] std::string format_latency(std::chrono::nanoseconds latency);

}  // namespace touchstone::bench

// route.h - what a client asks the fuzzing server for: the paths of Autobahn|Testsuite's drivers, the live page, and
// the files of the report.
#pragma once
#include "runner/catalogue/case.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace touchstone::serve {

namespace route {
struct CaseCount {};
struct CaseInfo {
  const Case* c = nullptr;
};
struct RunCase {
  const Case* c = nullptr;
  std::string agent;
};
struct CaseStatus {
  const Case* c = nullptr;
  std::string agent;
};
struct UpdateReports {
  std::string agent;
  bool shut_down = false;
};
struct StopServer {};
struct Events {};                                            // what the live page listens to
inline constexpr std::string_view kFrontPage = "live.html";  // at "/"
struct PageFile {
  std::string name;
};  // of the live page
struct ReportFile {
  std::string name;
};  // in the folder of the report
// No such thing. `text` says what was asked for and what there is.
struct Problem {
  int status = 404;
  std::string text;
};
}  // namespace route
using Route = std::variant<route::CaseCount, route::CaseInfo, route::RunCase, route::CaseStatus, route::UpdateReports,
                           route::StopServer, route::Events, route::PageFile, route::ReportFile, route::Problem>;

// `target`: of the request line. `cases`: the numbered ones; the first has the number 1. `agent`: the name that
// counts whatever the client calls itself; empty: its own.
[[nodiscard]] Route route_of(std::string_view target, std::span<const Case* const> cases, std::string_view agent);

// The value of a parameter in the target's query, decoded; nothing: it has none of that name.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view target, std::string_view name);

// Whether this is answered over a WebSocket; the rest is plain HTTP.
[[nodiscard]] bool over_websocket(const Route& route) noexcept;

// Whether a client has to refuse the answer to its opening handshake in `c`, or may.
[[nodiscard]] bool may_refuse_opening(const Case& c);

// The order in which drivers count: Autobahn's ids in Autobahn's order, then the cases that have none, and last those
// whose opening handshake a client has to refuse. Autobahn has none of these, and a driver that takes a refused
// connection for the end of the server stops there: it has all else in its report.
[[nodiscard]] std::vector<const Case*> numbered(std::vector<const Case*> cases);

}  // namespace touchstone::serve

// driver.h - `touchstone echo --drive`: the driver of a fuzzing server (`touchstone serve`, Autobahn's) that every
// library has: getCaseCount, a runCase for each, updateReports.
#pragma once
#include "runner/cli/cli.h"
#include "runner/engine/run.h"

#include <functional>
#include <string>

namespace touchstone::cli {

struct DriverOptions {
  std::string agent;
  // The client under test: one connection, up to its end.
  std::function<asio::awaitable<void>(ws::Url url)> run_case;
  unsigned at_once = 1;  // cases side by side
};

// Exit::ok once all reports are there; Exit::unreachable when a question was not answered. The questions are asked by
// the strict client, whoever runs the cases.
Exit drive(const Target& target, DriverOptions options);

}  // namespace touchstone::cli

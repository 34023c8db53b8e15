#include "runner/cli/process/deviant_echo.h"

#include "runner/cli/print.h"
#include "runner/cli/process/driver.h"
#include "runner/cli/process/interrupt.h"

#include <fmt/format.h>
#include <ws/testing/faults/deviant_endpoints.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>

namespace touchstone::cli {
namespace {

// Where a fault makes the tester wait, it waits for many cases at a time.
constexpr unsigned kAtOnce = 8;

ws::testing::Fault fault_named(const std::string& name, bool as_server) {
  if (name == "none") return ws::testing::Fault::none;
  const auto* row = ws::testing::find_fault(name);
  if (row == nullptr)
    throw UsageError(fmt::format("--fault {}: no such fault; see touchstone echo --list-faults", name));
  if (!(as_server ? row->server : row->client)) {
    throw UsageError(fmt::format("--fault {}: only a {} can have it", name, as_server ? "client" : "server"));
  }
  return row->fault;
}

ws::testing::FaultSet faults_named(const std::vector<std::string>& names, bool as_server) {
  ws::testing::FaultSet set;
  for (std::string_view joined : names) {
    while (!joined.empty()) {
      const auto end = std::min(joined.find('+'), joined.size());
      set.add(fault_named(std::string(joined.substr(0, end)), as_server));
      joined.remove_prefix(std::min(end + 1, joined.size()));
    }
  }
  return set;
}

}  // namespace

Exit list_faults() {
  for (const auto& row : ws::testing::faults()) {
    out("{:34} {:13} {:6} {:22} {}\n", row.name,
        row.server && row.client ? "server,client" : (row.server ? "server" : "client"), row.must ? "MUST" : "SHOULD",
        row.requirement, row.text);
  }
  return Exit::ok;
}

Exit serve_deviant(const std::vector<std::string>& faults, ws::io::ListenOptions listen, ws::io::Http http,
                   const std::function<void(std::uint16_t)>& listening) {
  const auto which = faults_named(faults, /*as_server=*/true);
  watch_for_interrupts();
  const auto server = ws::testing::DeviantServer::start(which, std::move(listen), http);
  if (!server) throw UsageError(server.error());
  listening((*server)->port());
  wait_for_interrupt();
  return Exit::ok;
}

Exit connect_deviant(const std::vector<std::string>& faults, const Target& target) {
  const auto which = faults_named(faults, /*as_server=*/false);
  asio::io_context context{1};
  Exit exit = Exit::ok;
  asio::co_spawn(context, ws::testing::run_deviant_client(target.url, which, target.tls, target.http),
                 [&exit](std::exception_ptr, const std::expected<void, std::string>& ended) {
                   if (ended) return;
                   err("error: {}\n", said(ended.error()));
                   exit = Exit::unreachable;
                 });
  context.run();
  return exit;
}

Exit drive_deviant(const std::vector<std::string>& faults, const Target& target) {
  const auto which = faults_named(faults, /*as_server=*/false);
  DriverOptions options;
  options.agent = fmt::format("{}", fmt::join(faults, "+"));
  options.run_case = [which, tls = target.tls, http = target.http](ws::Url url) -> asio::awaitable<void> {
    (void)co_await ws::testing::run_deviant_client(std::move(url), which, tls, http);
  };
  options.at_once = kAtOnce;
  return drive(target, std::move(options));
}

}  // namespace touchstone::cli

#include "runner/cli/process/relay.h"

#include "runner/cli/print.h"
#include "runner/cli/process/interrupt.h"

#include <fmt/format.h>
#include <ws/testing/relay/relay.h>

#include <charconv>

namespace touchstone::cli {

Exit list_relay_faults() {
  for (const auto& row : ws::testing::relay_faults()) {
    out("{:39} {:6} {:18} {}\n", row.name, row.must ? "MUST" : "SHOULD", row.requirement, row.text);
  }
  return Exit::ok;
}

HostAndPort host_and_port(const std::string& text, std::string_view option) {
  HostAndPort address;
  const std::size_t colon = text.rfind(':');
  std::string number = text;
  if (colon != std::string::npos) {
    address.host = text.substr(0, colon);
    number = text.substr(colon + 1);
    if (address.host.starts_with('[') && address.host.ends_with(']'))
      address.host = address.host.substr(1, address.host.size() - 2);
  }
  unsigned port = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), port);
  if (error != std::errc{} || end != number.data() + number.size() || port > 65535)
    throw UsageError(fmt::format("{} '{}' is no port, and no HOST:PORT", option, text));
  address.port = static_cast<std::uint16_t>(port);
  return address;
}

Exit serve_relay(const std::string& fault, const HostAndPort& to, ws::io::ListenOptions listen,
                 const std::function<void(std::uint16_t)>& listening) {
  auto which = ws::testing::RelayFault::none;
  if (!fault.empty() && fault != "none") {
    const auto* row = ws::testing::find_relay_fault(fault);
    if (row == nullptr)
      throw UsageError(fmt::format("--proxy-fault {}: no such fault; see touchstone echo --list-proxy-faults", fault));
    which = row->fault;
  }
  watch_for_interrupts();
  const auto relay = ws::testing::RelayServer::start(which, std::move(listen), {to.host, to.port});
  if (!relay) throw UsageError(relay.error());
  listening((*relay)->port());
  wait_for_interrupt();
  return Exit::ok;
}

}  // namespace touchstone::cli

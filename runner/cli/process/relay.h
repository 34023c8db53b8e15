// relay.h - `touchstone echo --proxy-to`: the strict intermediary, or one with a single fault.
#pragma once
#include "runner/cli/cli.h"

#include <ws/io/net/listener.h>

#include <cstdint>
#include <functional>
#include <string>

namespace touchstone::cli {

Exit list_relay_faults();

// "9000", "127.0.0.1:9000", "[::1]:9000"; throws UsageError, which names `option`.
struct HostAndPort {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};
[[nodiscard]] HostAndPort host_and_port(const std::string& text, std::string_view option);

// Until an interrupt. `listening` hears the port.
Exit serve_relay(const std::string& fault, const HostAndPort& to, ws::io::ListenOptions listen,
                 const std::function<void(std::uint16_t)>& listening);

}  // namespace touchstone::cli

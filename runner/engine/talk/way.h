// way.h - how a stream to a target is dialled.
#pragma once
#include "runner/engine/talk/target.h"

#include <ws/io/net/stream.h>

#include <chrono>

namespace touchstone {

// `limit`: for resolving, connecting, the proxy and TLS together.
[[nodiscard]] inline ws::io::DialOptions way_to(const Target& target, std::chrono::milliseconds limit) {
  ws::io::DialOptions dial;
  dial.host = target.url.host;
  dial.port = target.url.port;
  dial.family = target.family;
  if (target.url.secure) dial.tls = target.tls;
  dial.deadline = limit;
  dial.proxy = target.proxy;
  dial.unix_path = target.unix_path;
  return dial;
}

}  // namespace touchstone

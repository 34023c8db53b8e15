// target.h - the server under test, and how to reach it.
#pragma once
#include <ws/core/http/http1.h>
#include <ws/core/http/url.h>
#include <ws/io/net/stream.h>

#include <optional>
#include <string>
#include <vector>

namespace touchstone {

struct Target {
  ws::Url url;
  std::string name;  // in reports
  ws::io::Family family = ws::io::Family::any;
  ws::io::TlsOptions tls;  // used for wss
  std::string host;        // Host field; empty: from the URL
  std::vector<std::string> subprotocols;
  std::vector<ws::Field> fields;  // extra header fields: Origin, Cookie, Authorization ...
  std::optional<ws::io::Proxy> proxy{};
  std::string unix_path{};                // this Unix socket, in place of the URL's host and port
  ws::io::Http http = ws::io::Http::one;  // over which every case goes
};

}  // namespace touchstone

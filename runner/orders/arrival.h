// arrival.h - one connection that a client made because it was told to, and what came on it.
#pragma once
#include <ws/core/http/http1.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace touchstone::orders {

struct Arrival {
  std::string door;  // the listener's name
  std::chrono::steady_clock::time_point began{}, ended{};
  bool secure = false;                                  // it began with TLS
  bool tls_open = false;                                // whose handshake was completed, as the server sees it
  std::string server_name;                              // SNI (RFC 6066 3)
  std::string plain;                                    // what came in place of TLS; a beginning
  std::vector<std::string> heads{}, answers{};          // as they came, and what was said to them
  std::optional<ws::RequestHead> connect{}, request{};  // the CONNECT, and the last opening handshake
  std::string rubbish{};                                // a head that is no HTTP; a beginning
  bool answered = false;                                // with 101
  bool opened = false;                                  // the Ping after that got its Pong
  bool ended_by_client = false;
  bool waited_in_vain = false;  // the time limit passed while something was waited for
  bool over = false;
};

}  // namespace touchstone::orders

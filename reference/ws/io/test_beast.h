// test_beast.h - Boost.Beast as the server in front of ours. In a file of its own, because Boost's Asio and the other
// one cannot be included together.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ws::io::test {

struct BeastRequest {
  std::string method, target;
  int version_minor = 1;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string rest;  // read beyond the request
  int descriptor = -1;
};

// Listens on 127.0.0.1, any port; accepts one client and reads its request; then lets go of the socket.
class BeastServer {
 public:
  BeastServer();
  BeastServer(const BeastServer&) = delete;
  BeastServer& operator=(const BeastServer&) = delete;
  ~BeastServer();
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] BeastRequest accept();

 private:
  struct Impl;
  Impl* impl_;
};

}  // namespace ws::io::test

// contract.h - `/next`: a driver fetches what its client is to do, does it, and fetches the next (docs/next.md).
#pragma once
#include "runner/catalogue/case.h"
#include "runner/orders/order.h"

#include <ws/io/net/listener.h>

#include <asio/awaitable.hpp>

#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace touchstone::orders {

// Told what happens, on the executor.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void started(const std::string& agent, const Case& c) = 0;
  virtual void finished(const Result& result) = 0;
  virtual void driver_done(const std::string& agent) = 0;  // it was told that there is no more
};

class Contract {
 public:
  struct Settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::string agent{};                        // counts whatever a driver calls its client
    std::filesystem::path folder{};             // gets ca.pem
    std::chrono::milliseconds patience{5'000};  // silence that counts as no answer
  };
  // The error is a sentence. `observer` outlives the contract.
  [[nodiscard]] static std::expected<std::unique_ptr<Contract>, std::string> start(asio::any_io_executor executor,
                                                                                   Settings settings,
                                                                                   Observer& observer);
  ~Contract();

  [[nodiscard]] std::uint16_t port() const noexcept;
  // What each driver gets from here on, from the first one on.
  void set(std::vector<const Case*> cases);
  // The order that `agent` has not come back from; null: none.
  [[nodiscard]] const Case* under_way(const std::string& agent) const;
  [[nodiscard]] bool has_all(const std::string& agent) const;

  // How an order ended that the driver did not come back from.
  struct End {
    std::string unimplemented{};  // the client has no way to do it, in these words
    std::string lost{};           // its program never came back: why nothing is known
    std::optional<Finding> died{};
  };
  [[nodiscard]] asio::awaitable<void> conclude(std::string agent, End end);

 private:
  struct Impl;
  explicit Contract(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

// What a driver gets: one line of JSON.
[[nodiscard]] std::string order_text(const Case& c, const std::vector<Instruction>& told);

}  // namespace touchstone::orders

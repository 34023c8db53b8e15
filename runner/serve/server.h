// server.h - a drop-in for Autobahn's fuzzing server: clients connect to be tested, case by case, at their own pace.
//
// One executor, many clients side by side. Nothing that a client does, or fails to do, stops another one: every
// wait has a time limit, every buffer a bound.
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/catalogue.h"

#include <ws/io/net/listener.h>

#include <asio/awaitable.hpp>

#include <chrono>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace touchstone::serve {

struct Settings {
  ws::io::ListenOptions listen{};
  Profile profile = Profile::standard;
  std::string profile_name = "default";
  std::uint64_t seed = 1;
  std::chrono::milliseconds timeout{5'000};         // silence that counts as no answer
  std::chrono::milliseconds request_limit{10'000};  // from accepting a client to the end of its request head
  std::filesystem::path reports;                    // served below /report/
  std::vector<std::string> trusted{};               // names for Trust
  std::size_t most_connections = 1024;              // at a time
  ws::io::Http http = ws::io::Http::one;            // that clients may speak
  std::string agent;                                // counts whatever clients call themselves; empty: their own names
  // Whether every silence has to be long enough for a proof; missing: only where none like it was proved before.
  std::function<bool()> proves{};
  // Cases that are not run with this client.
  std::function<bool(const std::string& agent, const Case& c)> excluded{};
};

// Told what happens, on the executor.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void started(const std::string& agent, const Case& c) = 0;
  virtual void finished(const Result& result) = 0;
  // In place of an earlier result of the same case: the client's own messages are known by now, and left out.
  virtual void judged_again(const Result& result) = 0;
  // Cases in which nobody could tell what was its own; `for_good`: nobody ever can, since it speaks now and then.
  virtual void heard_unclearly(const std::string& agent, const std::vector<std::string>& case_ids, bool for_good) = 0;
  // /updateReports: the reports are there when it ends; others are served meanwhile.
  virtual asio::awaitable<void> reports_wanted(const std::string& agent) = 0;
  // The driver has its answer to that.
  virtual void driver_done(const std::string& agent) = 0;
  virtual void end_wanted(const std::string& why) = 0;  // /stopServer, shutdownOnComplete
};

class FuzzingServer {
 public:
  // The error is a sentence. `observer` outlives the server.
  [[nodiscard]] static std::expected<std::unique_ptr<FuzzingServer>, std::string> start(asio::any_io_executor executor,
                                                                                        Settings settings,
                                                                                        Observer& observer);
  ~FuzzingServer();  // as stop()

  [[nodiscard]] std::uint16_t port() const noexcept;

  // The cases that drivers count from 1 on; in Autobahn's order.
  void number(std::vector<const Case*> cases);
  [[nodiscard]] const std::vector<const Case*>& cases() const noexcept;
  // A result of an earlier run: it counts as if it had just been found.
  void remember(const Result& result);

  // A case is under way.
  [[nodiscard]] bool busy() const noexcept;

  // No more clients; those that are there are let go.
  void stop() noexcept;

 private:
  struct Impl;
  explicit FuzzingServer(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

}  // namespace touchstone::serve

// beside.h - work in a process of its own, on a copy of all that this one has, while this one goes on.
#pragma once
#include <ws/io/net/wait.h>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <sys/types.h>

namespace touchstone::cli {

// What is begun while a worker is under way waits for its end, and then one worker serves all who wait.
class Beside {
 public:
  // `work` runs in the worker; what it gives is its exit code. It must not touch the loop.
  Beside(asio::any_io_executor executor, std::function<int()> work);

  // Until a worker that began after this call has ended. Its exit code, or -1 when there could be none.
  [[nodiscard]] asio::awaitable<int> run();

  // The same without the loop, and for at most so long: the worker's process goes on by itself then. Nothing: it does.
  [[nodiscard]] std::optional<int> run_within(std::chrono::milliseconds limit);

 private:
  [[nodiscard]] pid_t begin();
  [[nodiscard]] asio::awaitable<int> end_of(pid_t worker);

  asio::any_io_executor executor_;
  std::function<int()> work_;
  ws::io::Signal changed_;
  std::uint64_t wanted_ = 0, done_ = 0;
  int code_ = 0;
  pid_t under_way_ = 0;
};

}  // namespace touchstone::cli

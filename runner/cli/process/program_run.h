// program_run.h - a client's program from its start to its end, as long as something comes of it.
#pragma once
#include "runner/cli/process/client_deaths.h"

#include <ws/io/net/wait.h>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

namespace touchstone::cli {

// When a program that does nothing is ended.
struct ProgramPatience {
  std::function<std::chrono::milliseconds()> idle;  // how long it may do nothing, from now on
  std::function<bool()> busy;                       // what it does has a time limit of its own
};

// Runs the shell command, its output in `log`. `changed` is notified whenever the program did something; all of the
// arguments outlive the coroutine. How it ended; nothing in `how`: it did nothing for too long, and was ended.
[[nodiscard]] asio::awaitable<ProgramEnd> run_program(asio::any_io_executor executor, const std::string& command,
                                                      const std::filesystem::path& log, ws::io::Signal& changed,
                                                      const ProgramPatience& patience);

}  // namespace touchstone::cli

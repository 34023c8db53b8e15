// line_reader.h - the lines of standard input while a loop runs, whatever standard input is: a pipe, a file, a
// terminal.
#pragma once
#include <asio/any_io_executor.hpp>

#include <functional>
#include <string>
#include <thread>

namespace touchstone::cli {

// Reads in a thread of its own; calls in the loop. Lines beyond 16 MiB are cut there.
class LineReader {
 public:
  LineReader(asio::any_io_executor executor, std::function<void(std::string)> on_line, std::function<void()> on_end);
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader();

 private:
  void read();

  asio::any_io_executor executor_;
  std::function<void(std::string)> on_line_;
  std::function<void()> on_end_;
  int stop_[2] = {-1, -1};
  std::thread thread_;
};

}  // namespace touchstone::cli

// pipe.h - a connection in memory: two Streams back to back, whose octets arrive when and as the test says.
//
// Use it with ws::io::accept(stream, ...) and ws::io::connect(stream, url, ...). Everything belongs to one executor.
#pragma once
#include <ws/io/net/stream.h>

#include <vector>

namespace ws::testing {

// What happens to the octets of one direction. All offsets count octets from the first one written.
struct Course {
  // One read gives at most so many octets: these sizes in turn, and again from the first. Empty: as many as are there.
  std::vector<std::size_t> pieces{};
  std::chrono::milliseconds delay{};  // from a write to the arrival of its octets, on ws::io::Clock (see ManualClock)
  std::size_t capacity = 64 * 1024;   // octets under way; a writer waits while there are more
  std::optional<std::uint64_t> end_after{};  // the reader sees the end of input there; what is written after it is lost
  std::optional<std::uint64_t> reset_after{};  // both ends see a reset there
  std::optional<std::uint64_t> stall_after{};  // nothing arrives from there on, and then the writer waits
};

// One direction, while the test runs.
class Direction {
 public:
  struct State;
  explicit Direction(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}  // by Pipe

  [[nodiscard]] std::uint64_t written() const noexcept;  // octets
  [[nodiscard]] std::uint64_t arrived() const noexcept;  // octets that were read at the other end

  void stall() noexcept;  // what has not arrived yet, and all that comes
  void go_on() noexcept;  // after stall() or Course::stall_after
  void end();             // the reader sees the end of input after what was written; what comes then is lost
  void reset();           // both ends see a reset; who reads gets first what was on its way

 private:
  std::shared_ptr<State> state_;
};

struct Pipe {
  // Throws std::invalid_argument for a capacity or a piece of 0 octets.
  explicit Pipe(const asio::any_io_executor& executor, Course to_server_course = {}, Course to_client_course = {});

  Direction to_server, to_client;
  std::unique_ptr<io::Stream> client, server;  // to be moved from
};

}  // namespace ws::testing

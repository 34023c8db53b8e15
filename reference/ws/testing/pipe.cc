#include <ws/io/net/wait.h>
#include <ws/testing/pipe.h>

#include <asio/error.hpp>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <utility>

namespace ws::testing {

using io::Clock;

struct Direction::State {
  State(const asio::any_io_executor& executor, Course given) : course(std::move(given)), changed(executor) {
    if (course.capacity == 0 || std::ranges::count(course.pieces, 0U) != 0)
      throw std::invalid_argument("ws::testing::Course: a capacity or a piece of 0 octets moves nothing");
    if (course.stall_after) stalled_at = *course.stall_after;
  }

  // How it goes on after the octets that are under way.
  enum class Tail : std::uint8_t { open, end, reset };
  struct Portion {
    Clock::time_point due;
    Bytes octets;
    std::size_t taken = 0;
  };

  // --- The reader's side ---

  std::size_t take(std::span<std::byte> into) {
    std::uint64_t most = std::min<std::uint64_t>(into.size(), stalled_at - std::min(stalled_at, arrived));
    if (!course.pieces.empty()) most = std::min<std::uint64_t>(most, course.pieces[piece % course.pieces.size()]);
    std::size_t count = 0;
    while (count < most && !under_way.empty() && under_way.front().due <= Clock::now()) {
      Portion& front = under_way.front();
      const auto n = std::min(static_cast<std::size_t>(most) - count, front.octets.size() - front.taken);
      std::copy_n(front.octets.begin() + static_cast<std::ptrdiff_t>(front.taken), n, into.data() + count);
      count += n;
      front.taken += n;
      if (front.taken == front.octets.size()) under_way.pop_front();
    }
    if (count == 0) return 0;
    ++piece;
    arrived += count;
    waiting -= count;
    changed.notify_all();  // room
    return count;
  }

  [[nodiscard]] std::error_code ending() const {
    if (tail == Tail::open || !under_way.empty() || tail_due > Clock::now()) return {};
    if (tail == Tail::reset) return asio::error::connection_reset;
    return stalled_at <= arrived ? std::error_code{} : make_error_code(asio::error::eof);
  }

  // When there is something new for the reader, as far as it is known.
  [[nodiscard]] Clock::time_point next_due() const {
    if (stalled_at <= arrived && tail != Tail::reset) return Clock::time_point::max();
    if (!under_way.empty()) return under_way.front().due;
    return tail == Tail::open ? Clock::time_point::max() : tail_due;
  }

  // --- The writer's side ---

  [[nodiscard]] Clock::time_point due() const { return io::deadline_after(course.delay); }

  [[nodiscard]] std::error_code refusal() const {
    if (broken) return asio::error::connection_reset;
    if (shut || reader_gone) return asio::error::broken_pipe;
    return {};
  }

  // Takes what there is room for; gives how much. Behind an end that the course planned the octets are lost.
  std::size_t put(ByteView octets) {
    if (tail == Tail::end) return octets.size();
    std::uint64_t n = std::min(octets.size(), course.capacity - std::min(waiting, course.capacity));
    for (const auto& fault : {course.end_after, course.reset_after})
      if (fault) n = std::min(n, *fault - std::min(*fault, written));
    const auto count = static_cast<std::size_t>(n);
    if (count > 0) under_way.push_back({due(), to_bytes(octets.first(count))});
    waiting += count;
    written += count;
    if (course.end_after && written >= *course.end_after) finish();
    if (course.reset_after && written >= *course.reset_after) break_both();
    changed.notify_all();
    return count;
  }

  void finish() {
    if (tail != Tail::open) return;
    tail = Tail::end;
    tail_due = due();
    changed.notify_all();
  }

  void break_both() {
    break_off();
    if (const auto other = opposite.lock()) other->break_off();
  }

  void break_off() {
    broken = true;
    if (tail != Tail::reset) tail_due = due();
    tail = Tail::reset;
    if (stalled_at <= arrived) under_way.clear();  // it would never arrive
    changed.notify_all();
  }

  Course course;
  std::deque<Portion> under_way;
  std::size_t waiting = 0;  // octets in it
  Tail tail = Tail::open;
  Clock::time_point tail_due{};
  std::uint64_t written = 0, arrived = 0;
  std::uint64_t stalled_at = UINT64_MAX;
  std::size_t piece = 0;  // reads so far
  bool broken = false, shut = false, reader_gone = false;
  std::weak_ptr<State> opposite;
  io::Signal changed;
};

class PipeStream final : public io::Stream {
 public:
  PipeStream(asio::any_io_executor executor, std::shared_ptr<Direction::State> in,
             std::shared_ptr<Direction::State> out)
      : executor_(std::move(executor)), in_(std::move(in)), out_(std::move(out)) {}
  PipeStream(const PipeStream&) = delete;
  PipeStream& operator=(const PipeStream&) = delete;
  ~PipeStream() override { close(); }

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override {
    while (!closed_) {
      if (const std::size_t count = in_->take(into); count > 0 || into.empty()) co_return count;
      if (const auto error = in_->ending()) co_return std::unexpected(error);
      const auto error = co_await in_->changed.wait(in_->next_due());
      if (error == asio::error::operation_aborted) co_return std::unexpected(error);
    }
    co_return std::unexpected(make_error_code(asio::error::operation_aborted));
  }

  asio::awaitable<std::error_code> write(ByteView octets) override {
    while (!closed_) {
      if (const auto error = out_->refusal()) co_return error;
      if (octets.empty()) co_return std::error_code{};
      const std::size_t count = out_->put(octets);
      octets = octets.subspan(count);
      if (octets.empty()) co_return std::error_code{};
      if (count > 0) continue;
      if (const auto error = out_->refusal()) co_return error;
      if (const auto error = co_await out_->changed.wait()) co_return error;
    }
    co_return make_error_code(asio::error::operation_aborted);
  }

  void write_without_waiting(ByteView octets) noexcept override {
    if (!closed_ && !out_->refusal()) (void)out_->put(octets);
  }

  asio::awaitable<std::error_code> shutdown_send() override {
    if (closed_) co_return make_error_code(asio::error::operation_aborted);
    out_->shut = true;
    out_->finish();
    co_return std::error_code{};
  }

  void reset() noexcept override {
    if (closed_) return;
    out_->break_both();
    close();
  }

  void close() noexcept override {
    if (closed_) return;
    closed_ = true;
    out_->shut = in_->reader_gone = true;
    out_->finish();
    in_->changed.notify_all();
    out_->changed.notify_all();
  }

  [[nodiscard]] asio::any_io_executor executor() override { return executor_; }
  [[nodiscard]] std::string peer() const override { return "a pipe in memory"; }
  [[nodiscard]] bool secure() const noexcept override { return false; }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<Direction::State> in_, out_;
  bool closed_ = false;
};

std::uint64_t Direction::written() const noexcept { return state_->written; }
std::uint64_t Direction::arrived() const noexcept { return state_->arrived; }

void Direction::stall() noexcept { state_->stalled_at = state_->arrived; }

void Direction::go_on() noexcept {
  state_->stalled_at = UINT64_MAX;
  state_->changed.notify_all();
}

void Direction::end() { state_->finish(); }
void Direction::reset() { state_->break_both(); }

Pipe::Pipe(const asio::any_io_executor& executor, Course to_server_course, Course to_client_course)
    : to_server(nullptr), to_client(nullptr) {
  const auto up = std::make_shared<Direction::State>(executor, std::move(to_server_course));
  const auto down = std::make_shared<Direction::State>(executor, std::move(to_client_course));
  up->opposite = down;
  down->opposite = up;
  to_server = Direction(up);
  to_client = Direction(down);
  client = std::make_unique<PipeStream>(executor, down, up);
  server = std::make_unique<PipeStream>(executor, up, down);
}

}  // namespace ws::testing

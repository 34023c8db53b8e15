#include <ws/testing/clock.h>

#include <asio/basic_waitable_timer.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace ws::testing {

ManualClock::ManualClock(asio::any_io_executor executor) : executor_(std::move(executor)), now_(io::Clock::now()) {
  if (io::Clock::stopped != nullptr) throw std::logic_error("this thread has a ws::testing::ManualClock already");
  io::Clock::stopped = &now_;
}

ManualClock::~ManualClock() { io::Clock::stopped = nullptr; }

void ManualClock::advance(io::Clock::duration by) {
  now_ += by;
  // The executor sleeps until the next deadline as it was; one that lies before all others makes it look again.
  const auto awake = std::make_shared<asio::basic_waitable_timer<io::Clock>>(executor_, io::Clock::time_point{});
  awake->async_wait([awake](const std::error_code&) {});
}

}  // namespace ws::testing

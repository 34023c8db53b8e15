// tap_control.h - the commands of a tap over HTTP, for tests that have no pipe to it. POST / with a command; GET / for
// its counts. On 127.0.0.1 only.
#pragma once
#include "runner/live/tap/tap.h"

namespace touchstone::cli {

class TapControl {
 public:
  // The tap outlives it. The error is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<TapControl>, std::string> open(asio::any_io_executor executor,
                                                                                    std::uint16_t port, tap::Tap& tap);
  [[nodiscard]] std::string url() const;

 private:
  TapControl(std::unique_ptr<ws::io::Listener> listener, tap::Tap& tap) : listener_(std::move(listener)), tap_(tap) {}
  asio::awaitable<void> accept_all(asio::any_io_executor executor);
  asio::awaitable<void> serve(std::unique_ptr<ws::io::Stream> stream);

  std::unique_ptr<ws::io::Listener> listener_;
  tap::Tap& tap_;
};

}  // namespace touchstone::cli

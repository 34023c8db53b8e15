// backoff.cc - exponential waits with jitter.
#include <ws/io/serve/backoff.h>

#include <algorithm>
#include <utility>

namespace ws::io {

Backoff::Backoff(BackoffOptions options, std::function<double()> random)
    : options_(options), random_(std::move(random)), bound_(0) {
  reset();
}

std::chrono::milliseconds Backoff::next() {
  const double certain = bound_ * (1 - options_.jitter);
  const double wait = certain + (bound_ - certain) * random_();
  bound_ = std::min(bound_ * std::max(options_.factor, 1.0), static_cast<double>(options_.longest.count()));
  return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(wait));
}

void Backoff::reset() noexcept { bound_ = static_cast<double>(std::min(options_.first, options_.longest).count()); }

}  // namespace ws::io

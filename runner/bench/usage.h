// usage.h - processor time of the load generator itself.
#pragma once
#include <sys/resource.h>

#include <chrono>

namespace touchstone::bench {

// Of this thread, user's and system's.
[[nodiscard]] inline std::chrono::nanoseconds cpu_time() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto of = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

}  // namespace touchstone::bench

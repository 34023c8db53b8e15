// until_set.h - waits for a flag that a signal handler or another thread sets.
#pragma once
#include <asio/awaitable.hpp>

#include <atomic>

namespace touchstone {

// A signal handler cannot wake the loop by itself, so the flag is looked at, twenty times a second.
[[nodiscard]] asio::awaitable<void> until_set(const std::atomic<bool>& flag);

}  // namespace touchstone

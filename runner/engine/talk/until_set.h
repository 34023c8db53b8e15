// until_set.h - waits for a flag that a signal handler or another thread sets.
#pragma once
#include <asio/awaitable.hpp>

#include <atomic>
#include <functional>

namespace touchstone {

// A signal handler cannot wake the loop by itself, so the flag is looked at, twenty times a second.
[[nodiscard]] asio::awaitable<void> until_set(const std::atomic<bool>& flag);

// The same for anything else that can be asked, such as a time that is over.
[[nodiscard]] asio::awaitable<void> until(std::function<bool()> holds);

}  // namespace touchstone

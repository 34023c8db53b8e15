// run.h - runs the coroutines of a test to their end.
#pragma once
#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <initializer_list>

namespace ws::testing {

using Body = std::function<asio::awaitable<void>()>;

// Runs the bodies beside each other on one thread, with everything that they start, until all is done. Rethrows what a
// body throws; throws std::runtime_error when something is still under way after `limit` of real time. What the bodies
// capture has to outlive the call.
void run(std::initializer_list<Body> bodies, std::chrono::milliseconds limit = std::chrono::seconds(60));

inline void run(const Body& body) { run({body}); }

}  // namespace ws::testing

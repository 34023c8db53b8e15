// run.h - runs the coroutines of a test to their end.
#pragma once
#include <ws/io/net/asio_abi.h>

#include <asio/any_io_executor.hpp>
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

// The same, but time (ws::io::Clock) stands still while there is something to do, and goes on by milliseconds when
// there is nothing: delays and deadlines pass in no time, and every run is like the other. For connections in memory
// (Pipe); what comes through the kernel takes real time, of which this knows nothing. `limit` counts virtual time.
void run_in_virtual_time(std::initializer_list<Body> bodies,
                         std::chrono::milliseconds limit = std::chrono::seconds(60));

// Starts one more, beside those that run on this executor. What it throws comes out of run().
void spawn(const asio::any_io_executor& executor, Body body);

}  // namespace ws::testing

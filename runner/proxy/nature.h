// nature.h - the intermediary under test, and what kind it is: it decides what the intermediary owes.
#pragma once
#include "runner/engine/run.h"
#include "runner/proxy/back.h"
#include "runner/proxy/relayed.h"

#include <asio/awaitable.hpp>

#include <chrono>
#include <string_view>

namespace touchstone::proxy {

struct UnderTest {
  const Target& front;  // through the intermediary
  const Greeting& greeting;
  const RunOptions& options;
  Back& back;
  Nature nature{};
};

// Silence that counts as no answer.
[[nodiscard]] std::chrono::milliseconds patience_of(const UnderTest& test);

// Two conversations: a message of the client's, and words that are no HTTP. Runs the context of `test.back`.
[[nodiscard]] Nature look_at_nature(const UnderTest& test, const std::atomic<bool>& stop);

// The start line of a version that nobody speaks, and an answer that is no HTTP.
inline constexpr std::string_view kNoRequest = "no-http @target HTTP/7.7", kNoAnswer = "\x02no HTTP";

// It passed both of these on as they were.
[[nodiscard]] bool is_blind(const Relayed& seen);

}  // namespace touchstone::proxy

// rethrown.h - what a coroutine throws that nobody waits for: it leaves the loop's run(), so that its owner hears of
// it. asio::detached would drop it, and the loop would wait for ever for what never comes.
#pragma once
#include <exception>

namespace touchstone {

inline constexpr auto rethrown = [](const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);
};

}  // namespace touchstone

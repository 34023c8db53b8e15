// confirmation.h - what is in doubt runs again, alone, before it is reported.
#pragma once
#include "runner/engine/doubts.h"
#include "runner/engine/survival.h"

namespace touchstone {

// `doubts` is empty after it. When the run is over, what is left is reported as it was seen once.
[[nodiscard]] asio::awaitable<void> confirm(Doubts& doubts, Attempts& attempts, Survival& survival,
                                            RunObserver& observer);

}  // namespace touchstone

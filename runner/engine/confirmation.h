// confirmation.h - what is in doubt runs again, alone, before it is reported; and once more beside others when octets
// that came beside others did not come alone.
#pragma once
#include "runner/engine/pending.h"
#include "runner/engine/survival.h"

namespace touchstone {

// Nothing is pending after it; `jobs`: so many cases ran at a time when they arose. When the run is over, what is left
// is reported as it was seen once.
[[nodiscard]] asio::awaitable<void> confirm(Pending& pending, Attempts& attempts, Survival& survival,
                                            RunObserver& observer, unsigned jobs);

}  // namespace touchstone

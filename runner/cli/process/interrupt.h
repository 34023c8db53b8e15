// interrupt.h - SIGINT, SIGTERM and SIGHUP: the first asks for an orderly end, the second ends at once.
#pragma once
#include <atomic>

namespace touchstone::cli {

// Set by the first signal after watch_for_interrupts().
[[nodiscard]] const std::atomic<bool>& interrupted() noexcept;

// Installs the handlers. A second signal ends the process group of the server under test, if there is one, and
// leaves with exit code 4. Broken pipes become errors of the write.
void watch_for_interrupts();

// Blocks until interrupted() is set.
void wait_for_interrupt();

// Readable from then on, for who waits for other things, too. Not to be read, and not to be closed.
[[nodiscard]] int interrupt_descriptor() noexcept;

}  // namespace touchstone::cli

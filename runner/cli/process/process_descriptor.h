// process_descriptor.h - a process as something that can be waited for among other things.
#pragma once
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace touchstone::cli {

// Readable once `process`, a child of this one, has ended (pidfd_open(2)); to be closed. -1, and errno, where there can
// be none. glibc 2.36 declares pidfd_open() without extern "C".
[[nodiscard]] inline int descriptor_of(pid_t process) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
}

}  // namespace touchstone::cli

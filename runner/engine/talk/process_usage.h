// process_usage.h - what a process and its descendants use of the machine, as Linux tells it (proc(5)).
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace touchstone {

struct ProcessUsage {
  std::uint64_t resident_octets = 0;   // now
  std::uint64_t anonymous_octets = 0;  // of these, memory of its own, without files: exact, unlike the others
  std::chrono::milliseconds cpu{0};    // user and system time since it began
  std::chrono::nanoseconds runnable{
      0};  // and the time that its threads waited for a processor; zero where Linux is silent
};

// Of the process, its descendants and its process group. All zero when there is no such process.
[[nodiscard]] ProcessUsage usage_of(int process);
// How busy they were between two such looks: of one processor, what they used. On a machine that gives them less than
// they want, a thread that never rests is known by always having been ready to run: half of a processor, then.
[[nodiscard]] double share_between(const ProcessUsage& before, const ProcessUsage& after,
                                   std::chrono::duration<double> took);
// What they use of one processor when they are left alone: the least in a few windows of a tenth of a second, until one
// of them shows a process at rest. Nobody is waited for once `over` holds.
[[nodiscard]] double cpu_at_rest(int process, const std::function<bool()>& over);
// The sockets that they have open.
[[nodiscard]] std::size_t sockets_of(int process);

}  // namespace touchstone

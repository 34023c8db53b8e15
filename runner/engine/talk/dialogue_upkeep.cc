// dialogue_upkeep.cc - what connections that have ended leave behind in the endpoint's processes: memory, sockets,
// work.
//
// All is measured against the endpoint itself: memory against what it had after as many connections before, sockets
// against those that it had before them, processor time against what it used before the first case of the run.
#include "runner/engine/talk/dialogue.h"
#include "runner/engine/talk/memory_rounds.h"

#include <fmt/format.h>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::chrono::milliseconds kWindow{200};  // the kernel counts processor time in hundredths of a second
constexpr std::chrono::milliseconds kLongWindow{1000};
constexpr std::chrono::milliseconds kMoment{20};
constexpr double kRestless = 0.25;  // of one processor

}  // namespace

// RFC 6455 10.4: who takes few connections, at a time or in a time, may not have noticed yet that the others ended.
asio::awaitable<Knocked> Dialogue::knock_until_let_in(std::chrono::milliseconds patience,
                                                      std::optional<step::Alive::How> how) {
  Knocked knocked = co_await options_.knock(patience, how, /*must_prove=*/true);
  const auto until = Clock::now() + patience;
  for (Clock::duration left_alone = kMoment; knocked.turned_away && Clock::now() < until; left_alone *= 2) {
    co_await pause(left_alone);
    knocked = co_await options_.knock(patience, how, /*must_prove=*/true);
  }
  co_return knocked;
}

asio::awaitable<bool> Dialogue::let_in(const step::Alive& alive) {
  for (std::uint32_t i = 0; i < alive.connections; ++i) {
    if ((co_await options_.knock(alive.within, alive.how, options_.must_prove)).fault.empty()) continue;
    const std::string fault = (co_await knock_until_let_in(alive.within, alive.how)).fault;
    if (fault.empty()) continue;
    recorder_.note(Entry::Direction::local, Entry::Kind::mark, fmt::format("fresh connection {}: {}", i + 1, fault));
    o_.harm.push_back(
        {fmt::format("fresh connections open and answer a Ping within {} s, one after the other", alive.within.count()),
         fmt::format("number {}: {}", i + 1, fault), "connection"});
    co_return false;
  }
  co_return true;
}

asio::awaitable<void> Dialogue::pause(Clock::duration length) {
  asio::steady_timer timer(stream_->executor(), length);
  std::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// An endpoint may close its sockets after ours are closed: time is only the failing path.
asio::awaitable<void> Dialogue::until_sockets_are_closed(const step::Alive& alive, std::size_t before) {
  const auto until = Clock::now() + options_.timeout;
  std::size_t now = sockets_of(options_.owner());
  while (now > before + alive.connections / 10 && Clock::now() < until) {
    co_await pause(std::chrono::milliseconds(20));
    now = sockets_of(options_.owner());
  }
  if (now < before + (alive.connections + 1) / 2) co_return;
  o_.harm.push_back(
      {"it closes its sockets once their connections have ended",
       fmt::format("{} more sockets are open after {} connections ended", now - before, alive.connections), "sockets"});
}

// Linux counts the time on a run queue when it ends: over a short while it says that somebody rests, and over a longer
// one that nobody does.
asio::awaitable<void> Dialogue::until_it_rests() {
  const auto until = Clock::now() + std::max<Clock::duration>(options_.timeout, 3 * kLongWindow);
  Clock::duration window = kWindow;
  double share = 0;
  do {
    const auto start = Clock::now();
    const ProcessUsage before = usage_of(options_.owner());
    co_await pause(window);
    const ProcessUsage after = usage_of(options_.owner());
    const std::chrono::duration<double> took = Clock::now() - start, ready = after.runnable - before.runnable;
    share = share_between(before, after, took);
    const double least = window == kWindow ? std::max(share, ready / took) : share;
    if (least < options_.cpu_at_rest + kRestless) co_return;
    window = kLongWindow;
  } while (Clock::now() < until);
  o_.harm.push_back(
      {"it rests when nothing is asked of it",
       fmt::format("it kept {:.0f} % of a processor busy, long after the last connection ended", 100 * share), "CPU"});
}

// A crowd of fresh connections, one after the other.
asio::awaitable<void> Dialogue::play_crowd(const step::Alive& alive) {
  const int process = options_.owner ? options_.owner() : 0;
  if (process == 0) {
    step::Alive one = alive;
    one.connections = 1;
    (void)co_await let_in(one);
    co_return;
  }
  const std::size_t sockets = sockets_of(process);
  MemoryRounds memory(alive.connections);
  while (!memory.settled()) {
    if (!co_await let_in(alive)) co_return;
    memory.add(usage_of(process).anonymous_octets);
  }
  if (memory.grow_without_end()) {
    constexpr std::uint64_t kMiB = 1024 * 1024;
    o_.harm.push_back(
        {"what connections needed is given back when they have ended",
         fmt::format("memory grew from {} to {} MiB over {} connections, without an end", memory.first() / kMiB,
                     memory.last() / kMiB, (memory.rounds() - 1) * alive.connections),
         "memory"});
  }
  co_await until_sockets_are_closed(alive, sockets);
  co_await until_it_rests();
}

}  // namespace touchstone

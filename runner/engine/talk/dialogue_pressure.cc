// dialogue_pressure.cc - a connection that is held: nobody reads what the endpoint writes, until its writes are stuck.
//
// The endpoint's kernel takes what its own send buffer and the tester's receive buffer hold, and then nothing more.
// That both are full the kernel says where the endpoint is on this machine (sock_diag(7)); elsewhere it has to do that
// nothing more arrives. What the tester sends meanwhile is written beside everything else: an endpoint whose writes are
// stuck may read nothing more either, as it may (RFC 6455 names no buffer).
#include "runner/engine/talk/dialogue.h"

#include <sys/ioctl.h>

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::chrono::microseconds kFirstLook{50};
constexpr std::chrono::milliseconds kLongestLook{5};
constexpr std::chrono::milliseconds kLeastQuiet{50}, kMostQuiet{500};  // that shows that nothing moves
// Once the endpoint's kernel is full: what it writes then is what the case is about. No more, because an endpoint may
// give up a connection that has too much in its buffers.
constexpr int kMoreRounds = 8;
constexpr std::size_t kMoreOctets = 48 * 1024;

}  // namespace

// Where what is under way is.
struct Dialogue::Pressure {
  int unread = 0;          // octets that came, in the tester's kernel
  std::size_t unsent = 0;  // of the tester, that its kernel has not taken
  PeerQueues peer{};
  bool operator==(const Pressure&) const = default;

  // The endpoint's kernel takes nothing more of it, or it takes nothing more of the tester.
  [[nodiscard]] bool stuck() const { return peer.full || unsent > 0 || (peer.known && peer.unread > 0); }
};

asio::awaitable<void> Dialogue::play(const step::Hold& hold) {
  if (!hold.on) {
    if (held_) co_await let_go();
    co_return;
  }
  co_await outbound_.flush();
  outbound_.hold_back(true);
  held_ = true;
  wants_to_read_ = false;
  recorder_.note(Entry::Direction::local, Entry::Kind::mark, "holding: reading nothing");
}

asio::awaitable<void> Dialogue::let_go() {
  send_beside();
  held_ = false;
  recorder_.note(Entry::Direction::local, Entry::Kind::mark, "letting go: reading again");
  wants_to_read_ = true;
  changed_.cancel();
  co_await wait_for([this] { return !pump_runs_ || closed_or_failed(); }, "the endpoint to take what was sent");
  // A write that is under way is the only one.
  if (pump_runs_) outbound_.give_up();
  outbound_.hold_back(false);
}

void Dialogue::send_beside() {
  ws::Bytes octets = outbound_.take();
  if (octets.empty()) return;
  queued_ += octets.size();
  beside_octets_ += octets.size();
  queue_.push_back(std::move(octets));
  if (std::exchange(pump_runs_, true)) return;
  asio::co_spawn(stream_->executor(), [self = shared_from_this()] { return self->pump(); }, asio::detached);
}

asio::awaitable<void> Dialogue::pump() {
  try {
    while (!queue_.empty()) {
      const ws::Bytes octets = std::move(queue_.front());
      queue_.pop_front();
      co_await outbound_.put(octets);
      queued_ -= octets.size();
      changed_.cancel();
    }
  } catch (...) {
    thrown_ = std::current_exception();
    outbound_.give_up();
    stream_->close();
  }
  pump_runs_ = false;
  changed_.cancel();
}

Dialogue::Pressure Dialogue::pressure() {
  Pressure now;
  now.unsent = queued_;
  if (::ioctl(stream_->descriptor(), FIONREAD, &now.unread) != 0) now.unread = 0;
  if (!options_.through_proxy) now.peer = queues_of_peer(stream_->descriptor());
  return now;
}

// `enough_when_read`: also when the endpoint has read all that was sent.
asio::awaitable<Dialogue::Pressure> Dialogue::until_nothing_moves(bool enough_when_read) {
  const auto quiet = std::clamp<Clock::duration>(20 * options_.round_trip, kLeastQuiet, kMostQuiet);
  const auto limit = Clock::now() + options_.timeout;
  Pressure last = pressure();
  Clock::duration next = kFirstLook;
  for (auto since = Clock::now(); !heard_all_ && Clock::now() < limit;) {
    if (enough_when_read && last.unsent == 0 && (last.peer.unread == 0 || !last.peer.known)) break;
    if (Clock::now() - since >= quiet) break;
    co_await pause(next);
    next = std::min<Clock::duration>(2 * next, kLongestLook);
    const Pressure now = pressure();
    if (now != last) since = Clock::now();
    last = now;
  }
  co_return last;
}

asio::awaitable<bool> Dialogue::has_enough() {
  const Pressure now = co_await until_nothing_moves(/*enough_when_read=*/true);
  if (now.unsent > 0 || (now.peer.known && now.peer.unread > 0)) co_return true;  // it reads no more
  if (!now.peer.full) co_return false;
  if (!octets_when_full_) octets_when_full_ = beside_octets_;
  co_return ++rounds_when_full_ > kMoreRounds || beside_octets_ > *octets_when_full_ + kMoreOctets;
}

asio::awaitable<void> Dialogue::play(const step::Stuck& stuck) {
  send_beside();
  const Pressure now = co_await until_nothing_moves(/*enough_when_read=*/false);
  recorder_.note(Entry::Direction::local, Entry::Kind::mark,
                 now.stuck() ? "its writes are stuck" : "its writes did not get stuck");
  if (stuck.length.count() > 0) co_await pause(stuck.length);
  if (options_.process != 0 && stuck.memory_mib) compare_memory(*stuck.memory_mib);
  last_activity_ = Clock::now();
}

}  // namespace touchstone

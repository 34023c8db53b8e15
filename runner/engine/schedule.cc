#include "runner/engine/schedule.h"

#include "runner/engine/talk/rethrown.h"

#include <asio/co_spawn.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace touchstone {
namespace {

constexpr int kMostRefusals = 3;    // connections refused to one case by an endpoint that is alive
constexpr int kMostTurnedAway = 8;  // the same, where it says that it is too busy, and is left alone before each
constexpr int kMostShortages = 20;  // passes that this machine had no room for, each with half as many at a time

}  // namespace

// Gets over the death of the endpoint as often as it is revived.
asio::awaitable<void> Schedule::run(Plan::Pass pass) {
  queue_ = std::move(pass.cases);
  unsigned jobs = pass.jobs;
  while (!queue_.empty() && !survival_.over() && !late()) {
    refused_ = false;
    co_await workers(jobs);
    if (refused_) {
      one_at_a_time_ = jobs == 1;
      jobs = std::max(1u, jobs / 2);
      co_await look_after_the_endpoint();
    }
  }
  left_out_ += queue_.size();
  if (survival_.over() || !pending_.has_abrupt()) co_return;
  if (co_await survival_.alive()) {
    pending_.settle_abrupt();
  } else {
    co_await look_after_the_endpoint();
  }
}

asio::awaitable<void> Schedule::workers(unsigned jobs) {
  running_ = std::min<std::size_t>(jobs, queue_.size());
  for (std::size_t i = running_; i > 0; --i) asio::co_spawn(context_, work(), rethrown);
  while (running_ > 0) {
    changed_.expires_at(asio::steady_timer::time_point::max());
    std::error_code ignored;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> Schedule::work() {
  while (!queue_.empty() && !refused_ && !late()) {
    const Case* c = queue_.front();
    queue_.pop_front();
    Attempt made = co_await attempts_.run(*c);
    // Nothing is known yet of the rule that its silence breaks.
    const bool new_rule = made.brief && Doubts::about(made) && !pending_.models().has_for(made);
    if (new_rule && !made.no_connection) made = co_await attempts_.run(*c, /*keep_whole=*/true);
    if (made.waited && !made.brief && !made.no_connection) pending_.models().add(made);
    if (made.no_connection) {
      refused_ = true;
      survival_.refused(made.why);
      refusals_.push_back(std::move(made));
    } else {
      pending_.take(std::move(made));
    }
  }
  --running_;
  changed_.cancel();
}

bool Schedule::late() const { return std::chrono::steady_clock::now() >= late_from_ && !pending_.doubts().empty(); }

// Whether a pass was short of descriptors that the same pass, with fewer at a time, may not be short of.
void Schedule::count_shortages() {
  const bool is_short = std::ranges::any_of(refusals_, &Attempt::own_shortage);
  if (is_short && ++shortages_ >= kMostShortages) survival_.run_short();
}

// Connections were refused. A live endpoint was only too busy: its cases go back into the queue. A dead one is revived
// by the observer, and the cases that may have killed it run again one by one.
asio::awaitable<void> Schedule::look_after_the_endpoint() {
  const bool turned_away = std::ranges::any_of(refusals_, &Attempt::turned_away);
  if (turned_away && one_at_a_time_) attempts_.slow_down();
  const bool is_alive = co_await survival_.alive();  // at once: a supervisor starts a dead one again
  if (is_alive && turned_away) co_await attempts_.leave_alone();
  count_shortages();
  if (!survival_.over()) queue_refused_again(is_alive);
  if (survival_.over() || is_alive) {
    pending_.settle_abrupt();
    co_return;
  }
  std::vector<Attempt> suspects = pending_.take_abrupt();
  if (co_await survival_.revived_after(suspects)) co_await interrogate(std::move(suspects));
}

void Schedule::queue_refused_again(bool is_alive) {
  for (Attempt& attempt : std::exchange(refusals_, {})) {
    const int most = attempt.turned_away ? kMostTurnedAway : kMostRefusals;
    // Beside others it may have been one too many: fewer at a time are tried first.
    const bool counts = !attempt.own_shortage && (!attempt.turned_away || one_at_a_time_);
    if (is_alive && counts && ++refusal_count_[attempt.c] >= most) {
      pending_.settle(std::move(attempt));
    } else {
      queue_.push_front(attempt.c);
    }
  }
}

asio::awaitable<void> Schedule::interrogate(std::vector<Attempt> suspects) {
  for (Attempt& suspect : suspects) {
    if (survival_.over()) {
      pending_.settle(std::move(suspect));
    } else {
      co_await interrogate(std::move(suspect));
    }
  }
}

// The endpoint dies again while this one runs alone, or it did not do it.
asio::awaitable<void> Schedule::interrogate(Attempt suspect) {
  Attempt again = co_await attempts_.run(*suspect.c);
  if (!again.no_connection && co_await survival_.alive()) co_return pending_.settle(std::move(again));
  if (again.own_shortage && !survival_.over()) survival_.run_short();
  if (survival_.over()) co_return pending_.settle(std::move(suspect));
  if (again.no_connection) again.result.transcript = suspect.result.transcript;
  co_await survival_.died_of(*suspect.c, std::move(again.result));
}

}  // namespace touchstone

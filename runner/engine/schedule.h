// schedule.h - the cases of one pass, several at a time, over the refusals and deaths of the endpoint.
#pragma once
#include "runner/engine/pending.h"
#include "runner/engine/plan.h"
#include "runner/engine/survival.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <map>

namespace touchstone {

class Schedule {
 public:
  // All of them outlive it.
  Schedule(asio::io_context& context, Attempts& attempts, Survival& survival, Pending& pending)
      : context_(context), attempts_(attempts), survival_(survival), pending_(pending), changed_(context) {}

  // From then on no case begins that is not in doubt, while some are.
  void leave_time_from(std::chrono::steady_clock::time_point when) { late_from_ = when; }
  // Cases that did not begin for lack of time.
  [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }
  // Every case has its attempt in `pending` after it, the time for them is over, or the run is.
  [[nodiscard]] asio::awaitable<void> run(Plan::Pass pass);

 private:
  [[nodiscard]] asio::awaitable<void> work();
  [[nodiscard]] asio::awaitable<void> workers(unsigned jobs);
  [[nodiscard]] asio::awaitable<void> look_after_the_endpoint();
  [[nodiscard]] asio::awaitable<void> interrogate(std::vector<Attempt> suspects);
  [[nodiscard]] asio::awaitable<void> interrogate(Attempt suspect);
  void queue_refused_again(bool is_alive);
  [[nodiscard]] bool late() const;
  void count_shortages();

  asio::io_context& context_;
  Attempts& attempts_;
  Survival& survival_;
  Pending& pending_;
  asio::steady_timer changed_;  // cancelled when a worker ends
  std::deque<const Case*> queue_;
  std::vector<Attempt> refusals_;
  std::map<const Case*, int> refusal_count_;
  std::size_t running_ = 0;
  int shortages_ = 0;
  bool one_at_a_time_ = false;  // when one was refused last
  bool refused_ = false;        // workers start nothing more until the endpoint was looked after
  std::chrono::steady_clock::time_point late_from_ = std::chrono::steady_clock::time_point::max();
  std::size_t left_out_ = 0;
};

}  // namespace touchstone

#include "runner/campaign/evaluators.h"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <latch>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

namespace touchstone::fuzz {
namespace {

// One thread with a loop and a cache of its own.
struct Worker {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> open = asio::make_work_guard(context);
  DeflateCache cache;
  std::jthread thread{[this] { context.run(); }};

  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { open.reset(); }  // what is under way comes to its end first
};

}  // namespace

class Evaluators::Impl {
 public:
  Impl(const std::vector<Target>& targets, const SessionOptions& options, unsigned jobs, std::function<bool()> enough)
      : targets_(targets), options_(options), jobs_(std::max(jobs, 1u)), enough_(std::move(enough)) {
    const unsigned threads = std::min(jobs_, std::max(std::thread::hardware_concurrency(), 1u));
    for (unsigned i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
  }

  void start(std::vector<Case>& stimuli) {
    stimuli_ = stimuli;
    results_.assign(stimuli.size() * targets_.size(), {});
    begun_ = 0;
    done_.emplace(static_cast<std::ptrdiff_t>(jobs_));
    for (unsigned i = 0; i < jobs_; ++i) {
      Worker& worker = *workers_[i % workers_.size()];
      asio::co_spawn(worker.context, work(worker), [this](const std::exception_ptr& thrown) {
        if (thrown) keep(thrown);
        done_->count_down();
      });
    }
  }

  std::vector<Evaluation> finish() {
    done_->wait();
    if (auto thrown = std::exchange(thrown_, nullptr)) std::rethrow_exception(thrown);
    // What was begun is done, in the order of the stimuli.
    results_.resize(std::min(begun_.load(), stimuli_.size()) * targets_.size());
    return std::exchange(results_, {});
  }

 private:
  asio::awaitable<void> work(Worker& worker) {
    while (!enough_()) {
      const std::size_t i = begun_++;
      if (i >= stimuli_.size()) break;
      stimuli_[i] = expected(std::move(stimuli_[i]), options_.seed);
      for (std::size_t t = 0; t < targets_.size(); ++t) {
        results_[i * targets_.size() + t] = co_await evaluate(stimuli_[i], targets_[t], options_, worker.cache);
      }
    }
  }

  void keep(const std::exception_ptr& thrown) {
    const std::scoped_lock lock(mutex_);
    thrown_ = thrown;
  }

  const std::vector<Target>& targets_;
  const SessionOptions& options_;
  const unsigned jobs_;
  const std::function<bool()> enough_;
  // Of what was started; each slot is one coroutine's.
  std::span<Case> stimuli_;
  std::vector<Evaluation> results_;
  std::atomic<std::size_t> begun_ = 0;
  std::optional<std::latch> done_;
  std::mutex mutex_;
  std::exception_ptr thrown_;
  std::vector<std::unique_ptr<Worker>> workers_;  // last: their threads use all of the above
};

Evaluators::Evaluators(const std::vector<Target>& targets, const SessionOptions& options, unsigned jobs,
                       std::function<bool()> enough)
    : impl_(std::make_unique<Impl>(targets, options, jobs, std::move(enough))) {}

Evaluators::~Evaluators() = default;

void Evaluators::start(std::vector<Case>& stimuli) { impl_->start(stimuli); }

std::vector<Evaluation> Evaluators::finish() { return impl_->finish(); }

}  // namespace touchstone::fuzz

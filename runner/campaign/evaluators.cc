#include "runner/campaign/evaluators.h"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

namespace touchstone::fuzz {
namespace {

// One thread with a loop and a cache of its own.
struct Worker {
  DeflateCache cache;
  SessionOptions options;  // with silences of its own: they are one thread's
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> open = asio::make_work_guard(context);
  std::jthread thread{[this] { context.run(); }};

  explicit Worker(const SessionOptions& session) : options(session) { options.silences = std::make_shared<Silences>(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { open.reset(); }  // what is under way comes to its end first
};

// Of many stimuli at a time what is compared is their outcomes.
void forget_most(Observation& observation) {
  constexpr std::size_t kMessages = 4;
  observation.transcript = {};
  observation.seen = {};
  observation.sent_messages = {};
  observation.messages.resize(std::min(observation.messages.size(), kMessages));
  observation.messages.shrink_to_fit();
  for (SeenMessage& message : observation.messages) message.octets = {};
}

}  // namespace

class Evaluators::Impl {
 public:
  Impl(const std::vector<Target>& targets, const SessionOptions& options, unsigned jobs, std::function<bool()> enough,
       std::function<bool()> too_late)
      : targets_(targets),
        options_(options),
        jobs_(std::max(jobs, 1u)),
        enough_(std::move(enough)),
        too_late_(std::move(too_late)) {
    const unsigned threads = std::min(jobs_, std::max(std::thread::hardware_concurrency(), 1u));
    for (unsigned i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>(options));
  }

  void start(std::vector<Case>& stimuli) {
    if (workers_.empty()) return;
    stimuli_ = stimuli;
    results_.assign(stimuli.size() * targets_.size(), {});
    begun_ = 0;
    under_way_ = jobs_;
    for (unsigned i = 0; i < jobs_; ++i) {
      Worker& worker = *workers_[i % workers_.size()];
      asio::co_spawn(worker.context, work(worker), [this](const std::exception_ptr& thrown) {
        const std::scoped_lock lock(mutex_);
        if (thrown) thrown_ = thrown;
        if (--under_way_ == 0) changed_.notify_all();
      });
    }
  }

  std::vector<Evaluation> finish() {
    if (!all_done()) {
      workers_.clear();  // their threads end first, so that nothing is written any more
      return {};
    }
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
        Evaluation seen = co_await evaluate(stimuli_[i], targets_[t], worker.options, worker.cache);
        forget_most(seen.observation);
        results_[i * targets_.size() + t] = std::move(seen);
      }
    }
  }

  // False when it became too late before.
  bool all_done() {
    constexpr std::chrono::milliseconds kLook{50};  // the question may hang on a signal, which wakes nobody
    std::unique_lock lock(mutex_);
    while (under_way_ > 0) {
      if (too_late_ && too_late_()) {
        for (const auto& worker : workers_) worker->context.stop();
        return false;
      }
      changed_.wait_for(lock, kLook);
    }
    return true;
  }

  const std::vector<Target>& targets_;
  const SessionOptions& options_;
  const unsigned jobs_;
  const std::function<bool()> enough_, too_late_;
  // Of what was started; each slot is one coroutine's.
  std::span<Case> stimuli_;
  std::vector<Evaluation> results_;
  std::atomic<std::size_t> begun_ = 0;
  std::mutex mutex_;  // of what stands up to workers_
  std::condition_variable changed_;
  unsigned under_way_ = 0;  // coroutines
  std::exception_ptr thrown_;
  std::vector<std::unique_ptr<Worker>> workers_;  // last: their threads use all of the above
};

Evaluators::Evaluators(const std::vector<Target>& targets, const SessionOptions& options, unsigned jobs,
                       std::function<bool()> enough, std::function<bool()> too_late)
    : impl_(std::make_unique<Impl>(targets, options, jobs, std::move(enough), std::move(too_late))) {}

Evaluators::~Evaluators() = default;

void Evaluators::start(std::vector<Case>& stimuli) { impl_->start(stimuli); }

std::vector<Evaluation> Evaluators::finish() { return impl_->finish(); }

}  // namespace touchstone::fuzz

#include "runner/bench/meter.h"

#include "runner/bench/usage.h"
#include "runner/engine/talk/process_usage.h"

#include <algorithm>

namespace touchstone::bench {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kTellEvery{std::chrono::milliseconds(100)};  // how often progress is told
constexpr nanoseconds kSampleEvery{std::chrono::seconds(1)};

}  // namespace

Meter::Meter(const LoadOptions& options, const std::function<void(const Progress&)>& tell, LoadResult& result)
    : options_(options), tell_(tell), result_(result) {
  if (options.process != 0) result_.server = ServerUse{.memory_before = usage_of(options.process).anonymous_octets};
}

void Meter::begin(Clock::time_point now) {
  begun_ = now;
  from_ = sampled_ = now + (options_.idle ? nanoseconds(0) : options_.warm_up);
  to_ = from_ + options_.duration;
}

void Meter::look(Clock::time_point now) {
  if (measuring_ || now < from_) return;
  measuring_ = true;
  own_before_ = cpu_time();
  if (result_.server) server_before_ = usage_of(options_.process).cpu;
}

void Meter::count(Clock::time_point now, Clock::time_point due) {
  ++echoes_;
  if (now >= from_ && now < to_) ++result_.echoes;
  if (due < from_ || due >= to_) return;
  result_.latency.add(now - due);
  second_.add(now - due);
}

void Meter::report(Clock::time_point now) {
  if (!measuring_) return tell(Progress::Phase::warming_up, now, begun_, from_);
  tell(Progress::Phase::measuring, now, from_, to_);
  take_sample(now, kSampleEvery);
}

void Meter::end(Clock::time_point now) {
  if (measuring_) take_sample(now, kSampleEvery / 2);
  to_ = std::min(to_, now);
  result_.measured = std::max(to_ - from_, Clock::duration(0));
  if (!measuring_) return;
  if (result_.measured.count() > 0) result_.own_cpu = seconds(cpu_time() - own_before_) / seconds(result_.measured);
  if (!result_.server) return;
  const ProcessUsage usage = usage_of(options_.process);
  result_.server->cpu = usage.cpu - server_before_;
  result_.server->memory = usage.anonymous_octets;
}

void Meter::take_sample(Clock::time_point now, nanoseconds least) {
  if (options_.idle || now - sampled_ < least) return;
  result_.series.push_back({.at = seconds(now - from_),
                            .messages = static_cast<double>(result_.echoes - sampled_echoes_) / seconds(now - sampled_),
                            .p50 = second_.quantile(0.5),
                            .p99 = second_.quantile(0.99),
                            .max = second_.max()});
  sampled_ = now;
  sampled_echoes_ = result_.echoes;
  second_.clear();
}

void Meter::tell(Progress::Phase phase, Clock::time_point now, Clock::time_point begin, Clock::time_point end) {
  if (now - told_ < kTellEvery) return;
  Progress progress{.phase = phase, .opened = result_.opened, .lost = result_.lost_count};
  for (const auto& [reason, times] : result_.not_opened) progress.failed += times;
  progress.done =
      phase == Progress::Phase::opening
          ? static_cast<double>(result_.opened + progress.failed) / static_cast<double>(options_.connections)
          : std::min(1.0, seconds(now - begin) / std::max(seconds(end - begin), 1e-9));
  progress.messages = static_cast<double>(echoes_ - told_echoes_) / seconds(now - told_);
  progress.p50 = result_.latency.quantile(0.5);
  progress.p99 = result_.latency.quantile(0.99);
  told_ = now;
  told_echoes_ = echoes_;
  tell_(progress);
}

}  // namespace touchstone::bench

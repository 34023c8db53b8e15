#include "runner/cli/options/shard.h"

#include "runner/cli/cli.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>

namespace touchstone::cli {
namespace {

// How a scheduler says which of its machines this is. `base`: the first one's number. `total` may be empty: it is not
// said. `first` and `step`, where they are set: numbers do not begin with `base` and go up by one.
struct Scheduler {
  const char *name, *number, *total;
  std::uint32_t base;
  const char *first = nullptr, *step = nullptr;
};

constexpr std::array kSchedulers{
    Scheduler{"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", 1, "SLURM_ARRAY_TASK_MIN",
              "SLURM_ARRAY_TASK_STEP"},
    Scheduler{"Kubernetes", "JOB_COMPLETION_INDEX", nullptr, 0},
    Scheduler{"GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
    Scheduler{"CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
    Scheduler{"Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0},
};

std::optional<std::uint32_t> number_in(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Shard> plain_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto number = number_in(text.substr(0, slash)), of = number_in(text.substr(slash + 1));
  if (!number || !of || *number < 1 || *number > *of) return std::nullopt;
  return Shard{*number, *of};
}

// A variable that is set has a number in it.
std::optional<std::uint32_t> number_of(const char* name, const Environment& environment) {
  const auto text = name == nullptr ? std::nullopt : environment(name);
  if (!text) return std::nullopt;
  const auto number = number_in(*text);
  if (!number) throw UsageError(fmt::format("--shard auto: {} is '{}', expected a number", name, *text));
  return number;
}

std::uint32_t place_of(const Scheduler& scheduler, std::uint32_t number, const Environment& environment) {
  const std::uint32_t first = number_of(scheduler.first, environment).value_or(scheduler.base);
  const std::uint32_t step = number_of(scheduler.step, environment).value_or(1);
  if (number < first || step == 0)
    throw UsageError(fmt::format("--shard auto: {} is {}, expected at least {}", scheduler.number, number, first));
  return (number - first) / step + 1;
}

Shard scheduled(std::optional<std::uint32_t> of, const Environment& environment) {
  if (!of) of = number_of("TOUCHSTONE_SHARDS", environment);
  for (const Scheduler& scheduler : kSchedulers) {
    const auto number = number_of(scheduler.number, environment);
    if (!number) continue;
    const std::uint32_t place = place_of(scheduler, *number, environment);
    if (!of) of = number_of(scheduler.total, environment);
    if (!of)
      throw UsageError(
          fmt::format("--shard auto: {} says that this is number {}, but not of how many; write --shard "
                      "auto/N, or set TOUCHSTONE_SHARDS to N",
                      scheduler.name, place));
    if (place > *of)
      throw UsageError(fmt::format("--shard auto: {} is {}, which is number {}, but there are {}", scheduler.number,
                                   *number, place, *of));
    return {place, *of};
  }
  throw UsageError(
      "--shard auto: no scheduler says which machine this is; set TOUCHSTONE_SHARD to I/N, or run under Slurm (a job "
      "array), Kubernetes (an Indexed Job), GitLab, CircleCI or Buildkite (parallel jobs)");
}

}  // namespace

std::optional<std::string> of_this_process(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

Shard shard_named(const std::string& text, const Environment& environment) {
  if (const auto shard = plain_shard(text)) return *shard;
  if (text == "auto") {
    const auto given = environment("TOUCHSTONE_SHARD");
    if (!given) return scheduled(std::nullopt, environment);
    if (const auto shard = plain_shard(*given)) return *shard;
    throw UsageError(fmt::format("TOUCHSTONE_SHARD is '{}': write I/N with I from 1 to N, such as 1/4", *given));
  }
  if (text.starts_with("auto/")) {
    const auto of = number_in(std::string_view(text).substr(5));
    if (of && *of >= 1) return scheduled(of, environment);
  }
  throw UsageError(fmt::format("--shard {}: write I/N with I from 1 to N, such as 1/4, or auto, or auto/N", text));
}

bool is_in(const Shard& shard, std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  // Its low bits of names that differ in one place are alike: the finaliser of SplitMix64.
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
  hash ^= hash >> 31;
  return hash % shard.of == shard.number - 1;
}

}  // namespace touchstone::cli

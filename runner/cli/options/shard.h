// shard.h - --shard: one machine of several that share the work.
//
// Shares are made by the name of a case, so that a case which is left out or added moves no other one to another
// machine.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace touchstone::cli {

struct Shard {
  std::uint32_t number = 1, of = 1;  // number: from 1 on
};

// The value of a variable of the environment, or nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
[[nodiscard]] std::optional<std::string> of_this_process(const char* name);

// Of "2/4"; of "auto", which asks what the scheduler says: TOUCHSTONE_SHARD ("2/4"), or a Slurm array, a Kubernetes
// Indexed Job, GitLab, CircleCI, Buildkite; of "auto/4" where the scheduler says only which one this is. Throws
// UsageError with what was found and what is allowed.
[[nodiscard]] Shard shard_named(const std::string& text, const Environment& environment = of_this_process);

// By a hash of the name (FNV-1a, 64 bits, mixed): equal in every version and on every machine.
[[nodiscard]] bool is_in(const Shard& shard, std::string_view name) noexcept;

}  // namespace touchstone::cli

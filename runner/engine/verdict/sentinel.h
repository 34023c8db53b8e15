// sentinel.h - the payload of a Ping of the tester's own: every connection's is another one, so that a Pong for another
// connection's Ping is known where it comes.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

namespace touchstone {

inline constexpr std::string_view kSentinelName = "touchstone-";
inline constexpr std::size_t kSentinelWords = kSentinelName.size() + 16;  // the same in all of one connection

// `number`: of the Ping on its connection. Equal seeds and cases have equal payloads.
[[nodiscard]] inline std::string sentinel_payload(std::uint64_t seed, std::string_view case_id, std::size_t number) {
  std::uint64_t hash = 0xcbf29ce484222325u ^ seed;  // FNV-1a
  for (const char c : case_id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return fmt::format("{}{:016x}-{}", kSentinelName, hash, number);
}

// Whether it is of another connection than `own`, which is a sentinel's payload.
[[nodiscard]] inline bool is_foreign_sentinel(std::string_view payload, std::string_view own) {
  if (!payload.starts_with(kSentinelName) || payload.size() < kSentinelWords + 2) return false;
  if (payload.substr(0, kSentinelWords) == own.substr(0, kSentinelWords) || payload[kSentinelWords] != '-')
    return false;
  const auto is = [](std::string_view text, int (*kind)(int)) {
    return std::ranges::all_of(text, [kind](unsigned char c) { return kind(c) != 0; });
  };
  return is(payload.substr(kSentinelName.size(), 16), &std::isxdigit) &&
         is(payload.substr(kSentinelWords + 1), &std::isdigit);
}

}  // namespace touchstone

// print.h - writing to the user. Unlike fmt::print() it never throws: a terminal that is gone must not end a run
// whose results are not written yet. main() asks at the end whether all of standard output arrived.
#pragma once
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace touchstone::cli {

void put(std::FILE* file, std::string_view text) noexcept;

template <class... Args>
void out(fmt::format_string<Args...> format, Args&&... args) {
  put(stdout, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void err(fmt::format_string<Args...> format, Args&&... args) {
  put(stderr, fmt::format(format, std::forward<Args>(args)...));
}

// Empty when all that was written to standard output has arrived, otherwise why not.
[[nodiscard]] std::string lost_output();

}  // namespace touchstone::cli

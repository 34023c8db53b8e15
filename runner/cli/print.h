// print.h - writing to the user. Unlike fmt::print() it never throws: a terminal that is gone must not end a run
// whose results are not written yet. What is put into the text is cleaned as an endpoint's words are (reports/support/
// said.h), and no line is a command to a log of continuous integration, whoever wrote it. main() asks at the end
// whether all of standard output arrived.
#pragma once
#include "reports/support/said.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace touchstone::cli {

void put(std::FILE* file, std::string_view text) noexcept;

// Text with the colours of ours, whose other parts were cleaned when it was made.
struct Painted {
  std::string text;
};

template <class T>
decltype(auto) shown(T&& value) {
  if constexpr (std::is_same_v<std::remove_cvref_t<T>, Painted>) {
    return std::string(std::forward<T>(value).text);
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    return clean_text(std::string_view(value));
  } else {
    return std::forward<T>(value);
  }
}

// `format` is checked against Args; what takes its place has the type that each is shown by.
template <class... Args>
std::string shown_text(fmt::string_view format, Args&&... values) {
  return fmt::vformat(format, fmt::make_format_args(values...));
}

template <class... Args>
void out(fmt::format_string<decltype(shown(std::declval<Args>()))...> format, Args&&... args) {
  put(stdout, shown_text(format, shown(std::forward<Args>(args))...));
}

template <class... Args>
void err(fmt::format_string<decltype(shown(std::declval<Args>()))...> format, Args&&... args) {
  put(stderr, shown_text(format, shown(std::forward<Args>(args))...));
}

// Empty when all that was written to standard output has arrived, otherwise why not.
[[nodiscard]] std::string lost_output();

}  // namespace touchstone::cli

// text.h - small readings and writings of text that the subcommands share.
#pragma once
#include "reports/support/words.h"

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::cli {

// "500ms", "5s", "1.5s", "2m". The error is a sentence for people.
[[nodiscard]] std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text);

// "0.8 s", "12 s", "3 min 05 s".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

// At most `limit` of `candidates` that look like `text`, nearest first; none when nothing is near.
[[nodiscard]] std::vector<std::string> nearest(std::string_view text, const std::vector<std::string>& candidates,
                                               std::size_t limit);

// Breaks `text` at blanks, beside the line ends that it has, into lines of at most `width` columns, each but the first
// led by `indent` blanks.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

// Columns on a terminal, near enough: UTF-8 code points. And the longest head of at most `width` of them.
[[nodiscard]] std::size_t columns(std::string_view text);
[[nodiscard]] std::string_view cut_to(std::string_view text, std::size_t width);

// "a, b and c".
[[nodiscard]] std::string join_and(const std::vector<std::string>& words);

// `text` with every `from` replaced.
[[nodiscard]] std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

}  // namespace touchstone::cli

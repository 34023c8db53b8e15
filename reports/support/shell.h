// shell.h - words for a POSIX shell, for commands that people copy.
#pragma once
#include <string>
#include <string_view>

namespace touchstone {

// `text` as one word: as it is when every shell takes it so, quoted otherwise (POSIX.1 Shell Command Language 2.2.2).
[[nodiscard]] std::string shell_quote(std::string_view text);

}  // namespace touchstone

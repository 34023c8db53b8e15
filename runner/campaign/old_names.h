// old_names.h - folders of findings that versions before 0.2 wrote: "rfc6455-5.5-1-9f31c2ab", after a digest of the
// sentences in their README.md. People keep such folders for --known, so they are read on; nobody writes them any more.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::fuzz {

// It ends with the digest.
[[nodiscard]] bool is_old_name(std::string_view name);

// What KnownClusters calls it today, by the sentences of its README.md. Empty when none of them is known.
[[nodiscard]] std::vector<std::string> names_today(std::string_view old_name, std::string_view readme);

}  // namespace touchstone::fuzz

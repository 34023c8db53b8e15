// must.h - what cannot go on when it fails: the error is for the user, and ends the command with exit code 2.
#pragma once
#include "runner/cli/cli.h"

#include <expected>
#include <string>
#include <type_traits>
#include <utility>

namespace touchstone::cli {

// What was read or made. Throws UsageError with the error's text.
template <class T>
T must(std::expected<T, std::string> done) {
  if (!done) throw UsageError(done.error());
  if constexpr (!std::is_void_v<T>) return std::move(*done);
}

}  // namespace touchstone::cli

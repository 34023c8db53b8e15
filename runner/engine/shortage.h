// shortage.h - what this machine lacks, as against what an endpoint does.
#pragma once
#include <asio/error.hpp>

#include <cerrno>
#include <system_error>

namespace touchstone {

// No descriptor, port or memory for one more connection: the endpoint has no part in it.
[[nodiscard]] inline bool is_own_shortage(const std::error_code& code) noexcept {
  if (code.category() != asio::error::get_system_category() && code.category() != std::system_category()) return false;
  for (const int lacking : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL}) {
    if (code.value() == lacking) return true;
  }
  return false;
}

}  // namespace touchstone

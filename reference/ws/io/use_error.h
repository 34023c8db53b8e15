// use_error.h - misuse of a connection by its own application, as error codes with a sentence each.
//
// Misuse (core) is what a single connection cannot send; UseError is what this folder adds to it. Neither harms the
// connection: nothing was sent, nothing was lost.
#pragma once
#include <ws/core/connection/command.h>

#include <system_error>

namespace ws {

// message() is describe(). Codes compare with enumerators: error == ws::Misuse::text_not_utf8.
[[nodiscard]] std::error_code make_error_code(Misuse misuse) noexcept;

}  // namespace ws
template <>
struct std::is_error_code_enum<ws::Misuse> : std::true_type {};

namespace ws::io {

// An error code, or none, that is not to be overlooked: a compiler warns of one that is dropped, also as the result of
// co_await (clang; g++ from 14 on).
struct [[nodiscard]] Result : std::error_code {
  using std::error_code::error_code;
  Result() noexcept = default;
  Result(std::error_code error) noexcept : std::error_code(error) {}
};

enum class UseError : std::uint8_t {
  reader_is_waiting,  // a second read() while one waits
  reading_given_up,   // read() after close_read()
  closed,             // a message after our Close, or after the end
  wrong_kind,         // a byte stream met a message of the other kind
};
[[nodiscard]] std::string_view describe(UseError error) noexcept;
[[nodiscard]] std::error_code make_error_code(UseError error) noexcept;  // error == UseError::closed

}  // namespace ws::io
template <>
struct std::is_error_code_enum<ws::io::UseError> : std::true_type {};

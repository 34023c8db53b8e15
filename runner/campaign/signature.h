// signature.h - what tells one death of an endpoint from another: its last words, without what changes from run to run.
#pragma once
#include <string>
#include <string_view>

namespace touchstone::fuzz {

// "signal 6 error addresssanitizer heap buffer overflow on address" of "the server ended with signal 6 (Aborted):
// ==123==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000011". Words in lower case, at most ten.
// Left out are process ids, addresses, line numbers and the folders of a path; a signal and an exit code stay.
[[nodiscard]] std::string signature_of(std::string_view how_it_ended);

}  // namespace touchstone::fuzz

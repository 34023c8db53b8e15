// old_names.h - folders of findings that versions before 0.2 wrote: "rfc6455-5.5-1-9f31c2ab", after a digest of the
// sentences in their README.md; and those of kinds that have another name since. People keep such folders for --known,
// so they are read on; nobody writes them any more.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::fuzz {

// It ends with the digest.
[[nodiscard]] bool is_old_name(std::string_view name);

// What KnownClusters calls it today, by the sentences of its README.md. Empty when none of them is known.
[[nodiscard]] std::vector<std::string> names_today(std::string_view old_name, std::string_view readme);

// What else a name stands for: a Close with a status code that nobody may send, and to which nothing comes, was a fault
// that is ignored ("rfc6455-7.4.2-1-fault-ignored-open"); it is a Close without an answer (RFC 6455 5.5.1); RSV1 of
// a continuation is told from that of a control frame (RFC 7692 6.1). Empty when it stands for itself only.
[[nodiscard]] std::string other_name_today(std::string_view name);

}  // namespace touchstone::fuzz

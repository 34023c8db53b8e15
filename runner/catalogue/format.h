// format.h - the one way in which case files are written, so that two people's edits differ only in content.
//
// Two spaces of indentation; an object or array stands on one line when it fits within 140 columns, else its
// members are packed into lines, else each has lines of its own. The file's own object, its list of groups,
// its axes and each group are always spread, one member below the other.
#pragma once
#include "runner/catalogue/strict_json.h"

#include <span>
#include <string>

namespace touchstone {

[[nodiscard]] std::string canonical(const Json& document);

// What to_json() writes, before it is text.
[[nodiscard]] Json to_document(const Case& c);

// SHA-256 over these documents, in hexadecimal: equal cases, equal digits.
[[nodiscard]] std::string digest(std::span<const Case> cases);

}  // namespace touchstone

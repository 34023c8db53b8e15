// format.h - the one way in which case files are written, so that two people's edits differ only in content.
//
// Two spaces of indentation; an object or array stands on one line when it fits within 140 columns; the
// file's own object, its list of groups, its axes and each group are always spread over lines.
#pragma once
#include "runner/catalogue/strict_json.h"

namespace touchstone {

[[nodiscard]] std::string canonical(const Json& document);

}  // namespace touchstone

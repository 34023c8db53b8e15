// http2_section.h - the field section of a request as a case edits it.
#pragma once
#include "runner/catalogue/http2_script.h"

#include <ws/core/http2/heads.h>

namespace touchstone::http2 {

[[nodiscard]] ws::http2::Fields edited(ws::http2::Fields section, const std::vector<SectionEdit>& edits);

}  // namespace touchstone::http2

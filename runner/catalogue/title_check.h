// title_check.h - holds a title against the steps of its case.
#pragma once
#include "runner/catalogue/case.h"

namespace touchstone {

struct TitleComplaint {
  std::string found, allowed;
};

[[nodiscard]] std::vector<TitleComplaint> title_complaints(const Case& c);

}  // namespace touchstone

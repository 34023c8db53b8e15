// cause_json.h - a cause as JSON, for report.json and for comparisons. Schema: "cause" in reports/schema/report.json.
#pragma once
#include "reports/report.h"
#include "reports/support/json_members.h"

#include <string_view>

namespace touchstone {

[[nodiscard]] Json to_json(const Report& report, std::string_view endpoint, const Cause& cause);

}  // namespace touchstone

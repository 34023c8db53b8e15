// page_template.h - what the pages that need nothing but themselves have in common.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "reports/support/json_members.h"

namespace touchstone {

// Replaces "{{key}}" in the template, throws std::out_of_range for an unknown key; what is put in is not looked at
// again.
[[nodiscard]] std::string fill_template(std::string_view text, const std::map<std::string_view, std::string>& values);

// JSON for the inside of a script element: "</script>" and "<!--" do not appear, whatever an endpoint said.
[[nodiscard]] std::string json_for_script(const Json& value);

}  // namespace touchstone

// report_file.h - the files of a report over HTTP.
#pragma once
#include "runner/serve/http.h"

#include <filesystem>
#include <string_view>

namespace touchstone::serve {

// By the name's extension; octets for what no browser should interpret.
[[nodiscard]] std::string_view content_type(std::string_view name) noexcept;

// A file of the folder, or 404 with what to do. `name` is a name, not a path (see route.h).
[[nodiscard]] Answer report_file(const std::filesystem::path& folder, std::string_view name);

}  // namespace touchstone::serve

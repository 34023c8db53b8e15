// resources.h - the files that travel inside the binary: the catalogue, its schema, the report page.
#pragma once
#include <span>
#include <string_view>

namespace touchstone {

struct Resource {
  std::string_view path;  // relative to the repository, "cases/close.json"
  std::string_view content;
};

[[nodiscard]] std::span<const Resource> resources();

// The content of one file; aborts when the path is not a resource of this build.
[[nodiscard]] std::string_view resource(std::string_view path);

}  // namespace touchstone

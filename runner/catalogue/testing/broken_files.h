// broken_files.h - case files with one fault each, and what must be said about it.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace touchstone::testing {

struct BrokenFile {
  std::string_view what;     // the name of the test
  std::string text;          // the whole file
  std::string_view pointer;  // where the fault is
  std::string_view found;    // in the fault's `found`
  bool by_schema;            // the JSON Schema sees it too
};

[[nodiscard]] std::span<const BrokenFile> broken_files();

// A good file of one group; `extra` is put into the group, `steps` and `expect` are JSON.
[[nodiscard]] std::string one_group(std::string_view extra,
                                    std::string_view steps = R"([{"message": "text", "payload": "a"}])",
                                    std::string_view expect = R"({"end": "polite"})");

}  // namespace touchstone::testing

// selection.h - --case, --exclude, --cases, --profile and --shard: which cases the user means.
#pragma once
#include "runner/catalogue/catalogue.h"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace touchstone::cli {

struct SelectionOptions {
  std::vector<std::string> include, exclude;
  std::string profile = "default";
  std::vector<std::string> files{};  // case files in place of the catalogue's
  std::string shard{};               // "I/N" or "auto" (shard.h)
  bool http2 = false;                // cases about HTTP/2 without being named
};

void add_selection_options(CLI::App& app, SelectionOptions& options);

[[nodiscard]] Profile profile_named(const std::string& name);  // of "core", "default", "full"

// The cases for one side, or for both in the order of the catalogue. Throws UsageError when a pattern matches no
// case (with near ones) or when nothing is left;
// of several machines each may be left without one.
[[nodiscard]] std::vector<const Case*> choose_cases(const Catalogue& catalogue, const SelectionOptions& options,
                                                    std::optional<Side> side);

// What a pattern can name: ids of cases and Autobahn's; with `all` also the folders above them ("close/*"),
// requirements and tags ("tag:cve"). Sorted, each once.
enum class Nameable { cases, all };
[[nodiscard]] std::vector<std::string> nameable(const Catalogue& catalogue, Nameable what);

// "'close/code-vaild/*' matches no case; near are close/code-valid/1000, ...".
[[nodiscard]] std::string no_match_text(const Catalogue& catalogue, std::string_view pattern);

}  // namespace touchstone::cli

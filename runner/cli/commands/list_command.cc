#include "runner/catalogue/catalogue.h"
#include "runner/cli/cli.h"
#include "runner/cli/describe.h"
#include "runner/cli/options/case_files.h"
#include "runner/cli/options/common.h"
#include "runner/cli/options/selection.h"
#include "runner/cli/options/validators.h"
#include "runner/cli/print.h"
#include "runner/cli/text.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace touchstone::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kListFooter = R"(
Examples:
  touchstone list                               every case of the default profile
  touchstone list --case '7.*'                  by Autobahn's ids
  touchstone list --case rfc6455-5.5.1-4        the cases that test one requirement
  touchstone list --role client --format json   for programs
  touchstone list --cases my-cases.json         the cases of a file of your own)";

struct ListOptions {
  SelectionOptions selection;
  std::string format = "text";
  std::string role;
};

std::string_view role(const Case& c) { return c.sides.size() == 1 ? name(c.sides.front()) : "both"; }

Json listed(const Case& c) {
  return {{"id", c.id},
          {"aliases", c.aliases},
          {"title", c.title},
          {"role", role(c)},
          {"requirements", c.requirements},
          {"tags", c.tags},
          {"profiles", profiles_of(c)}};
}

// One object a line: readable by people, and a diff of two lists names the cases that changed.
void print_json(const std::vector<const Case*>& cases) {
  std::string text = "[";
  for (std::size_t i = 0; i < cases.size(); ++i) text += (i == 0 ? "\n" : ",\n") + listed(*cases[i]).dump();
  out("{}\n]\n", text);
}

void print_text(const std::vector<const Case*>& cases) {
  std::size_t id_width = 0, alias_width = 0;
  const auto aliases = [](const Case& c) { return fmt::format("{}", fmt::join(c.aliases, " ")); };
  for (const Case* c : cases) {
    id_width = std::max(id_width, columns(c->id));
    alias_width = std::max(alias_width, columns(aliases(*c)));
  }
  for (const Case* c : cases) out("{:<{}}  {:<{}}  {}\n", c->id, id_width, aliases(*c), alias_width, c->title);
}

}  // namespace

void add_list_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* list = app.add_subcommand("list", "List the cases of the catalogue");
  list->footer(kListFooter);
  add_selection_options(*list, options->selection);
  add_format_option(*list, options->format, "text: id, Autobahn's id and title; json: an array of objects");
  list->add_option("--role", options->role, "Only cases for this side under test")
      ->type_name("server|client|intermediary")
      ->check(one_of({"server", "client", "intermediary"}));
  list->callback([options, &exit] {
    std::optional<Side> side;
    if (!options->role.empty()) {
      side = options->role == "server" ? Side::server : options->role == "client" ? Side::client : Side::intermediary;
    }
    const Catalogue& catalogue = catalogue_of(options->selection.files);
    options->selection.http2 = true;
    const auto cases = choose_cases(catalogue, options->selection, side);
    options->format == "json" ? print_json(cases) : print_text(cases);
    exit = Exit::ok;
  });
}

}  // namespace touchstone::cli

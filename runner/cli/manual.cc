#include "runner/cli/manual.h"

#include "runner/cli/completion.h"
#include "runner/cli/text.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <vector>

namespace touchstone::cli {
namespace {

constexpr const char* kIntroduction = R"(.Sh DESCRIPTION
.Nm
plays the peer of a WebSocket server or client, sends what the RFCs talk about,
legal and illegal, and judges what comes back.
Every failure cites the requirement that was broken and has a command that
replays it.
The catalogue of cases and the report page are inside the program.
)";

constexpr const char* kFiles = R"(.Bl -tag -width Ds
.It Pa touchstone-report/index.html
The report of a run: one page that needs nothing but itself.
.It Pa touchstone-report/journal.jsonl
Every result as it came, from which
.Ic touchstone report
renders all formats again.
.El
)";

constexpr const char* kStandards = R"(.Sh STANDARDS
.Rs
.%A I. Fette
.%A A. Melnikov
.%T The WebSocket Protocol
.%R RFC 6455
.%D December 2011
.Re
.Rs
.%A T. Yoshino
.%T Compression Extensions for WebSocket
.%R RFC 7692
.%D December 2015
.Re
)";

// For text lines and arguments: a backslash begins an escape, and groff prints a plain '-' as a hyphen.
std::string escaped(std::string_view text) { return replace_all(replace_all(text, "\\", "\\e"), "-", "\\-"); }

// A line that begins with a dot or an apostrophe would be a macro.
std::string guarded(std::string line) {
  if (line.starts_with('.') || line.starts_with('\'')) line.insert(0, "\\&");
  return line;
}

// One argument of a macro, never taken for a macro's name or for punctuation.
std::string argument(std::string_view text) { return "\"\\&" + replace_all(escaped(text), "\"", "\\(dq") + "\""; }

std::string literal(std::string_view lines) { return fmt::format(".Bd -literal -offset Ds\n{}\n.Ed\n", lines); }

// A footer's indented lines (examples, tables) as they are, the others as running text.
std::string footer_text(const std::string& footer) {
  std::string text, run;
  bool indented = false;
  const auto end_run = [&] {
    if (run.empty()) return;
    run.pop_back();
    text += ".Pp\n" + (indented ? literal(run) : mdoc_text(run));
    run.clear();
  };
  for (const std::string& line : CLI::detail::split(footer, '\n')) {
    const bool now = line.starts_with("  ");
    if (line.empty() || now != indented) end_run();
    indented = now;
    if (!line.empty()) run += (now ? guarded(escaped(line.substr(2))) : line) + '\n';
  }
  end_run();
  return replace_all(text, ".Pp\n.Bd", ".Bd");
}

// The indented lines below `heading` in a footer.
std::string lines_below(const std::string& footer, std::string_view heading) {
  std::string lines;
  bool below = false;
  for (const std::string& line : CLI::detail::split(footer, '\n')) {
    if (line == heading)
      below = true;
    else if (!line.starts_with("  "))
      below = false;
    else if (below)
      lines += (lines.empty() ? "" : "\n") + guarded(escaped(line.substr(2)));
  }
  return lines;
}

// Lines of a description ("json: all results") stay lines.
std::string description_text(const std::string& description) {
  std::string text;
  for (const std::string& line : CLI::detail::split(description, '\n')) {
    text += (text.empty() ? "" : ".Pp\n") + mdoc_text(line);
  }
  return text;
}

std::string option_item(const CLI::Option& option) {
  std::string item = ".It";
  if (option.nonpositional()) {
    bool first = true;
    for (const std::string& name : option.get_snames()) {
      item += fmt::format("{} Fl {}", first ? "" : " ,", argument(name));
      first = false;
    }
    for (const std::string& name : option.get_lnames()) {
      item += fmt::format("{} Fl {}", first ? "" : " ,", argument("-" + name));
      first = false;
    }
    if (option.get_items_expected_max() > 0) item += " Ar " + argument(plain_type(option.get_type_name()));
  } else {
    item += " Ar " + argument(option.get_name(true));
  }
  item += "\n" + description_text(option.get_description());
  if (!option.get_default_str().empty()) item += mdoc_text("The default is " + option.get_default_str() + ".");
  return item;
}

std::vector<const CLI::App*> shown(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); });
}

std::string synopsis_line(const CLI::App& command, const std::string& path) {
  std::string line;
  bool options = false;
  for (const CLI::Option* option : command.get_options()) {
    options = options || (option->nonpositional() && option != command.get_help_ptr());
    if (!option->get_positional()) continue;
    const std::string dots = option->get_items_expected_max() > 1 ? " ..." : "";
    line += fmt::format("{} {}{}\n", option->get_required() ? ".Ar" : ".Op Ar", option->get_name(true), dots);
  }
  return fmt::format(".Nm {}\n{}", path, options ? ".Op Ar options\n" : "") + line;
}

// Calls `each(command, path)` for all commands that do something, in the order of the help.
template <class Each>
void for_all_commands(const CLI::App& app, const std::string& path, const Each& each) {
  for (const CLI::App* command : shown(app)) {
    const std::string below = path + " " + command->get_name();
    each(*command, below);
    for_all_commands(*command, below, each);
  }
}

std::string command_section(const CLI::App& command, const std::string& path) {
  std::string text = fmt::format(".Ss {}\n{}", path, mdoc_text(command.get_description() + "."));
  std::string items;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_group().empty() && option != command.get_help_ptr()) items += option_item(*option);
  }
  if (!items.empty()) text += ".Bl -tag -width Ds\n" + items + ".El\n";
  return text + footer_text(command.get_footer());
}

std::string date(std::string_view released) {
  static constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                            "July",    "August",   "September", "October", "November", "December"};
  const int month = std::stoi(std::string(released.substr(5, 2))), day = std::stoi(std::string(released.substr(8, 2)));
  return fmt::format("{} {}, {}", kMonths[(month - 1) % 12], day, released.substr(0, 4));
}

}  // namespace

std::string mdoc_text(std::string_view text) {
  std::string out, line;
  const auto end_line = [&] {
    if (!line.empty()) out += guarded(line) + '\n';
    line.clear();
  };
  for (const std::string& word : CLI::detail::split(replace_all(text, "\n", " "), ' ')) {
    if (word.empty()) continue;
    const std::string escaped_word = escaped(word);
    if (line.size() + 1 + escaped_word.size() > 78) end_line();
    line += (line.empty() ? "" : " ") + escaped_word;
    if (word.size() > 1 && (word.ends_with('.') || word.ends_with('!') || word.ends_with('?'))) end_line();
  }
  end_line();
  return out;
}

std::string manual(const CLI::App& program, std::string_view version, std::string_view released) {
  const std::string& name = program.get_name();
  std::string text = fmt::format(".Dd {}\n.Dt TOUCHSTONE 1\n.Os\n", date(released));
  text +=
      fmt::format(".Sh NAME\n.Nm {}\n.Nd test WebSocket endpoints against RFC 6455 and RFC 7692\n.Sh SYNOPSIS\n", name);
  for_all_commands(program, name, [&](const CLI::App& command, const std::string& path) {
    if (command.get_require_subcommand_min() == 0) text += synopsis_line(command, path);
  });
  text += kIntroduction + fmt::format("This page is that of version {}.\n.Pp\nThe subcommands are:\n", version);
  text += ".Bl -tag -width completion -compact\n";
  for (const CLI::App* command : shown(program)) {
    text += fmt::format(".It Ic {}\n{}", argument(command->get_name()), mdoc_text(command->get_description() + "."));
  }
  text += ".El\n.Pp\nOptions of the program itself:\n.Bl -tag -width Ds\n";
  for (const CLI::Option* option : program.get_options()) text += option_item(*option);
  text += ".El\n.Sh COMMANDS\n";
  for_all_commands(program, name,
                   [&](const CLI::App& command, const std::string& path) { text += command_section(command, path); });
  const std::string footer = program.get_footer();
  text += ".Sh FILES\n" + std::string(kFiles);
  text += ".Sh EXIT STATUS\n" + literal(lines_below(footer, "Exit codes:"));
  text += ".Sh EXAMPLES\n" + literal(lines_below(footer, "Examples:"));
  return text + kStandards;
}

}  // namespace touchstone::cli

#include "reports/render.h"
#include "runner/cli/cli.h"
#include "runner/cli/completion.h"
#include "runner/cli/options/selection.h"
#include "runner/cli/options/validators.h"
#include "runner/cli/print.h"

#include <ws/testing/faults/faults.h>
#include <ws/testing/relay/relay_faults.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace touchstone::cli {
namespace {

constexpr const char* kCompletionFooter = R"(
The script asks the program itself for the words, so it need not be written again for a new version.

Examples:
  source <(touchstone completion bash)                                           for this shell
  touchstone completion bash > ~/.local/share/bash-completion/completions/touchstone
  touchstone completion zsh > ~/.zfunc/_touchstone                               a folder of $fpath
  touchstone completion fish > ~/.config/fish/completions/touchstone.fish)";

// Each script calls `touchstone complete-words -- WORD...` with the words up to the cursor. Of its answer, lines that
// begin with ':' say where paths may stand; the others are words, each with a tab and a sentence if there is one.
constexpr const char* kBash = R"(# bash completion for touchstone, by `touchstone completion bash`
_touchstone() {
  # readline ends words at = and :, the program does not: what stands together is one word.
  local i word rest=${COMP_LINE:0:COMP_POINT} words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i)) && [[ $rest != [[:space:]]* ]]; then
      ((i < COMP_CWORD)) || word=$rest
      words[-1]+=$word
    else
      rest=${rest#"${rest%%[![:space:]]*}"}
      ((i < COMP_CWORD)) || word=$rest
      words+=("$word")
    fi
    rest=${rest#"$word"}
  done
  local current=${words[-1]#[\"\']} answer line path program=${1/#\~\//$HOME/}
  words[-1]=$current
  COMPREPLY=()
  mapfile -t answer < <("$program" complete-words -- "${words[@]:1}" 2>/dev/null)
  for line in "${answer[@]}"; do
    case $line in
      :files | :folders)
        path=$current
        if [[ $path == -*=* ]]; then path=${path#*=}; fi
        compopt -o filenames
        if [[ $line == :files ]]; then
          mapfile -t COMPREPLY < <(compgen -f -- "$path")
        else
          mapfile -t COMPREPLY < <(compgen -d -- "$path")
        fi
        return
        ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done
  if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[/.:=-] ]]; then compopt -o nospace; fi
  local before=${current%"${current##*[=:]}"}
  COMPREPLY=("${COMPREPLY[@]#"$before"}")
}
complete -F _touchstone touchstone
)";

constexpr const char* kZsh = R"(#compdef touchstone
# zsh completion for touchstone, by `touchstone completion zsh`
_touchstone() {
  local line word
  local -a answer plain plain_shown open open_shown
  answer=("${(@f)$(${(Q)words[1]} complete-words -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  for line in $answer; do
    case $line in
      :files) compset -P '-*='; _files ;;
      :folders) compset -P '-*='; _files -/ ;;
      *)
        word=${line%%$'\t'*}
        if [[ $word == *[/.:=-] ]]; then
          open+=("$word")
          open_shown+=("$word")
        else
          plain+=("$word")
          plain_shown+=("${line/$'\t'/  -- }")
        fi
        ;;
    esac
  done
  if (($#plain)); then compadd -l -d plain_shown -a plain; fi
  if (($#open)); then compadd -S '' -d open_shown -a open; fi
}
if [[ $funcstack[1] == _touchstone ]]; then
  _touchstone "$@"
else
  compdef _touchstone touchstone
fi
)";

constexpr const char* kFish = R"(# fish completion for touchstone, by `touchstone completion fish`
function __touchstone_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program complete-words -- $words "$current" 2>/dev/null)
        switch $line
            case ':files' ':folders'
                set -l before (string match -r -- '^-[^=]*=' $current)
                set -l path (string replace -r -- '^-[^=]*=' '' $current)
                if test $line = ':files'
                    printf '%s\n' "$before"(__fish_complete_path "$path")
                else
                    printf '%s\n' "$before"(__fish_complete_directories "$path" '')
                end
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c touchstone -f -a '(__touchstone_complete)'
)";

std::vector<Candidate> values(std::string_view option, std::string_view type, std::string_view begun) {
  std::vector<Candidate> found;
  if (option == "--fault") {
    for (const auto& row : ws::testing::faults()) found.push_back({std::string(row.name), std::string(row.text)});
  } else if (option == "--proxy-fault") {
    for (const auto& row : ws::testing::relay_faults()) found.push_back({std::string(row.name), std::string(row.text)});
  } else if (option == "--format" && type == "NAME") {
    for (const Renderer& each : renderers()) found.push_back({std::string(each.name), std::string(each.about)});
  } else if (option == "SHELL") {
    found = {{"bash", {}}, {"zsh", {}}, {"fish", {}}};
  } else if (type == "PATTERN" || type == "CASE") {
    const Catalogue catalogue = Catalogue::built_in();
    for (std::string& name : next_steps(nameable(catalogue, type == "CASE" ? Nameable::cases : Nameable::all), begun)) {
      const Case* c = catalogue.find(name);
      found.push_back({std::move(name), c == nullptr ? std::string() : c->title});
    }
  }
  return found;
}

void print_words(const CLI::App& program, const std::vector<std::string>& words) {
  const Completion completion = complete(program, words, values);
  for (const Candidate& each : completion.words) {
    out("{}{}{}\n", each.word, each.about.empty() ? "" : "\t", each.about);
  }
  if (completion.paths != Paths::none) out("{}\n", completion.paths == Paths::files ? ":files" : ":folders");
}

}  // namespace

void add_completion_command(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("completion", "Print the completion script for a shell");
  command->footer(kCompletionFooter);
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(one_of({"bash", "zsh", "fish"}));
  command->callback([shell, &exit] {
    out("{}", *shell == "bash" ? kBash : *shell == "zsh" ? kZsh : kFish);
    exit = Exit::ok;
  });

  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* ask =
      app.add_subcommand("complete-words", "What may stand next on the command line: for the scripts")->group("");
  ask->add_option("WORD", *words, "The words after the program's name; the last is being written");
  ask->callback([words, &app, &exit] {
    print_words(app, *words);
    exit = Exit::ok;
  });
}

}  // namespace touchstone::cli

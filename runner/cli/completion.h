// completion.h - what may stand next on the command line, read from CLI11's tree of commands and options.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace touchstone::cli {

struct Candidate {
  std::string word;   // the whole word, also of --option=value; one that ends in / . : = or - goes on
  std::string about;  // one line for people; may be empty
};

enum class Paths { none, files, folders };

struct Completion {
  std::vector<Candidate> words{};
  Paths paths = Paths::none;  // these may stand there too, after the '=' if the word has one
};

// Values that the tree does not tell. `option` is "--fault", or the name of the positional; `type` is what the help
// calls its value ("PATTERN"); `begun` is what stands there already.
using Values =
    std::function<std::vector<Candidate>(std::string_view option, std::string_view type, std::string_view begun)>;

// `words` follow the program's name; the last is the one that is being written, empty at its beginning.
[[nodiscard]] Completion complete(const CLI::App& program, const std::vector<std::string>& words, const Values& values);

// What the help calls the option's value, without the validators that CLI11 adds to it: "N" of "N:POSITIVE".
[[nodiscard]] std::string plain_type(std::string_view type);

// Names in steps, as folders are walked: of those that begin with `begun`, each up to the next separator after it.
// Separators are '/' in ids of cases, '.' in Autobahn's, ':' in tags and '-' in requirements.
[[nodiscard]] std::vector<std::string> next_steps(const std::vector<std::string>& names, std::string_view begun);

}  // namespace touchstone::cli

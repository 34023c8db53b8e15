// openings.h - what a stimulus does to the opening handshake: cases of the catalogue, alone or several at once.
//
// A stimulus names them in Case::made_of ("opening-request/host-missing"); its request and what has to come of it
// are made from them. So the level of each departure (must, should, may) is what the catalogue says, with its clause.
#pragma once
#include "runner/catalogue/case.h"

#include <optional>
#include <string>
#include <vector>

namespace touchstone::fuzz {

struct OpeningPart {
  std::string id;  // in the catalogue, or of what was drawn (opening_grammar.h)
  Case c;
  bool joins = false;  // it edits lines of the request, nothing else, so frames and other parts may go with it
  std::vector<std::string> touches;  // the names of the fields that it edits, "start" and "wire"
};
// Those of the catalogue.
[[nodiscard]] const std::vector<OpeningPart>& opening_parts();
// Of the catalogue, or one that is drawn. Nothing when there is none of that name.
[[nodiscard]] std::optional<OpeningPart> opening_part(const std::string& id);

[[nodiscard]] bool has_opening(const Case& c) noexcept;
// Adds the part, unless it does not go with those that are there.
void add_opening(Case& c, const OpeningPart& part);
void drop_openings(Case& c);
// Stimuli once named their parts in tags.
[[nodiscard]] Case from_older_corpus(Case c);

// The case of the catalogue that the only part names, when it is one that stands alone.
[[nodiscard]] std::optional<Case> whole_opening(const Case& c);
// Gives `c`, which has the expectation of its frames, the request of its parts and what has to come of that; their
// requirements go before its own. Nothing to do without parts.
void join_openings(Case& c);

}  // namespace touchstone::fuzz

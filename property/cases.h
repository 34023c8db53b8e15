// cases.h - generated cases. A counterexample is printed as a case file that `touchstone test --case` can replay.
#pragma once
#include "property/generators.h"

#include "runner/catalogue/catalogue.h"

#include <ostream>

namespace laws {

struct GeneratedCase {
  touchstone::Case c;
};

inline std::ostream& operator<<(std::ostream& out, const GeneratedCase& generated) {
  return out << '\n' << touchstone::to_json(generated.c);
}

// What `receiver` gets from its peer as a case: the frames, read without judgment. What is no whole header at the end
// is left out.
[[nodiscard]] touchstone::Case as_case(ws::ByteView octets, ws::Role receiver);

// Without an expectation: the oracle's.
[[nodiscard]] rc::Gen<GeneratedCase> any_case();

}  // namespace laws

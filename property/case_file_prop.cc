// Case files: what is written is read back, and a file means the same each time it is expanded.
#include "property/cases.h"

#include "runner/catalogue/format.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <set>

using namespace touchstone;

namespace {

std::vector<std::string> expanded(const std::string& text) {
  const auto cases = load_cases("law.json", text);
  if (!cases) RC_FAIL("the file is refused: " + cases.error().front().text() + "\n" + text);
  std::vector<std::string> written;
  for (const Case& c : *cases) written.push_back(to_json(c));
  return written;
}

}  // namespace

RC_GTEST_PROP(CaseFile, PrintedCasesParseToThemselves, ()) {
  const laws::GeneratedCase generated = *laws::any_case();
  // The oracle writes expectations of every kind.
  const Case c = *rc::gen::arbitrary<bool>() ? with_expectation(generated.c, 1) : generated.c;
  const std::string text = to_json(c);
  RC_ASSERT(expanded(text) == std::vector<std::string>{text});
}

// Two axes of a sweep, in the id and in the steps: each combination once, in the same order each time.
RC_GTEST_PROP(CaseFile, ExpandingIsDeterministic, ()) {
  const laws::GeneratedCase generated = *laws::any_case();
  const auto rows = [](char axis, std::size_t size) {
    Json out = Json::array();
    for (std::size_t i = 0; i < size; ++i) out.push_back(Json{{std::string(1, axis), i}});
    return out;
  };
  const auto as = *rc::gen::inRange<std::size_t>(1, 4), bs = *rc::gen::inRange<std::size_t>(1, 4);
  Json file = to_document(generated.c);
  Json& group = file["groups"][0];
  group["id"] = "swept/{a}-{b}";
  group["sweep"] = Json::array({rows('a', as), rows('b', bs)});
  const std::string text = canonical(file);
  const auto once = expanded(text);
  RC_ASSERT(once.size() == as * bs);
  RC_ASSERT(expanded(text) == once);
  RC_ASSERT(std::set<std::string>(once.begin(), once.end()).size() == once.size());
  // The layout means nothing.
  RC_ASSERT(expanded(file.dump()) == once);
}

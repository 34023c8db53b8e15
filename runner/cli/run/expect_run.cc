#include "runner/cli/run/expect_run.h"

#include "reports/support/files.h"
#include "runner/catalogue/catalogue.h"
#include "runner/cli/cli.h"
#include "runner/cli/must.h"
#include "runner/cli/print.h"

namespace touchstone::cli {

Expectations read_expectations(const std::string& path) {
  return must(parse_expectations(path, must(read_file(path))));
}

bool print_surprises(const Expectations& expectations, const std::vector<Result>& results) {
  const Catalogue& catalogue = Catalogue::built_in();
  const auto all = surprises(expectations, results, [&](std::string_view id) { return catalogue.find(id) != nullptr; });
  for (const Surprise& surprise : all) out("UNEXPECTED  {}\n", said(surprise.text));
  return all.empty();
}

}  // namespace touchstone::cli

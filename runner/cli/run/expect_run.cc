#include "runner/cli/run/expect_run.h"

#include "reports/support/files.h"
#include "runner/catalogue/catalogue.h"
#include "runner/cli/cli.h"
#include "runner/cli/print.h"

namespace touchstone::cli {

Expectations read_expectations(const std::string& path) {
  const auto content = read_file(path);
  if (!content) throw UsageError(content.error());
  auto read = parse_expectations(path, *content);
  if (!read) throw UsageError(read.error());
  return std::move(*read);
}

bool print_surprises(const Expectations& expectations, const std::vector<Result>& results) {
  const Catalogue& catalogue = Catalogue::built_in();
  const auto all = surprises(expectations, results, [&](std::string_view id) { return catalogue.find(id) != nullptr; });
  for (const Surprise& surprise : all) out("UNEXPECTED  {}\n", said(surprise.text));
  return all.empty();
}

}  // namespace touchstone::cli

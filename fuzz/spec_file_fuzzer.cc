// Any text is a spec file of Autobahn's with at least one server, or one line that says what is wrong and where.
#include "fuzz/support/check.h"

#include "runner/cli/options/spec_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace touchstone::cli;
  const auto spec = parse_spec("spec.json", fuzz::text(data, size));
  if (!spec) {
    fuzz::check(spec.error().starts_with("spec.json") && !spec.error().contains('\n'), "the error is one line");
    return 0;
  }
  fuzz::check(!spec->servers.empty(), "there is a server");
  for (const SpecServer& server : spec->servers) fuzz::check(!server.url.empty(), "a server has a URL");
  for (const std::string& warning : spec->warnings) fuzz::check(!warning.contains('\n'), "a warning is one line");
  // Whatever the patterns are, an agent is looked up at once.
  std::size_t most = 0;
  for (const auto& [agent, cases] : spec->exclude_agent_cases) most += cases.size();
  fuzz::check(excluded_for(*spec, "an agent with a long name, for the patterns to walk along").size() <= most,
              "no pattern is made up");
  return 0;
}

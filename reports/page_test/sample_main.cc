// reports_sample FOLDER [ENDPOINTS] [partial]: writes the journal and all reports of a made-up run.
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "reports/journal.h"
#include "reports/render.h"
#include "reports/testing/sample.h"

namespace {

std::expected<void, touchstone::FileError> write(const std::filesystem::path& folder,
                                                 const touchstone::Sample& sample) {
  auto journal = touchstone::JournalWriter::open(folder, sample.run);
  if (!journal) return std::unexpected(journal.error());
  for (const touchstone::Result& result : sample.results)
    if (auto added = journal->add(result); !added) return added;
  if (auto finished = journal->finish(sample.run); !finished) return finished;
  return touchstone::render_all(folder, sample.run, sample.results, sample.texts);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: reports_sample FOLDER [ENDPOINTS] [partial]\n");
    return 2;
  }
  const std::size_t endpoints = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  const bool partial = argc > 3 && std::string_view(argv[3]) == "partial";
  const auto written = write(argv[1], touchstone::sample_run(endpoints, !partial));
  if (written) return 0;
  fmt::print(stderr, "{}\n", written.error());
  return 1;
}

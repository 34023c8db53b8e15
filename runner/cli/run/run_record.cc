#include "runner/cli/run/run_record.h"

#include "reports/support/version.h"
#include "runner/cli/process/machine.h"

namespace touchstone::cli {

RunInfo begin_record(const Catalogue& catalogue, std::string profile, std::uint64_t seed, unsigned jobs) {
  RunInfo run;
  run.version = kVersion;
  run.catalogue_hash = catalogue.hash();
  run.machine = machine_class();
  run.profile = std::move(profile);
  run.seed = seed;
  run.jobs = jobs;
  run.start = std::chrono::system_clock::now();
  return run;
}

}  // namespace touchstone::cli

// fuzz_client.h - a campaign against a client: `touchstone fuzz --serve`.
#pragma once
#include "runner/campaign/campaign.h"
#include "runner/cli/commands/fuzz_report.h"
#include "runner/cli/run/client_trials.h"

namespace touchstone::cli {

// `seeds`: cases to begin with. `replay`: the command that runs a case again, without the case file.
[[nodiscard]] Exit fuzz_client(FuzzReport& report, ClientTrials::Settings client, fuzz::CampaignOptions options,
                               std::vector<Case> seeds, const std::string& replay);

}  // namespace touchstone::cli

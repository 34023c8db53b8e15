// campaign.h - a differential campaign over the network: every stimulus goes to every endpoint and to the oracle.
//
// Feedback is delta-diversity: a stimulus whose tuple of outcome classes is new is kept and varied further. Stimuli are
// made in batches from what was known before the last batch, so that equal seeds and endpoints give equal stimuli
// however fast the answers come.
#pragma once
#include "runner/campaign/evaluate.h"
#include "runner/campaign/mutator.h"

#include <atomic>
#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace touchstone::fuzz {

struct CampaignOptions {
  Layers layers;
  std::uint64_t seed = 1;
  // Since `started`. What is under way a second after it, or when the campaign is stopped, is given up.
  std::chrono::milliseconds time = std::chrono::minutes(1);
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::uint64_t most_inputs = UINT64_MAX;
  std::uint64_t most_findings = UINT64_MAX;
  bool weak = false;   // what breaks a SHOULD is a finding, too
  unsigned jobs = 16;  // connections at a time, all endpoints together
  SessionOptions session;
};

// A difference that was minimised, and then shown three times by this one connection alone; or the death of an
// endpoint.
struct Difference {
  Cluster cluster;
  Case stimulus;
  Evaluation shown;
  std::uint64_t input = 0;  // the number of the stimulus that first showed it
  std::chrono::milliseconds after{0};
  std::string death;           // the endpoint was gone afterwards: how it ended
  std::vector<Case> together;  // of a death that no stimulus brings about alone: as few as it takes, many at a time
};

struct CampaignStats {
  std::uint64_t inputs = 0, connections = 0, kept = 0, unstable = 0, weak = 0;
  PairCount pairs;  // of a state and a frame, which are visited on purpose
  std::chrono::milliseconds took{0};
};

class CampaignObserver {
 public:
  virtual ~CampaignObserver() = default;
  virtual void progress(const CampaignStats&) {}
  virtual void kept(const Case&, const std::string& /*outcome*/) {}  // of all endpoints: a new one
  // Is this cluster new to the user? If not, it is neither minimised nor reported again.
  virtual bool wants(const Cluster&) { return true; }
  virtual void found(const Difference&) = 0;
  // New connections are refused, as `why` says. It is up again: how it had ended. The error: it stays down, and why.
  virtual std::expected<std::string, std::string> endpoint_died(const Target& target, const std::string& why) = 0;
};

// `seeds`: cases to begin with. `corpus`: kept by an earlier campaign. The outcome is why it ended early, if it did.
struct CampaignEnd {
  CampaignStats stats;
  std::string lost;  // an endpoint that died and stayed dead: why
};
[[nodiscard]] CampaignEnd run_campaign(const std::vector<Target>& targets, std::vector<Case> seeds,
                                       std::vector<Case> corpus, const CampaignOptions& options,
                                       CampaignObserver& observer, const std::atomic<bool>& stop);

}  // namespace touchstone::fuzz

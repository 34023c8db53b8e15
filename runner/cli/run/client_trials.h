// client_trials.h - stimuli of the network fuzzer at a client under test: many in one run of its program.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/cli/process/client_command.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace touchstone::cli {

class ClientTrials {
 public:
  struct Settings {
    std::string command, agent;  // as of `touchstone serve`
    std::filesystem::path log;
    std::chrono::milliseconds timeout{2000}, idle{20'000};
    std::uint64_t seed = 1;
    std::function<bool()> over{};  // asked all the time: nobody is waited for any more
  };
  explicit ClientTrials(Settings settings) : settings_(std::move(settings)) {}

  struct Trial {
    std::optional<Result> result;  // nothing: the client did not come to it
    std::string death;             // its program died of it, twice: how
  };
  // In the order of `stimuli`, whose ids differ and which have their expectations.
  [[nodiscard]] std::vector<Trial> run(const std::vector<Case>& stimuli);

  // Why the client began nothing in the last run; empty when it did.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  Settings settings_;
  std::string trouble_;
};

}  // namespace touchstone::cli

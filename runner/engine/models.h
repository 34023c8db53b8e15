// models.h - cases that waited in vain, and those that are like them: an endpoint that answers no Ping is not waited
// for in a thousand cases.
//
// A case that waits for what did not come in many others does so briefly (Silences). What it shows then is no proof of
// a silence: it is not judged, and said to be like the cases that waited in full and were found to break the same rule,
// or that waited for the same, which never came.
#pragma once
#include "runner/engine/attempt.h"

#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace touchstone {

class Models {
 public:
  // It waited in full.
  void add(const Attempt& attempt);
  // Whether enough did, and broke the same rule.
  [[nodiscard]] bool has_for(const Attempt& brief) const;

  void set_aside(Attempt brief) { like_.push_back(std::move(brief)); }
  [[nodiscard]] std::deque<Attempt>& like() noexcept { return like_; }
  // A case that waited in full did not do so again, alone: none that is like it stands for others any more.
  void refute(const Attempt& attempt);
  [[nodiscard]] bool is_refuted(const Attempt& brief) const;
  // What is reported of `brief`.
  [[nodiscard]] Result not_judged(Attempt brief) const;

 private:
  // The rule that it breaks by being silent; or, with the requirement left out, what it waited for.
  using Rule = std::tuple<std::string, std::string, std::string>;  // requirement, kind, evidence
  [[nodiscard]] static Rule rule_of(const Attempt& attempt);
  [[nodiscard]] static Rule silence_of(const Attempt& attempt) { return {"", "", attempt.lacks}; }

  struct Model {
    std::vector<std::string> cases;
    Finding finding;
    bool refuted = false;
    [[nodiscard]] bool stands() const noexcept { return !refuted && cases.size() >= kModels; }
  };
  static constexpr std::size_t kModels = 3;  // cases of a rule that stand for others, and are named
  [[nodiscard]] const Model* model_of(const Attempt& brief) const;

  std::map<Rule, Model> models_;
  std::deque<Attempt> like_;
};

}  // namespace touchstone

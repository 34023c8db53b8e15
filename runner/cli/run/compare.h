// compare.h - what changed between two runs.
#pragma once
#include "reports/journal.h"

#include <string>
#include <string_view>
#include <vector>

namespace touchstone::cli {

struct Change {
  enum class Kind : std::uint8_t { new_failure, fixed, changed, only_first, only_second };
  Kind kind = Kind::changed;
  const Result* before = nullptr;  // nothing: only in the second run
  const Result* after = nullptr;   // nothing: only in the first run
};

class Comparison {
 public:
  // Keeps references to both. One endpoint each: compared whatever their names are; several: by name.
  Comparison(const Journal& before, const Journal& after);

  // By kind, then in the order of the second run. A case that only the second run has and that fails there is a new
  // failure.
  [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }
  [[nodiscard]] std::vector<const Change*> of(Change::Kind kind) const;
  [[nodiscard]] bool regressed() const { return !of(Change::Kind::new_failure).empty(); }
  // What makes the comparison doubtful, one line each: another profile, a partial run ...
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  [[nodiscard]] bool names_agents() const noexcept { return names_agents_; }
  [[nodiscard]] const Journal& before() const noexcept { return before_; }
  [[nodiscard]] const Journal& after() const noexcept { return after_; }

 private:
  void warn();
  const Journal &before_, &after_;
  bool names_agents_ = false;
  std::vector<Change> changes_;
  std::vector<std::string> warnings_;
};

[[nodiscard]] std::string compare_text(const Comparison& comparison);
[[nodiscard]] std::string compare_json(const Comparison& comparison);
[[nodiscard]] std::string compare_markdown(const Comparison& comparison);

}  // namespace touchstone::cli

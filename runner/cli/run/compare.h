// compare.h - what changed between two runs.
#pragma once
#include "reports/journal.h"
#include "reports/report.h"

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

// A cause that only one of the runs has.
struct CauseChange {
  std::string_view endpoint;
  const Cause* cause = nullptr;
};

class Comparison {
 public:
  // Keeps references to all three. One endpoint each: compared whatever their names are; several: by name.
  Comparison(const Journal& before, const Journal& after, const Texts& texts);

  // By kind, then in the order of the second run. A case that only the second run has and that fails there is a new
  // failure.
  [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }
  // In the order of causes: the gravest first.
  [[nodiscard]] const std::vector<CauseChange>& new_causes() const noexcept { return new_causes_; }
  [[nodiscard]] const std::vector<CauseChange>& gone_causes() const noexcept { return gone_causes_; }
  [[nodiscard]] std::vector<const Change*> of(Change::Kind kind) const;
  [[nodiscard]] bool regressed() const { return !of(Change::Kind::new_failure).empty(); }
  // What makes the comparison doubtful, one line each: another profile, a partial run ...
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  [[nodiscard]] bool names_endpoints() const noexcept { return names_endpoints_; }
  [[nodiscard]] const Journal& before() const noexcept { return before_; }
  [[nodiscard]] const Journal& after() const noexcept { return after_; }
  // The runs as reports: what quotes causes in words.
  [[nodiscard]] const Report& report_before() const noexcept { return report_before_; }
  [[nodiscard]] const Report& report_after() const noexcept { return report_after_; }

 private:
  [[nodiscard]] std::vector<CauseChange> only_in(const Report& one, const Report& other) const;
  void warn();
  const Journal &before_, &after_;
  const Report report_before_, report_after_;
  bool names_endpoints_ = false;
  std::vector<Change> changes_;
  std::vector<CauseChange> new_causes_, gone_causes_;
  std::vector<std::string> warnings_;
};

[[nodiscard]] std::string compare_text(const Comparison& comparison);
[[nodiscard]] std::string compare_json(const Comparison& comparison);
[[nodiscard]] std::string compare_markdown(const Comparison& comparison);

}  // namespace touchstone::cli

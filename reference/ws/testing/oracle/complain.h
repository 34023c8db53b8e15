// complain.h - from what the oracle found to a complaint: weight and words are those of ws/rules/finding.h.
#pragma once
#include <ws/testing/oracle/oracle.h>

#include <string>
#include <vector>

namespace ws::testing {

inline void add(std::vector<Complaint>& complaints, rules::FindingKind kind, const rules::Facts& facts,
                std::string requirement, std::size_t piece) {
  using Weight = Complaint::Weight;
  const Weight weight = rules::row(kind).weight == rules::Weight::must ? Weight::must : Weight::should;
  complaints.push_back({weight, facts.violation, std::move(requirement), rules::expected_text(kind, facts),
                        rules::seen_text(kind, facts), piece, kind, facts});
}

}  // namespace ws::testing

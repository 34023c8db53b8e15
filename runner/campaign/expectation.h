// expectation.h - what has to come of a stimulus, and the stimulus without what the RFCs leave open.
//
// The strict stack gives one answer to everything; where the RFCs leave several (cases/choices.json) a stimulus is
// given an expectation that allows them all, or is changed until one answer is left. So a difference is a fault.
#pragma once
#include "runner/catalogue/case.h"

#include <cstdint>
#include <string_view>

namespace touchstone::fuzz {

// The requirement of a stimulus that breaks no rule: frames are read one after the other.
inline constexpr std::string_view kProcessing = "rfc6455-6.2-1";

// The stimulus with its expectation, and as its last requirement the rule that its frames break, or kProcessing.
[[nodiscard]] Case expected(Case c, std::uint64_t seed);

// A Close that the tester sends, as a step or as a frame.
[[nodiscard]] bool is_close(const Step& step) noexcept;

// All of the step goes over the wire, and the connection goes on.
[[nodiscard]] bool runs_plainly(const Step& step) noexcept;

}  // namespace touchstone::fuzz

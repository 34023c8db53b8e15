// strict_expectation.h - what the strict stack does with a stimulus, as an expectation in the language of the cases.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/engine/compose/composer.h"

#include <ws/core/http/extensions.h>
#include <ws/core/violation.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace touchstone {

// Plays the steps of `c` into a strict Connection of the side under test. `deflate`: the parameters in force.
// Repeats are played at most `most_repeats` times.
[[nodiscard]] Expect derive(const Case& c, Side side, const std::optional<ws::DeflateParams>& deflate,
                            std::uint64_t seed, std::uint32_t most_repeats = UINT32_MAX);

// The same under the parameters that the case asks for, with the first rule of RFC 6455 or RFC 7692 that the steps
// break in the eyes of the strict stack, if any, and the step that breaks it.
struct Derivation {
  Expect expect;
  std::optional<ws::Violation> broken;
  std::size_t broken_at = 0;  // an index into the case's steps
};
[[nodiscard]] Derivation derivation(const Case& c, Side side, std::uint64_t seed);

// Calls `see` with each whole frame that the steps send under the parameters that the case asks for, one with a wrong
// MASK bit included, up to and beyond the first that is illegal. `failed`: an earlier frame, or octets, made the strict
// stack fail the connection. Repeats are played three times at most.
void each_frame(const Case& c, Side side, const std::function<void(const WireFrame&, bool failed)>& see);
// Whether the case asks for permessage-deflate and what a willing endpoint agrees on.
[[nodiscard]] std::optional<ws::DeflateParams> params_for(const Case& c, Side side);

// Whether the steps hold ready-made DEFLATE data that is right under the parameters that the case asks for and wrong
// under those that were agreed: a match beyond a smaller window (RFC 7692 7.1.2), or into an earlier message without
// context takeover (7.1.1). The tester would break the agreement, or say something else than the case means.
[[nodiscard]] bool exceeds_agreement(const Case& c, Side side, const ws::DeflateParams& agreed);

// The case with the oracle's expectation where it has none of its own.
[[nodiscard]] Case with_expectation(Case c, std::uint64_t seed, Side side = Side::server);

}  // namespace touchstone

// read_case.h - the parts of the case language, each read from its place in the file.
//
// A reader notes every fault at its Cursor and returns something harmless; the loader gives out cases
// only when no fault was noted.
#pragma once
#include "runner/catalogue/cursor.h"
#include "runner/catalogue/head_script.h"
#include "runner/catalogue/http2_script.h"

namespace touchstone {

inline constexpr std::string_view kFirstConnection = "a";  // as files may name it

// Bounds on one case, after sweeps and repeats.
constexpr std::uint64_t kMaxPayload = 1ULL << 30;   // octets of one payload
constexpr std::uint64_t kMaxTraffic = 16ULL << 30;  // octets that one case sends
constexpr std::uint64_t kMaxRepeat = 1'000'000;     // rounds of a repeat that is kept
constexpr std::uint64_t kMaxUnrolled = 10'000;      // steps or replies of one case, repeats with "as" written out
constexpr std::uint64_t kMaxCases = 20'000;         // cases of one file, sweeps written out
constexpr std::uint64_t kMaxCovered = 100'000;      // combinations of all axes of a covering array
constexpr std::size_t kMaxCoveredAxes = 12;

[[nodiscard]] Payload read_payload(const Cursor& c);
[[nodiscard]] ws::Opcode read_opcode(const Cursor& c);
[[nodiscard]] std::vector<std::uint16_t> read_codes(const Cursor& c);
[[nodiscard]] Step read_step(const Cursor& c);
[[nodiscard]] std::vector<Step> read_steps(const Cursor& c);
[[nodiscard]] Wire read_wire(const Cursor& c);
[[nodiscard]] Expect read_expect(const Cursor& c);
[[nodiscard]] HeadScript read_head_script(const Cursor& c);
// Steps and expectation of a group whose side is the intermediary (two_sided.h).
[[nodiscard]] std::shared_ptr<const TwoSided> read_two_sided(const Cursor& group);
[[nodiscard]] ExpectOpening read_expect_opening(const Cursor& c);
[[nodiscard]] Http2Script read_http2_script(const Cursor& c, bool two_sided = false);

// Visits every element of an array; {"repeat": n, "as": name, body: [...]} stands for its body n times
// with the parameter `name` counting from 0.
void each_unrolled(const Cursor& array, std::string_view body, const std::function<void(const Cursor&)>& visit);

}  // namespace touchstone

// raw_request.h - an opening request that is varied octet by octet, and what has to come of it.
#pragma once
#include "runner/catalogue/case.h"

namespace touchstone::fuzz {

inline constexpr std::size_t kMostRequest = 20 * 1024;  // octets

// The stimulus has a request of its own, as octets, not one made of parts (openings.h).
[[nodiscard]] bool has_raw_request(const Case& c) noexcept;

// The octets of the case's opening request, with a script's words (@host, @target, @key) for what only the connection
// knows.
[[nodiscard]] ws::Bytes request_octets(const Case& c);

// `c`, which has a raw request, with steps and an expectation that fit it. A request is one of three:
// - it lacks what RFC 6455 4.2.1 asks for, beyond doubt: it must be refused
// - the strict stack takes it: it may be refused as well; where it is opened, the connection is open
// - others may read it in another way than the strict stack: see leaves_all_open()
[[nodiscard]] Case raw_request_expected(Case c);

// No answer to such a request is wrong, and none is waited for: the endpoint has to live on.
[[nodiscard]] bool leaves_all_open(const Case& c) noexcept;

}  // namespace touchstone::fuzz

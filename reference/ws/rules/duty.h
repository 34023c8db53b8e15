// duty.h - a rule seen from the other side: which requirement binds the endpoint that sent the offending octets.
#pragma once
#include <ws/core/state.h>
#include <ws/core/violation.h>

namespace ws::testing {

// ws::rule() cites what binds the receiver ("such a frame fails the connection"); who judges an endpoint that sent the
// frame cites what binds the sender ("such a frame is never sent"). Empty: the circumstances know best.
[[nodiscard]] std::string_view duty_of_sender(Violation violation, Role sender) noexcept;

}  // namespace ws::testing

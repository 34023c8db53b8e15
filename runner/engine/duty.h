// duty.h - a rule seen from the other side: which requirement binds the endpoint that sent the offending octets.
#pragma once
#include <ws/core/violation.h>

#include <string_view>

namespace touchstone {

// ws::rule() cites what binds the receiver ("such a frame fails the connection"); a verdict on an endpoint that
// sent the frame cites what binds the sender ("such a frame is never sent"). Empty: the case at hand knows best.
[[nodiscard]] std::string_view duty_of_sender(ws::Violation violation) noexcept;

}  // namespace touchstone

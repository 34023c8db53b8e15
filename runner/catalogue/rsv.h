// rsv.h - the reserved bits of a frame (RFC 6455 5.2), as a step has them in one number: RSV1 is 4, RSV2 2, RSV3 1.
#pragma once
#include <cstdint>

namespace touchstone {

inline constexpr std::uint8_t kRsv1 = 4;  // on the first frame of a message: it is compressed (RFC 7692 6)

}  // namespace touchstone

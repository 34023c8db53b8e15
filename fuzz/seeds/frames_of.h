// frames_of.h - a case's steps as octets, without an endpoint: sentinels are Pings, waits are left out.
#pragma once
#include "runner/catalogue/case.h"

#include <ws/core/frame.h>
#include <ws/core/http/extensions.h>
#include <ws/core/state.h>

namespace fuzz {

// `receiver` is who gets them: a server gets masked frames. Repeated steps come three times at most.
[[nodiscard]] ws::Bytes frames_of(const touchstone::Case& c, ws::Role receiver,
                                  const std::optional<ws::DeflateParams>& deflate);

}  // namespace fuzz

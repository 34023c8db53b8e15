// streams.h - the seeded generators behind {"stream": name}: what they yield is described in cases/LANGUAGE.md.
#pragma once
#include "runner/catalogue/payload.h"

namespace touchstone {

// The pool of one stream, PayloadGenerator::kStreamPool octets. `name` is one of stream_names().
// Pools are made once and shared; a few of the latest are kept. Safe to call from any thread.
[[nodiscard]] std::shared_ptr<const ws::Bytes> stream_pool(std::string_view name, std::uint64_t seed);

}  // namespace touchstone

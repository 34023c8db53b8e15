// units.h - octets of a tunnel, read as the messages and control frames that they carry.
#pragma once
#include "runner/proxy/relayed.h"

#include <ws/core/bytes.h>

#include <cstdint>
#include <vector>

namespace touchstone::proxy {

// What the server's answer agrees on.
enum class Extension : std::uint8_t { none, deflate, unknown };

// Of the fields of answers.
[[nodiscard]] Extension agreed_extension(const std::vector<HeadSeen>& answers);

// The same messages and control frames in the same order, cut, masked or compressed otherwise (RFC 6455 5.4): an
// intermediary may where no extension is in use, or one that it knows. Who takes part in the connection has control
// frames of its own.
[[nodiscard]] bool says_the_same(ws::ByteView got, ws::ByteView sent, Extension extension, bool takes_part);

}  // namespace touchstone::proxy

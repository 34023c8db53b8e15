// plain_heads.h - the heads of a conversation as they are when a case says nothing else of them.
#pragma once
#include "runner/catalogue/two_sided.h"
#include "runner/engine/talk/opening_head.h"
#include "runner/engine/talk/target.h"
#include "runner/proxy/relayed.h"

#include <string>

namespace touchstone::proxy {

// A client's request that carries `token`; fills `words` but for the key, which is there.
[[nodiscard]] PlainHead plain_request(RelayHead::Kind kind, const Target& front, const std::string& token,
                                      HeadWords& words);

// What the words of a server's answer to this request stand for.
[[nodiscard]] HeadWords words_of_answer(const HeadSeen& request);

// The answer to `request`, as it arrived. An extension in it that the client did not offer (`said`) is taken, as a
// server would that thinks it offered.
[[nodiscard]] PlainHead plain_answer(RelayHead::Kind kind, const HeadSeen& request, const HeadSeen* said,
                                     const HeadWords& words);

// The content of chunks, as they were written by the case (RFC 9112 7.1).
[[nodiscard]] ws::Bytes chunks_of(ws::ByteView octets);

}  // namespace touchstone::proxy

// loose_head.h - the head of a request that breaks the grammar of HTTP (RFC 9112 2.2, 3, 5), as most servers would read
// it: so that a client's fault there is no end of the matter.
#pragma once
#include <ws/core/http/http1.h>

#include <expected>
#include <optional>

namespace touchstone::serve {

struct LooseHead {
  ws::RequestHead head;
  std::size_t octets = 0;  // that it takes, with the empty line
};

// Takes lines that end in LF alone, more than one blank in the request line and blanks in its target, an HTTP version
// in small letters, folded lines, a blank before a colon; and passes over lines that are no fields. Nothing: its end
// has not come yet. The error: it is no request that anybody could read.
[[nodiscard]] std::expected<std::optional<LooseHead>, ws::Violation> loose_head(ws::ByteView octets,
                                                                                const ws::HeadLimits& limits);

}  // namespace touchstone::serve

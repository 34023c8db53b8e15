// over_http2.h - what is another thing when the connection of a case is a stream of HTTP/2 (RFC 8441).
#pragma once
#include "reports/result/result.h"
#include "runner/catalogue/case.h"
#include "runner/engine/verdict/judge.h"

#include <optional>
#include <string>

namespace touchstone {

// Why the case cannot be asked over the version of HTTP that carries this run; nothing: it can.
[[nodiscard]] std::optional<std::string> not_over_this_http(const Case& c, bool over_http2);

// The words about the end of TCP become those about the end of the stream: RFC 8441 5 makes END_STREAM of a FIN, and
// RST_STREAM with CANCEL of a reset.
void speak_of_streams(Result& result);
void speak_of_streams(Verdict& verdict);

}  // namespace touchstone

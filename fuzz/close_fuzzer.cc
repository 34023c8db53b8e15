// A Close payload is read exactly when RFC 6455 5.5.1 and 7.4 allow it, and is written back as it was.
#include "fuzz/support/check.h"
#include "fuzz/support/slow_utf8.h"

#include <ws/core/close.h>

namespace {

using fuzz::check;

// RFC 6455 7.4.1, 7.4.2 and the IANA registry, code by code.
bool may_be_sent(unsigned code) {
  switch (code) {
    case 1000:
    case 1001:
    case 1002:
    case 1003:  // 7.4.1
    case 1007:
    case 1008:
    case 1009:
    case 1010:
    case 1011:  // 7.4.1
    case 1012:
    case 1013:
    case 1014:  // the registry
      return true;
    default:
      return 3000 <= code && code < 5000;  // 7.4.2
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ws::ByteView payload = fuzz::octets(data, size);
  const auto read = ws::decode_close(payload);
  if (size == 0) {
    check(read.has_value() && !*read, "an empty payload has no reason");
  } else if (size == 1) {
    check(!read && read.error() == ws::Violation::close_payload_of_one, "half a code is refused");
  } else {
    const unsigned code = unsigned{data[0]} << 8 | data[1];
    const bool text_ok = fuzz::slow_utf8(payload.subspan(2)).valid;
    check(read.has_value() == (may_be_sent(code) && text_ok), "code and text decide");
    if (!read)
      check(read.error() ==
                (may_be_sent(code) ? ws::Violation::close_reason_not_utf8 : ws::Violation::close_code_invalid),
            "the code is judged before the text");
    else
      check(*read && (**read).code == code && ws::to_bytes((**read).text) == ws::to_bytes(payload.subspan(2)),
            "code and text are what stands there");
  }
  if (read) check(ws::encode_close(*read) == ws::to_bytes(payload), "what was read is written back as it was");
  return 0;
}

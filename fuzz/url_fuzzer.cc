// A URL that parses is the same after a rewriting, and its parts are fit for an opening handshake.
#include "fuzz/support/check.h"

#include <ws/core/http/handshake.h>
#include <ws/core/http/url.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = ws::parse_url(fuzz::text(data, size));
  if (!url) {
    fuzz::check(!url.error().empty() && !url.error().contains('\n'), "the error is one sentence");
    return 0;
  }
  fuzz::check(url->target.starts_with('/'), "the target begins with a slash");
  fuzz::check(ws::is_valid_host(ws::host_field(*url)), "the Host field is valid");
  const auto again = ws::parse_url(ws::to_string(*url));
  fuzz::check(again && *again == *url, "a URL survives a rewriting");
  return 0;
}

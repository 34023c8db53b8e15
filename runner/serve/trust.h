// trust.h - whose requests a browser may bring here. RFC 6455 10.2.
//
// A browser on this machine sends whatever page's requests. Origin says whose page it is; a site that points its own
// name at this machine (DNS rebinding) passes for the same site, and there the name in Host says it. What is no browser
// says neither, or says it of itself, and can do no harm that it could not do otherwise.
#pragma once
#include <ws/core/http/http1.h>

#include <string>
#include <string_view>
#include <vector>

namespace touchstone::serve {

class Trust {
 public:
  // `names`: what is trusted beside addresses, localhost, the name of this machine and names without a dot, which no
  // site has; "null": pages from files.
  explicit Trust(std::vector<std::string> names);

  // Why a request for what changes or shows something is refused; empty: it is not. `plain`: it is no WebSocket's, so a
  // page may have sent it without an Origin.
  [[nodiscard]] std::string objection(const ws::RequestHead& head, bool plain) const;

 private:
  [[nodiscard]] bool knows(std::string_view name) const;
  [[nodiscard]] bool may_be_host(std::string_view name) const;

  std::vector<std::string> names_;
};

}  // namespace touchstone::serve

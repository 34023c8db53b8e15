// http2_request.h - a client's request over HTTP/2, taken at its word whatever it breaks: what is wrong is said.
#pragma once
#include "runner/engine/verdict/http2_seen.h"

#include <ws/io/http2/tunnel_stream.h>

namespace touchstone::serve {

struct Http2Asked {
  std::unique_ptr<ws::io::http2::TunnelStream> stream;  // with the request as HTTP/1.1 would say it
  std::vector<Http2Fault> faults;
};
// Without a stream: there is nothing to answer.
[[nodiscard]] asio::awaitable<Http2Asked> ask_over_http2(std::unique_ptr<ws::io::http2::Http2Stream> stream);

}  // namespace touchstone::serve

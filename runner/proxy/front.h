// front.h - the tester's connections with the intermediary as its client: TCP for each over HTTP/1.1, and over HTTP/2
// one connection whose streams they are (RFC 8441), as a browser has it.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/engine/talk/http2_framing.h"
#include "runner/engine/talk/target.h"
#include "runner/proxy/pipe_end.h"
#include "runner/proxy/relayed.h"

#include <asio/awaitable.hpp>

#include <chrono>
#include <expected>
#include <memory>

namespace touchstone::proxy {

// Why a case for intermediaries cannot be asked over the version of HTTP that is spoken in front; nothing: it can.
[[nodiscard]] std::optional<std::string> not_over_this_front(const Case& c, bool over_http2);

class Front {
 public:
  // `c`: how its first request and its tunnel depart from the ordinary over HTTP/2.
  Front(const Case& c, const Target& target, std::uint64_t seed) : c_(c), target_(target), seed_(seed) {}

  using Dialed = std::expected<std::unique_ptr<ws::io::Stream>, ws::io::DialError>;
  [[nodiscard]] asio::awaitable<Dialed> dial(std::chrono::milliseconds patience);
  // Before a request goes out on a stream of HTTP/2: how its field section departs, and what the transcript says of it.
  void prepare(PipeEnd& end, bool first, std::string& request);
  // The tunnel is open: frames of the case's own.
  void opened(PipeEnd& end);
  // What came of an answer, as it stood on the wire, and what it broke.
  void look(PipeEnd& end, Arrival& arrival, Relayed& seen);
  // Rules of HTTP/2 that the intermediary broke.
  [[nodiscard]] std::vector<Http2Fault> faults() const;
  // Lets go of the connection.
  void leave() { connection_.reset(); }

 private:
  [[nodiscard]] bool has_room() const;  // for one more stream on the connection

  const Case& c_;
  const Target& target_;
  std::uint64_t seed_;
  std::shared_ptr<ws::io::http2::Session> connection_;
  std::shared_ptr<Http2Watch> watch_;
  std::shared_ptr<Http2Framing> framing_;
  std::vector<Http2Fault> of_answers_;
  std::size_t streams_ = 0;  // of the connection
};

}  // namespace touchstone::proxy

// session.h - one case on one connection, from its first octet to its last.
#pragma once
#include "runner/engine/compose/composer.h"
#include "runner/engine/talk/opening.h"

#include <expected>
#include <functional>
#include <vector>

namespace touchstone {

// Runs `c` against the server `target`. The error is why no connection came about at all.
[[nodiscard]] asio::awaitable<std::expected<Observation, ws::io::DialError>> observe(const Case& c,
                                                                                     const Target& target,
                                                                                     const SessionOptions& options,
                                                                                     DeflateCache& cache);

// RFC 9110 15.6.4, RFC 6585 4: for a while, and not for what is in the request.
[[nodiscard]] bool says_it_is_busy(const Observation& observation);

using Observed = std::expected<Observation, ws::io::DialError>;

// Runs the cases against `target` all at once, each on a connection of its own, and waits for them: for who has no loop
// of their own. In the order of `cases`. Once `over` holds, nobody is waited for any more: the error of those that are
// under way is asio::error::operation_aborted.
[[nodiscard]] std::vector<Observed> observe_all(const std::vector<Case>& cases, const Target& target,
                                                const SessionOptions& options, const std::function<bool()>& over = {});

// Runs `c` against the client that sent `request` on `stream`; `early` came after its head.
[[nodiscard]] asio::awaitable<Observation> observe_client(const Case& c, std::unique_ptr<ws::io::Stream> stream,
                                                          ws::RequestHead request, ws::Bytes early,
                                                          const SessionOptions& options, DeflateCache& cache);

}  // namespace touchstone

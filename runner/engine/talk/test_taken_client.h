// test_taken_client.h - one case against a client in the same loop: its connection is taken, its request is read, and
// the case is played and judged.
#pragma once
#include "runner/engine/talk/session.h"
#include "runner/engine/verdict/judge.h"
#include "runner/engine/verdict/strict_expectation.h"

#include <ws/io/net/listener.h>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace touchstone {

class TakenClient {
 public:
  // What is under test: connects to the port.
  using Client = std::function<asio::awaitable<void>(std::uint16_t port)>;

  // ERRORED, "no verdict", when the client does not send a whole request.
  [[nodiscard]] static Verdict verdict_on(const Case& bare, const Client& client, const SessionOptions& options = {}) {
    const Case c = with_expectation(bare, 1, Side::client);
    asio::io_context context{1};
    const auto listener = ws::io::Listener::open(context.get_executor(), {});
    std::optional<Verdict> verdict;
    asio::co_spawn(context, take(**listener, c, options, verdict), asio::detached);
    asio::co_spawn(context, client((*listener)->port()), asio::detached);
    context.run();
    return verdict.value_or(Verdict{.behavior = Behavior::errored, .findings = {}, .summary = "no verdict"});
  }

 private:
  static asio::awaitable<void> take(ws::io::Listener& listener, const Case& c, SessionOptions options,
                                    std::optional<Verdict>& verdict) {
    auto stream = co_await listener.accept();
    listener.close();
    if (!stream) co_return;
    ws::Bytes octets, buffer(4096);
    std::optional<std::size_t> end;
    while (!end) {
      const auto n = co_await (*stream)->read_some(buffer);
      if (!n) co_return;
      ws::append(octets, std::span(buffer).first(*n));
      end = ws::head_end(octets, {}).value();
    }
    auto request = ws::parse_request(std::span(octets).first(*end), {});
    if (!request) co_return;
    ws::Bytes early(octets.begin() + static_cast<std::ptrdiff_t>(*end), octets.end());
    DeflateCache cache;
    const auto observed =
        co_await observe_client(c, std::move(*stream), std::move(*request), std::move(early), options, cache);
    verdict = judge(c, observed, options.seed);
  }
};

}  // namespace touchstone

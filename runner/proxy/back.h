// back.h - the port behind the intermediary: one listener for the whole run, so that nothing that the intermediary
// keeps (a pool of connections, a mark that its server is down) is of an earlier server.
//
// A connection belongs to the conversation whose token its head carries. Every other one is an echo by the strict
// stack, and what came on it is remembered for a while.
#pragma once
#include <ws/core/bytes.h>
#include <ws/core/http/url.h>
#include <ws/io/http2/session.h>
#include <ws/io/net/listener.h>

#include <asio/io_context.hpp>

#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace touchstone::proxy {

// What came on one connection that was served as an echo.
struct Arrived {
  ws::Bytes octets;         // the first of them, the head included
  std::uint64_t total = 0;  // all of them
  bool eof = false, reset = false;
};

class Back {
 public:
  // Listens. The error is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<Back>, std::string> open(std::string host, std::uint16_t port);
  Back(const Back&) = delete;
  Back& operator=(const Back&) = delete;
  ~Back();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] ws::Url url() const;
  [[nodiscard]] asio::io_context& context() noexcept { return context_; }

  // Serves in a thread of its own, until leave_thread(). In between, who runs the context serves.
  void enter_thread();
  void leave_thread();

  // What came since the last call, oldest first; the latest kMost of them.
  [[nodiscard]] std::vector<Arrived> take_arrived();

  // A connection whose head has `token` and a dot (in the field kTokenField, or in the target) goes to `take`, with
  // what was read of it. On the context's thread.
  using Take = std::function<void(std::unique_ptr<ws::io::Stream>, ws::Bytes)>;
  void expect(const std::string& token, Take take);
  void forget(const std::string& token);

 private:
  static constexpr std::size_t kMost = 64;
  explicit Back(std::string host) : host_(std::move(host)) {}
  [[nodiscard]] asio::awaitable<void> serve();
  [[nodiscard]] asio::awaitable<void> welcome_either(std::unique_ptr<ws::io::Stream> stream);
  [[nodiscard]] asio::awaitable<void> welcome_stream(std::unique_ptr<ws::io::http2::Http2Stream> stream);
  [[nodiscard]] asio::awaitable<void> welcome(std::unique_ptr<ws::io::Stream> stream);
  [[nodiscard]] asio::awaitable<void> echo_on(std::unique_ptr<ws::io::Stream> stream, ws::Bytes read);
  [[nodiscard]] const Take* taker_of(std::string_view head) const;

  std::string host_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;  // what the connections write until the context is gone
  std::deque<std::shared_ptr<Arrived>> arrived_;
  asio::io_context context_{1};
  std::unique_ptr<ws::io::Listener> listener_;
  std::thread thread_;
  std::map<std::string, Take, std::less<>> takers_;
};

// The field that carries a conversation's token, beside the target's query.
inline constexpr std::string_view kTokenField = "X-Touchstone";

}  // namespace touchstone::proxy

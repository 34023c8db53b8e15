// scripted_endpoints.h - scripts on real connections, for endpoints of any library and tests without coroutines.
#pragma once
#include <ws/core/http/url.h>
#include <ws/io/net/listener.h>
#include <ws/testing/script.h>

namespace ws::testing {

// Plays a server's script with every client that comes, in a thread of its own, until it is destroyed.
class ScriptedServer {
 public:
  // Port 0 of `listen` takes any that is free. The error is a sentence ("listen on ...").
  [[nodiscard]] static std::expected<std::unique_ptr<ScriptedServer>, std::string> start(
      Script script, io::ListenOptions listen = io::ListenOptions(),
      std::chrono::milliseconds step_limit = std::chrono::seconds(10));
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::string url() const;  // "ws://127.0.0.1:PORT/"

  // How the next play ended, in the order in which they end; waits for one at most so long. Script::play() has the
  // errors.
  [[nodiscard]] std::expected<void, std::string> result(std::chrono::milliseconds limit = std::chrono::seconds(30));

 private:
  struct Impl;
  explicit ScriptedServer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

// Connects and plays a client's script; returns when it is over. The error is a sentence.
[[nodiscard]] std::expected<void, std::string> play_as_client(
    const Script& script, const Url& url, const io::TlsOptions& tls = io::TlsOptions(),
    std::chrono::milliseconds step_limit = std::chrono::seconds(10));

}  // namespace ws::testing

#include <ws/testing/run.h>
#include <ws/testing/scripted_endpoints.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace ws::testing {

using Played = std::expected<void, std::string>;

struct ScriptedServer::Impl {
  Impl(Script given, io::ListenOptions wanted, std::chrono::milliseconds limit)
      : script(std::move(given)), listen(std::move(wanted)), step_limit(limit) {}

  asio::awaitable<void> accept_all() {
    while (auto stream = co_await listener->accept()) {
      asio::co_spawn(context, play(std::move(*stream)), asio::detached);
    }
  }

  asio::awaitable<void> play(std::unique_ptr<io::Stream> stream) {
    auto played = co_await script.play(*stream, step_limit);
    const std::lock_guard lock(mutex);
    results.push_back(std::move(played));
    over.notify_one();
  }

  Script script;
  io::ListenOptions listen;
  std::chrono::milliseconds step_limit;
  asio::io_context context{1};
  std::unique_ptr<io::Listener> listener;
  std::mutex mutex;
  std::condition_variable over;
  std::deque<Played> results;
  std::thread thread;
};

ScriptedServer::ScriptedServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

ScriptedServer::~ScriptedServer() {
  impl_->context.stop();
  impl_->thread.join();
}

std::expected<std::unique_ptr<ScriptedServer>, std::string> ScriptedServer::start(
    Script script, io::ListenOptions listen, std::chrono::milliseconds step_limit) {
  if (script.role() != Role::server) return std::unexpected("a ScriptedServer needs a script of Role::server");
  auto impl = std::make_unique<Impl>(std::move(script), std::move(listen), step_limit);
  auto listener = io::Listener::open(impl->context.get_executor(), impl->listen);
  if (!listener) return std::unexpected(std::move(listener.error()));
  impl->listener = std::move(*listener);
  asio::co_spawn(impl->context, impl->accept_all(), asio::detached);
  impl->thread = std::thread([&context = impl->context] { context.run(); });
  return std::unique_ptr<ScriptedServer>(new ScriptedServer(std::move(impl)));
}

std::uint16_t ScriptedServer::port() const noexcept { return impl_->listener->port(); }

std::string ScriptedServer::url() const {
  return (impl_->listen.tls ? "wss://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(port()) + "/";
}

Played ScriptedServer::result(std::chrono::milliseconds limit) {
  std::unique_lock lock(impl_->mutex);
  const bool any = impl_->over.wait_for(lock, limit, [this] { return !impl_->results.empty(); });
  if (!any) return std::unexpected("no play was over within " + std::to_string(limit.count()) + " ms");
  Played played = std::move(impl_->results.front());
  impl_->results.pop_front();
  return played;
}

Played play_as_client(const Script& script, const Url& url, const io::TlsOptions& tls,
                      std::chrono::milliseconds step_limit) {
  if (script.role() != Role::client) return std::unexpected("play_as_client() needs a script of Role::client");
  Played played;
  run([&]() -> asio::awaitable<void> {
    io::DialOptions dialing;
    dialing.host = url.host;
    dialing.port = url.port;
    if (url.secure) dialing.tls = tls;
    auto stream = co_await io::dial(std::move(dialing));
    if (!stream) {
      played = std::unexpected(std::move(stream.error().text));
      co_return;
    }
    played = co_await script.play(**stream, step_limit);
  });
  return played;
}

}  // namespace ws::testing

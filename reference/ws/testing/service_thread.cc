#include <ws/testing/service_thread.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <stdexcept>
#include <thread>
#include <utility>

namespace ws::testing {

struct ServiceThread::Impl {
  asio::awaitable<void> stop() { (void)co_await service->stop(); }

  asio::io_context context{1};
  bool secure = false;
  std::unique_ptr<io::Service> service;
  std::thread thread;
};

ServiceThread::ServiceThread(io::ServiceOptions options, io::Handler handler) : impl_(std::make_shared<Impl>()) {
  impl_->secure = options.listen.tls.has_value();
  auto service = io::Service::start(impl_->context.get_executor(), std::move(options), std::move(handler));
  if (!service) throw std::runtime_error(service.error());
  impl_->service = std::move(*service);
  impl_->thread = std::thread([impl = impl_] { impl->context.run(); });
}

ServiceThread::~ServiceThread() {
  asio::co_spawn(impl_->context, impl_->stop(), asio::detached);
  if (impl_->thread.get_id() == std::this_thread::get_id()) {
    impl_->thread.detach();  // destroyed by its own handler: the thread goes on until all is stopped, and has the rest
  } else {
    impl_->thread.join();  // nothing is left to do then
  }
}

std::uint16_t ServiceThread::port() const noexcept { return impl_->service->port(); }

std::string ServiceThread::url() const {
  return (impl_->secure ? "wss://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(port()) + "/";
}

}  // namespace ws::testing

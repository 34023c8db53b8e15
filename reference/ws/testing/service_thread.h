// service_thread.h - a ws::io::Service in a thread of its own, for tests that talk to it from outside.
#pragma once
#include <ws/io/serve/service.h>

#include <string>

namespace ws::testing {

class ServiceThread {
 public:
  // Listens (ListenOptions::port 0: any that is free) and serves. Throws std::runtime_error when it cannot listen. The
  // handler runs in the thread.
  ServiceThread(io::ServiceOptions options, io::Handler handler);
  ServiceThread(const ServiceThread&) = delete;
  ServiceThread& operator=(const ServiceThread&) = delete;
  ~ServiceThread();  // as Service::stop(); in its own thread, by its handler, without waiting for the end

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::string url() const;  // "ws://127.0.0.1:PORT/"

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ws::testing

// A service in a thread of its own, and its end.
#include <gtest/gtest.h>
#include <ws/testing/ask.h>
#include <ws/testing/service_thread.h>

#include <future>

namespace ws::testing {
namespace {

TEST(ServiceThread, MayBeDestroyedByItsOwnHandler) {
  std::unique_ptr<ServiceThread> service;
  std::promise<void> gone;
  service = std::make_unique<ServiceThread>(io::ServiceOptions(),
                                            [&](std::shared_ptr<io::WebSocket> socket) -> asio::awaitable<void> {
                                              const auto kept = std::move(socket);
                                              service.reset();
                                              gone.set_value();
                                              co_return;
                                            });
  const Heard heard = ask(*parse_url(service->url()), {close_frame(1000)});
  gone.get_future().wait();
  EXPECT_FALSE(service);
  EXPECT_TRUE(heard.messages.empty());
}

}  // namespace
}  // namespace ws::testing

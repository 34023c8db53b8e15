// Connections that each have a strand of their own, in a pool of threads: nothing else is locked.
#include <ws/io/test_sockets.h>

#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>
#include <future>

namespace ws::io {
namespace {

using namespace test;  // NOLINT: the tests' own words

constexpr int kConnections = 8, kWritersEach = 4, kMessages = 25;

// Several writers and one reader on each side of a connection; gives how many messages came.
asio::awaitable<int> converse() {
  Sockets s = co_await opened(false);
  int received = 0;
  std::vector<Task> tasks;
  for (WebSocket* socket : {&*s.client, &*s.server}) {
    for (int writer = 0; writer < kWritersEach; ++writer) {
      tasks.emplace_back(socket->stream().executor(), [socket]() -> asio::awaitable<void> {
        for (int i = 0; i < kMessages; ++i) EXPECT_FALSE(co_await socket->write_text(std::string(1000, 'x')));
      });
    }
    tasks.emplace_back(socket->stream().executor(), [socket, &received]() -> asio::awaitable<void> {
      for (int i = 0; i < kWritersEach * kMessages; ++i) {
        EXPECT_EQ(text_of(co_await socket->read()).size(), 1000u);
        ++received;
      }
    });
  }
  for (Task& task : tasks) co_await task.join();
  co_return received;
}

TEST(Strands, ServeInSeveralThreads) {
  asio::thread_pool pool(4);
  std::vector<std::future<int>> conversations;
  for (int i = 0; i < kConnections; ++i)
    conversations.push_back(asio::co_spawn(asio::make_strand(pool), converse(), asio::use_future));
  for (auto& conversation : conversations) EXPECT_EQ(conversation.get(), 2 * kWritersEach * kMessages);
  pool.join();
}

}  // namespace
}  // namespace ws::io

#include <ws/testing/run.h>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace ws::testing {

void run(std::initializer_list<Body> bodies, std::chrono::milliseconds limit) {
  const std::vector<Body> kept(bodies);
  asio::io_context context(1);
  std::exception_ptr thrown;
  for (const Body& body : kept) {
    asio::co_spawn(
        context, [&body] { return body(); },
        [&](std::exception_ptr e) {
          if (!e) return;
          if (!thrown) thrown = e;
          context.stop();
        });
  }
  context.run_for(limit);
  if (thrown) std::rethrow_exception(thrown);
  if (!context.stopped())
    throw std::runtime_error("the test's coroutines are not done after " + std::to_string(limit.count()) + " ms");
}

}  // namespace ws::testing

#include <ws/testing/clock.h>
#include <ws/testing/run.h>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ws::testing {
namespace {

constexpr std::chrono::milliseconds kTick{1};  // of virtual time

// The bodies, on their way.
class Run {
  const std::vector<Body> bodies_;  // outlive the coroutines, which are the context's

 public:
  explicit Run(std::initializer_list<Body> bodies) : bodies_(bodies) {
    for (const Body& body : bodies_) {
      asio::co_spawn(context, [&body] { return body(); }, [this](std::exception_ptr e) { note(e); });
    }
  }

  void finish(std::chrono::milliseconds limit, std::string_view what) const {
    if (thrown_) std::rethrow_exception(thrown_);
    if (context.stopped()) return;
    throw std::runtime_error("the test's coroutines are not done after " + std::to_string(limit.count()) + " ms" +
                             std::string(what));
  }

  asio::io_context context{1};

 private:
  void note(const std::exception_ptr& e) {
    if (!e) return;
    if (!thrown_) thrown_ = e;
    context.stop();
  }

  std::exception_ptr thrown_;
};

}  // namespace

void run(std::initializer_list<Body> bodies, std::chrono::milliseconds limit) {
  Run all(bodies);
  all.context.run_for(limit);
  all.finish(limit, "");
}

void run_in_virtual_time(std::initializer_list<Body> bodies, std::chrono::milliseconds limit) {
  Run all(bodies);
  ManualClock clock(all.context.get_executor());
  const auto end = clock.now() + limit;
  all.context.poll();
  while (!all.context.stopped() && clock.now() < end) {
    clock.advance(kTick);
    all.context.run_one();  // what is due by then is ready now
    all.context.poll();
  }
  all.finish(limit, " of virtual time");
}

void spawn(const asio::any_io_executor& executor, Body body) {
  const auto kept = std::make_shared<Body>(std::move(body));  // a coroutine of a lambda lives in the lambda
  asio::co_spawn(
      executor, [kept] { return (*kept)(); },
      [kept](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
      });
}

}  // namespace ws::testing

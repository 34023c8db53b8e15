#include "runner/live/play/play.h"

#include "runner/engine/talk/rethrown.h"

#include <fmt/format.h>
#include <ws/io/http2/dial.h>

#include <asio/co_spawn.hpp>

#include <algorithm>

namespace touchstone::play {

Play::Play(asio::any_io_executor executor, PlayOptions options, Events& events)
    : executor_(executor),
      options_(std::move(options)),
      world_{.script = options_.script,
             .events = events,
             .cache = cache_,
             .seed = options_.seed,
             .target = &options_.target,
             .next_plan = [this] { return next_plan(); },
             .leave =
                 [this](std::chrono::milliseconds length) {
                   if (!listener_) return;
                   ++away_;
                   asio::co_spawn(executor_, stay_away(length), rethrown);
                 }},
      changed_(executor) {}

Play::~Play() = default;

std::expected<void, std::string> Play::start() {
  if (options_.role == ws::Role::client) return {};
  auto listener = ws::io::Listener::open(executor_, options_.listen);
  if (!listener) return std::unexpected(std::move(listener.error()));
  listener_ = std::move(*listener);
  port_ = listener_->port();
  options_.listen.port = port_;  // where it comes back to
  return {};
}

asio::awaitable<Outcome> Play::run() {
  if (options_.role == ws::Role::server) {
    co_await serve();
  } else {
    co_await connect();
  }
  while (!sessions_.empty()) (void)co_await changed_.wait();
  outcome_.failed = world_.failed;
  outcome_.totals = world_.totals;
  outcome_.complete = all_planned() && outcome_.unreachable.empty();
  co_return outcome_;
}

void Play::stop() {
  stopping_ = true;
  if (listener_) listener_->close();
  for (const auto& session : sessions_) session->stop();
  changed_.notify_all();
}

// To the connection that is named, or to the latest one that is open.
void Play::command(Command command) {
  if (command.stop) return stop();
  std::shared_ptr<Session> to;
  for (const auto& session : sessions_) {
    const bool wanted = command.connection == 0 ? session->is_open() : session->number() == command.connection;
    if (wanted && (!to || to->number() < session->number())) to = session;
  }
  if (to) return to->command(std::move(command));
  Json more;
  if (!command.id.is_null()) more["id"] = command.id;
  more["text"] = command.connection == 0 ? std::string("no connection is open")
                                         : fmt::format("connection {} is not open", command.connection);
  world_.events.tell("error", 0, more);
}

// --- Plans ---

const Plan* Play::next_plan() {
  const auto& plans = options_.script.plans;
  if (plan_ == plans.size()) return nullptr;
  const Plan& plan = plans[plan_];
  ++outcome_.connections;
  if (!plan.always && ++used_ == plan.times) {
    ++plan_;
    used_ = 0;
  }
  changed_.notify_all();
  return &plan;
}

bool Play::all_planned() const {
  const auto& plans = options_.script.plans;
  return plan_ == plans.size() || plans[plan_].always;
}

// --- Server ---

void Play::begin(std::unique_ptr<ws::io::Stream> stream) {
  auto session = std::make_shared<Session>(world_, ++number_, options_.role, std::move(stream), nullptr);
  sessions_.insert(session);
  asio::co_spawn(
      executor_,
      [](Play& play, std::shared_ptr<Session> one) -> asio::awaitable<void> {
        co_await one->run();
        play.sessions_.erase(one);
        play.changed_.notify_all();
      }(*this, session),
      rethrown);
}

asio::awaitable<void> Play::accept_all() {
  while (auto stream = co_await listener_->accept()) begin(std::move(*stream));
  --accepting_;
  changed_.notify_all();
}

asio::awaitable<void> Play::stay_away(std::chrono::milliseconds length) {
  listener_->close();
  while (accepting_ > 0) (void)co_await changed_.wait();
  world_.events.tell("away", 0, {{"ms", length.count()}});
  const auto when = ws::io::deadline_after(length);
  while (!stopping_ && ws::io::Clock::now() < when) (void)co_await changed_.wait(when);
  --away_;
  if (stopping_) {
    changed_.notify_all();
    co_return;
  }
  auto listener = ws::io::Listener::open(executor_, options_.listen);
  if (listener) {
    listener_ = std::move(*listener);
    world_.events.tell("back", 0, {{"port", port_}});
    ++accepting_;
    asio::co_spawn(executor_, accept_all(), rethrown);
  } else {
    world_.events.tell("error", 0, {{"text", listener.error()}});
    stop();
  }
  changed_.notify_all();
}

asio::awaitable<void> Play::serve() {
  ++accepting_;
  asio::co_spawn(executor_, accept_all(), rethrown);
  // Who is only looking at the port has no plan, and is not waited for.
  const auto over = [this] { return stopping_ || (plan_ == options_.script.plans.size() && away_ == 0); };
  while (!over()) (void)co_await changed_.wait();
  const auto busy = [this] {
    return std::ranges::any_of(sessions_, [](const auto& one) { return one->is_planned(); });
  };
  while (!stopping_ && busy()) (void)co_await changed_.wait();
  const bool stopped = stopping_;
  stop();
  stopping_ = stopped;
  while (accepting_ > 0 || away_ > 0) (void)co_await changed_.wait();
}

// --- Client ---

asio::awaitable<void> Play::connect() {
  const Target& target = options_.target;
  while (!stopping_) {
    const Plan* plan = next_plan();
    if (plan == nullptr) break;
    ws::io::DialOptions dial;
    dial.host = target.url.host;
    dial.port = target.url.port;
    dial.family = target.family;
    if (target.url.secure) dial.tls = target.tls;
    dial.deadline = options_.script.patience;
    dial.proxy = target.proxy;
    dial.unix_path = target.unix_path;
    auto stream = co_await ws::io::dial(std::move(dial));
    if (!stream) {
      outcome_.unreachable = stream.error().text;
      break;
    }
    const auto session = std::make_shared<Session>(world_, ++number_, ws::Role::client, std::move(*stream), plan);
    sessions_.insert(session);
    if (stopping_) session->stop();
    co_await session->run();
    sessions_.erase(session);
  }
}

}  // namespace touchstone::play

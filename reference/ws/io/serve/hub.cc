#include <ws/io/serve/hub.h>
#include <ws/io/websocket_impl.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <deque>
#include <unordered_map>
#include <utility>

namespace ws::io {
namespace {

struct Member {
  Member(std::shared_ptr<WebSocket> given, const asio::any_io_executor& executor)
      : socket(std::move(given)), changed(executor) {}
  std::shared_ptr<WebSocket> socket;
  std::deque<std::shared_ptr<const PreparedMessage>> queue;
  bool left = false;
  Signal changed;  // the queue, or `left`
};

}  // namespace

struct Hub::Impl {
  Impl(asio::any_io_executor given, HubOptions wanted)
      : executor(std::move(given)), options(wanted), emptied(executor) {}

  static asio::awaitable<void> deliver(std::shared_ptr<Impl> self, std::shared_ptr<Member> member);
  // Forgets a member whose connection ended. Does not keep it: its owner may let go of it any time.
  using End = asio::awaitable<std::expected<Ended, std::error_code>>;
  static asio::awaitable<void> watch(std::shared_ptr<Impl> self, std::weak_ptr<Member> member, End end);
  void remove(const WebSocket* socket) noexcept;

  asio::any_io_executor executor;
  HubOptions options;
  std::unordered_map<const WebSocket*, std::shared_ptr<Member>> members;
  std::size_t skipped = 0, dropped = 0;
  Signal emptied;  // a queue is empty, or its member is gone
};

void Hub::Impl::remove(const WebSocket* socket) noexcept {
  const auto found = members.find(socket);
  if (found == members.end()) return;
  const auto member = found->second;
  members.erase(found);
  const auto let_go = std::exchange(member->socket, nullptr);  // deliver() may keep the member for a while
  --let_go->impl_->hubs;
  member->left = true;
  member->queue.clear();
  member->changed.notify_all();
  emptied.notify_all();
}

asio::awaitable<void> Hub::Impl::watch(std::shared_ptr<Impl> self, std::weak_ptr<Member> member, End end) {
  (void)co_await std::move(end);
  if (const auto still = member.lock(); still && !still->left) self->remove(still->socket.get());
}

asio::awaitable<void> Hub::Impl::deliver(std::shared_ptr<Impl> self, std::shared_ptr<Member> member) {
  std::error_code error;
  while (!member->left && !error) {
    if (member->queue.empty()) {
      self->emptied.notify_all();
      (void)co_await member->changed.wait();
      continue;
    }
    error = co_await member->socket->write_prepared(member->queue.front());
    if (!member->left) member->queue.pop_front();
  }
  if (!member->left) self->remove(member->socket.get());
}

Hub::Hub(asio::any_io_executor executor, HubOptions options)
    : impl_(std::make_shared<Impl>(std::move(executor), options)) {}

Hub::~Hub() {
  while (!impl_->members.empty()) impl_->remove(impl_->members.begin()->first);
}

void Hub::join(std::shared_ptr<WebSocket> socket) {
  const WebSocket* const key = socket.get();
  if (impl_->members.contains(key)) return;
  ++socket->impl_->hubs;
  const auto member = std::make_shared<Member>(std::move(socket), impl_->executor);
  impl_->members.emplace(key, member);
  asio::co_spawn(impl_->executor, Impl::deliver(impl_, member), asio::detached);
  asio::co_spawn(impl_->executor, Impl::watch(impl_, member, member->socket->wait_ended()), asio::detached);
}

void Hub::leave(const WebSocket& socket) noexcept { impl_->remove(&socket); }

std::size_t Hub::broadcast(std::shared_ptr<const PreparedMessage> message, const WebSocket* except) {
  std::size_t reached = 0;
  std::vector<std::shared_ptr<Member>> slow;
  for (const auto& [socket, member] : impl_->members) {
    if (socket == except) continue;
    if (member->queue.size() >= std::max<std::size_t>(impl_->options.queue, 1)) {
      slow.push_back(member);
      continue;
    }
    member->queue.push_back(message);
    member->changed.notify_all();
    ++reached;
  }
  for (const auto& member : slow) {
    if (impl_->options.slow == SlowMember::skip) {
      ++impl_->skipped;
      continue;
    }
    ++impl_->dropped;
    const auto dropped = member->socket;
    impl_->remove(dropped.get());
    dropped->drop();
  }
  return reached;
}

std::size_t Hub::size() const noexcept { return impl_->members.size(); }
std::size_t Hub::skipped() const noexcept { return impl_->skipped; }
std::size_t Hub::dropped() const noexcept { return impl_->dropped; }

asio::awaitable<Result> Hub::drain(std::chrono::milliseconds limit) {
  const auto self = impl_;
  const auto until = deadline_after(limit);
  const auto waits = [](const auto& entry) { return !entry.second->queue.empty(); };
  while (std::ranges::any_of(self->members, waits)) {
    if (const auto error = co_await self->emptied.wait(until)) co_return error;
  }
  co_return std::error_code{};
}

}  // namespace ws::io

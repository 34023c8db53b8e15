// generator.cc - the loop of the load generator: opens the connections, keeps them busy, measures, closes.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <stdexcept>
#include <system_error>

#include "runner/bench/client.h"
#include "runner/bench/meter.h"
#include "runner/bench/schedule.h"
#include "runner/bench/tunnels.h"

namespace touchstone::bench {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kTick{std::chrono::milliseconds(100)};  // a turn of the loop lasts no longer
constexpr nanoseconds kGoodbye{std::chrono::seconds(2)};      // for the closing handshakes
constexpr std::size_t kInput = 256 * 1024;
constexpr std::size_t kEvents = 512;

class Generator {
 public:
  Generator(const LoadOptions& options, const std::atomic<bool>& stop,
            const std::function<void(const Progress&)>& tell);
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;
  ~Generator() { ::close(epoll_); }

  LoadResult run();

 private:
  // Opening.
  bool prepare();  // names and certificates; false when that failed
  void open_more();
  [[nodiscard]] Clock::time_point start_due() const {  // of the next connection
    return begun_ +
           options_.ramp * static_cast<std::int64_t>(started_) / static_cast<std::int64_t>(options_.connections);
  }
  void start(std::size_t index);
  void give_up_late_ones();
  [[nodiscard]] bool opening_done() const { return started_ == options_.connections && opening_.empty(); }

  // Every phase runs turns of the loop until it is over.
  bool turn(Clock::time_point until);  // false: `stop`
  void opening_phase();
  void load_phase();
  void drain();
  void say_goodbye();

  void serve(std::size_t index);
  void ended(std::size_t index);
  void watch(std::size_t index, bool wants_write);
  void send(std::size_t index, Clock::time_point due);
  void send_due();
  void next_message(std::size_t index);

  const LoadOptions& options_;
  const std::atomic<bool>& stop_;
  int epoll_;
  Shared shared_;
  std::vector<Address> addresses_;
  std::size_t address_ = 0;
  ws::io::SslContextPtr tls_;

  struct Slot {
    std::unique_ptr<Client> client;
    bool watches_write = false;
  };
  std::vector<Slot> slots_;
  std::size_t started_ = 0, live_ = 0;
  std::deque<std::size_t> opening_;  // the oldest first; those that are open already leave when they are at the front
  Clock::time_point begun_;

  bool sending_ = false;
  std::optional<Schedule> schedule_;  // fixed rate
  std::vector<std::size_t> open_;     // index of each connection that was opened
  std::vector<std::size_t> turn_of_;  // index -> position in open_
  LoadResult result_;
  Meter meter_;
};

Generator::Generator(const LoadOptions& options, const std::atomic<bool>& stop,
                     const std::function<void(const Progress&)>& tell)
    : options_(options),
      stop_(stop),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      shared_{.options = options, .message = Message(options.size, options.text)},
      slots_(options.connections),
      turn_of_(options.connections),
      meter_(options, tell, result_) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll");
  shared_.input.resize(kInput);
  shared_.now = Clock::now();
  shared_.limits.frame = shared_.limits.message = std::numeric_limits<std::int64_t>::max();
}

bool Generator::prepare() {
  auto addresses = resolve(options_.url.host, options_.url.port, options_.family);
  if (!addresses) {
    result_.unreachable = addresses.error();
    return false;
  }
  addresses_ = std::move(*addresses);
  if (!options_.url.secure) return true;
  auto context = ws::io::client_context(options_.tls);
  if (!context) {
    result_.unreachable = "TLS: " + context.error();
    return false;
  }
  tls_ = std::move(*context);
  return true;
}

void Generator::start(std::size_t index) {
  ws::io::SslPtr session;
  if (tls_) {
    const std::string& name = options_.tls.server_name.empty() ? options_.url.host : options_.tls.server_name;
    session = ws::io::client_session(tls_, name, options_.tls.insecure);
  }
  auto channel = Channel::connect(addresses_[address_], std::move(session));
  if (!channel) {
    ++result_.not_opened[channel.error()];
    return;
  }
  shared_.address = to_text(addresses_[address_]);
  slots_[index] = {std::make_unique<Client>(shared_, std::move(*channel)), true};
  epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.u64 = index}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, slots_[index].client->descriptor(), &event);
  opening_.push_back(index);
}

// The first connection finds out which address answers; only then come the others.
void Generator::open_more() {
  while (started_ < options_.connections) {
    if (opening_.size() >= (result_.opened == 0 ? 1 : options_.opening)) return;
    if (started_ > 0 && result_.opened == 0) return;
    if (Clock::now() < start_due()) return;
    start(started_++);
  }
}

void Generator::give_up_late_ones() {
  while (!opening_.empty()) {
    const std::size_t index = opening_.front();
    Client* const client = slots_[index].client.get();
    const bool under_way = client != nullptr && client->state() < Client::State::open;
    if (under_way && shared_.now - client->begun() < options_.patience) return;
    opening_.pop_front();
    if (!under_way) continue;
    client->end("opening handshake: no answer in time");
    ended(index);
  }
}

bool Generator::turn(Clock::time_point until) {
  if (stop_) return false;
  std::array<epoll_event, kEvents> events;
  const auto wait = std::clamp<nanoseconds>(until - Clock::now(), nanoseconds(0), kTick);
  const timespec limit{.tv_sec = 0, .tv_nsec = wait.count()};
  const int count = epoll_pwait2(epoll_, events.data(), kEvents, &limit, nullptr);
  shared_.now = Clock::now();
  for (int i = 0; i < count; ++i) serve(events[static_cast<std::size_t>(i)].data.u64);
  return true;
}

void Generator::serve(std::size_t index) {
  Client* const client = slots_[index].client.get();
  if (client == nullptr) return;
  const auto told = client->ready([this](Clock::time_point due) { meter_.count(shared_.now, due); });
  if (told.opened) {
    ++live_;
    if (result_.opened++ == 0) result_.deflate = client->deflate();
    result_.opening.add(shared_.now - client->begun());
    turn_of_[index] = open_.size();
    open_.push_back(index);
    std::erase(opening_, index);
  }
  if (client->state() == Client::State::ended) return ended(index);
  watch(index, told.wants_write);
  for (std::size_t i = 0; i < told.echoes && sending_; ++i) next_message(index);
}

void Generator::ended(std::size_t index) {
  const std::unique_ptr<Client> client = std::move(slots_[index].client);
  std::erase(opening_, index);
  if (client->was_open()) {
    --live_;
    result_.unanswered += client->waiting();
    if (client->reason().empty()) return;
    ++result_.lost[client->reason()];
    ++result_.lost_count;
  } else if (result_.opened == 0 && ++address_ < addresses_.size()) {
    start(index);  // the first one tries the next address
  } else {
    ++result_.not_opened[client->reason()];
  }
}

void Generator::watch(std::size_t index, bool wants_write) {
  Slot& slot = slots_[index];
  if (slot.watches_write == wants_write) return;
  slot.watches_write = wants_write;
  epoll_event event{.events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.u64 = index}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, slot.client->descriptor(), &event);
}

void Generator::send(std::size_t index, Clock::time_point due) {
  const bool wants_write = slots_[index].client->send(due);
  if (slots_[index].client->state() == Client::State::ended) return ended(index);
  watch(index, wants_write);
}

void Generator::next_message(std::size_t index) {
  if (!slots_[index].client) return;
  if (!schedule_) return send(index, shared_.now);
  if (const auto due = schedule_->owed(turn_of_[index])) send(index, *due);
}

void Generator::send_due() {
  if (!schedule_) return;
  while (const auto next = schedule_->next(shared_.now)) {
    const Slot& slot = slots_[open_[*next]];
    if (!slot.client) continue;  // is no more
    if (slot.client->waiting() < options_.in_flight) {
      if (const auto due = schedule_->owed(*next)) send(open_[*next], *due);
    }
  }
}

void Generator::opening_phase() {
  begun_ = shared_.now = Clock::now();
  meter_.opening_begins(begun_);
  while (true) {
    give_up_late_ones();
    open_more();
    const bool hopeless = started_ > 0 && opening_.empty() && result_.opened == 0;
    if (hopeless || opening_done()) break;
    // Besides the sockets, the ramp makes connections due.
    const bool room = opening_.size() < options_.opening && result_.opened > 0 && started_ < options_.connections;
    if (!turn(std::min(room ? start_due() : Clock::time_point::max(), Clock::now() + kTick))) break;
    meter_.tell(Progress::Phase::opening, shared_.now, begun_, begun_);
  }
  result_.opening_time = Clock::now() - begun_;
  if (result_.opened == 0 && !result_.not_opened.empty()) result_.unreachable = result_.not_opened.begin()->first;
}

void Generator::load_phase() {
  const auto begin = shared_.now = Clock::now();
  meter_.begin(begin);
  sending_ = !options_.idle;
  if (options_.rate > 0 && sending_) schedule_.emplace(begin, options_.rate, open_.size());
  if (sending_ && !schedule_) {
    for (const std::size_t index : open_)
      for (std::size_t i = 0; i < options_.in_flight; ++i) next_message(index);
  }
  while (live_ > 0 && shared_.now < meter_.to()) {
    const auto next = schedule_ ? schedule_->next_at() : Clock::time_point::max();
    if (!turn(std::min(next, meter_.next_boundary(shared_.now)))) break;
    meter_.look(shared_.now);
    if (shared_.now < meter_.to()) send_due();
    meter_.report(shared_.now);
  }
  result_.interrupted = stop_;
  sending_ = false;
  meter_.end(shared_.now);
  if (!schedule_) return;
  schedule_->for_each_owed(meter_.from(), meter_.to(), [this](Clock::time_point due) {
    ++result_.unsent;
    result_.latency.add(meter_.to() - due);  // it would have taken longer
  });
}

// The last echoes: what a server that hangs owes must not be left out of the latencies.
void Generator::drain() {
  const auto until = Clock::now() + options_.patience;
  const auto waits = [](const Slot& slot) { return slot.client && slot.client->waiting() > 0; };
  while (shared_.now < until && std::ranges::any_of(slots_, waits)) {
    if (!turn(until)) break;
    meter_.tell(Progress::Phase::ending, shared_.now, until - options_.patience, until);
  }
  for (const Slot& slot : slots_)
    if (slot.client) result_.unanswered += slot.client->waiting();
}

void Generator::say_goodbye() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].client) continue;
    const bool wants_write = slots_[i].client->close();
    if (slots_[i].client->state() == Client::State::ended) {
      slots_[i].client.reset();
      --live_;
    } else {
      watch(i, wants_write);
    }
  }
  const auto lost = result_.lost;  // what comes now is no loss any more
  const auto lost_count = result_.lost_count;
  const auto unanswered = result_.unanswered;
  const auto until = Clock::now() + kGoodbye;
  while (live_ > 0 && shared_.now < until && turn(until))
    meter_.tell(Progress::Phase::ending, shared_.now, until - kGoodbye, until);
  result_.lost = lost;
  result_.lost_count = lost_count;
  result_.unanswered = unanswered;
}

LoadResult Generator::run() {
  if (!prepare()) return std::move(result_);
  opening_phase();
  result_.interrupted = stop_;
  if (result_.opened == 0 || stop_) return std::move(result_);
  load_phase();
  if (!stop_) drain();
  say_goodbye();
  return std::move(result_);
}

}  // namespace

LoadResult run_load(const LoadOptions& options, const std::atomic<bool>& stop,
                    const std::function<void(const Progress&)>& tell) {
  if (options.streams > 0) return run_tunnels(options, stop, tell);
  return Generator(options, stop, tell).run();
}

std::size_t raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace touchstone::bench

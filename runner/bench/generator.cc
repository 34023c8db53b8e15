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
#include "runner/bench/schedule.h"
#include "runner/bench/tunnels.h"
#include "runner/bench/usage.h"
#include "runner/engine/talk/process_usage.h"

namespace touchstone::bench {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kTick{std::chrono::milliseconds(100)};  // how often progress is told
constexpr nanoseconds kSample{std::chrono::seconds(1)};
constexpr nanoseconds kGoodbye{std::chrono::seconds(2)};  // for the closing handshakes
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
  void count(Clock::time_point due);
  void take_sample(nanoseconds least);  // when so much time has passed since the last one
  void tell(Progress::Phase phase, Clock::time_point begin, Clock::time_point end);

  const LoadOptions& options_;
  const std::atomic<bool>& stop_;
  const std::function<void(const Progress&)>& tell_;
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
  Clock::time_point measure_from_ = Clock::time_point::max(), measure_to_ = Clock::time_point::max();
  Histogram second_;
  Clock::time_point sampled_;
  std::uint64_t sampled_echoes_ = 0;
  Clock::time_point told_;
  std::uint64_t echoes_ = 0, told_echoes_ = 0;  // all, measured or not
  LoadResult result_;
};

Generator::Generator(const LoadOptions& options, const std::atomic<bool>& stop,
                     const std::function<void(const Progress&)>& tell)
    : options_(options),
      stop_(stop),
      tell_(tell),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      shared_{.options = options, .message = Message(options.size, options.text)},
      slots_(options.connections),
      turn_of_(options.connections) {
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
  const auto told = client->ready([this](Clock::time_point due) { count(due); });
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

void Generator::count(Clock::time_point due) {
  ++echoes_;
  const auto now = shared_.now;
  if (now >= measure_from_ && now < measure_to_) ++result_.echoes;
  if (due < measure_from_ || due >= measure_to_) return;
  result_.latency.add(now - due);
  second_.add(now - due);
}

void Generator::take_sample(nanoseconds least) {
  if (shared_.now - sampled_ < least) return;
  const double length = seconds(shared_.now - sampled_);
  result_.series.push_back({.at = seconds(shared_.now - measure_from_),
                            .messages = static_cast<double>(result_.echoes - sampled_echoes_) / length,
                            .p50 = second_.quantile(0.5),
                            .p99 = second_.quantile(0.99),
                            .max = second_.max()});
  sampled_ = shared_.now;
  sampled_echoes_ = result_.echoes;
  second_.clear();
}

void Generator::tell(Progress::Phase phase, Clock::time_point begin, Clock::time_point end) {
  if (shared_.now - told_ < kTick) return;
  Progress progress{.phase = phase, .opened = result_.opened, .lost = result_.lost_count};
  for (const auto& [reason, times] : result_.not_opened) progress.failed += times;
  progress.done =
      phase == Progress::Phase::opening
          ? static_cast<double>(result_.opened + progress.failed) / static_cast<double>(options_.connections)
          : std::min(1.0, seconds(shared_.now - begin) / std::max(seconds(end - begin), 1e-9));
  progress.messages = static_cast<double>(echoes_ - told_echoes_) / seconds(shared_.now - told_);
  progress.p50 = result_.latency.quantile(0.5);
  progress.p99 = result_.latency.quantile(0.99);
  told_ = shared_.now;
  told_echoes_ = echoes_;
  tell_(progress);
}

void Generator::opening_phase() {
  begun_ = told_ = shared_.now = Clock::now();
  while (true) {
    give_up_late_ones();
    open_more();
    const bool hopeless = started_ > 0 && opening_.empty() && result_.opened == 0;
    if (hopeless || opening_done()) break;
    // Besides the sockets, the ramp makes connections due.
    const bool room = opening_.size() < options_.opening && result_.opened > 0 && started_ < options_.connections;
    if (!turn(std::min(room ? start_due() : Clock::time_point::max(), Clock::now() + kTick))) break;
    tell(Progress::Phase::opening, begun_, begun_);
  }
  result_.opening_time = Clock::now() - begun_;
  if (result_.opened == 0 && !result_.not_opened.empty()) result_.unreachable = result_.not_opened.begin()->first;
}

void Generator::load_phase() {
  const auto begin = shared_.now = Clock::now();
  measure_from_ = begin + (options_.idle ? nanoseconds(0) : options_.warm_up);
  measure_to_ = measure_from_ + options_.duration;
  sampled_ = measure_from_;
  sending_ = !options_.idle;
  if (options_.rate > 0 && sending_) schedule_.emplace(begin, options_.rate, open_.size());
  if (sending_ && !schedule_) {
    for (const std::size_t index : open_)
      for (std::size_t i = 0; i < options_.in_flight; ++i) next_message(index);
  }
  nanoseconds cpu_before{}, server_before{};
  bool measuring = false;
  while (live_ > 0 && shared_.now < measure_to_) {
    const auto next = schedule_ ? schedule_->next_at() : Clock::time_point::max();
    const auto boundary = shared_.now < measure_from_ ? measure_from_ : measure_to_;
    if (!turn(std::min(next, boundary))) break;
    if (!measuring && shared_.now >= measure_from_) {
      measuring = true;
      cpu_before = cpu_time();
      if (result_.server) server_before = usage_of(options_.process).cpu;
    }
    if (shared_.now < measure_to_) send_due();
    if (!measuring) {
      tell(Progress::Phase::warming_up, begin, measure_from_);
    } else {
      tell(Progress::Phase::measuring, measure_from_, measure_to_);
      if (!options_.idle) take_sample(kSample);
    }
  }
  result_.interrupted = stop_;
  sending_ = false;
  if (measuring && !options_.idle) take_sample(kSample / 2);
  measure_to_ = std::min(measure_to_, shared_.now);
  result_.measured = std::max(measure_to_ - measure_from_, Clock::duration(0));
  if (measuring && result_.measured.count() > 0)
    result_.own_cpu = seconds(cpu_time() - cpu_before) / seconds(result_.measured);
  if (result_.server && measuring) {
    const ProcessUsage usage = usage_of(options_.process);
    result_.server->cpu = usage.cpu - server_before;
    result_.server->memory = usage.anonymous_octets;
  }
  if (!schedule_) return;
  schedule_->for_each_owed(measure_from_, measure_to_, [this](Clock::time_point due) {
    ++result_.unsent;
    result_.latency.add(measure_to_ - due);  // it would have taken longer
  });
}

// The last echoes: what a server that hangs owes must not be left out of the latencies.
void Generator::drain() {
  const auto until = Clock::now() + options_.patience;
  const auto waits = [](const Slot& slot) { return slot.client && slot.client->waiting() > 0; };
  while (shared_.now < until && std::ranges::any_of(slots_, waits)) {
    if (!turn(until)) break;
    tell(Progress::Phase::ending, until - options_.patience, until);
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
  while (live_ > 0 && shared_.now < until && turn(until)) tell(Progress::Phase::ending, until - kGoodbye, until);
  result_.lost = lost;
  result_.lost_count = lost_count;
  result_.unanswered = unanswered;
}

LoadResult Generator::run() {
  if (!prepare()) return std::move(result_);
  if (options_.process != 0) result_.server = ServerUse{.memory_before = usage_of(options_.process).anonymous_octets};
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

#include "runner/engine/talk/scenario.h"

#include "runner/engine/talk/rethrown.h"
#include "runner/engine/talk/session.h"

#include <ws/io/net/wait.h>

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace touchstone {
namespace {

using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::microseconds;

constexpr int kTimesUsual = 50;              // what an act may take while another connection is not read
constexpr milliseconds kLeastSlowness{100};  // less than that the machine itself is to blame for

constexpr std::string_view kOpening = "opens", kAnswering = "gets its Ping answered", kEchoing = "gets its echo";

void add_head(Transcript& all, const std::string& head, Entry::Direction direction, const std::string& name,
              std::int64_t at) {
  if (head.empty()) return;
  Entry entry;
  entry.at_us = at;
  entry.direction = direction;
  entry.kind = Entry::Kind::head;
  entry.length = head.size();
  entry.octets = head;
  entry.connection = name;
  all.entries.push_back(std::move(entry));
}

// Adds what another connection said, which began `later` than the first one.
void join(Transcript& all, Transcript other, const std::string& name, microseconds later) {
  add_head(all, other.request, Entry::Direction::sent, name, later.count());
  const std::int64_t answered = other.entries.empty() ? 0 : other.entries.front().at_us;
  add_head(all, other.response, Entry::Direction::received, name, later.count() + answered);
  const std::size_t before = all.entries.size();
  for (Entry& entry : other.entries) {
    entry.at_us += later.count();
    entry.connection = name;
    if (entry.same_as) *entry.same_as += before;
    all.entries.push_back(std::move(entry));
  }
  all.octets_sent += other.octets_sent;
  all.octets_received += other.octets_received;
  all.frames_sent += other.frames_sent;
  all.frames_received += other.frames_received;
  all.cut = all.cut || other.cut;
  all.whole = all.whole && other.whole;
}

void in_order_of_time(Transcript& all) {
  std::vector<std::size_t> order(all.entries.size()), place(all.entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return all.entries[i].at_us; });
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  std::vector<Entry> sorted;
  for (const std::size_t i : order) {
    Entry& entry = sorted.emplace_back(std::move(all.entries[i]));
    if (entry.same_as) entry.same_as = place[*entry.same_as];
  }
  all.entries = std::move(sorted);
}

}  // namespace

Scenario::Scenario(const Case& c) : case_(c) {
  talks_.push_back({.one = on_connection(c, {}), .name = {}});
  for (const Beside& beside : c.connections)
    talks_.push_back({.one = on_connection(c, beside.name), .name = beside.name});
}

Scenario::Talk& Scenario::talk(std::string_view name) { return *std::ranges::find(talks_, name, &Talk::name); }

bool Scenario::one_is_held() const { return std::ranges::any_of(talks_, &Talk::held); }

asio::awaitable<Observation> Scenario::run(std::shared_ptr<Dialogue> first, const Open& open) {
  talks_.front().dialogue = std::move(first);
  co_await talks_.front().dialogue->begin();
  for (const Step& step : case_.steps) co_await play(step, open);
  co_return co_await end();
}

asio::awaitable<void> Scenario::play(const Step& step, const Open& open) {
  if (const auto* opens = std::get_if<step::Open>(&step.action)) {
    co_await turn_to(nullptr);
    co_await open_one(opens->name, open);
    co_return;
  }
  Talk& own = talk(step.on);
  if (own.dialogue == nullptr) co_return;
  co_await turn_to(&step.on);
  if (const auto* hold = std::get_if<step::Hold>(&step.action)) own.held = hold->on;
  const bool waits =
      std::holds_alternative<step::Idle>(step.action) || std::holds_alternative<step::Stuck>(step.action);
  if (waits) {
    co_await wait_together(step);
  } else {
    co_await timed(step);
  }
}

// What a step sends goes out before a step on another connection is played.
asio::awaitable<void> Scenario::turn_to(const std::string* name) {
  if (name != nullptr && *name == turn_) co_return;
  const auto& last = talk(turn_).dialogue;
  if (last != nullptr) co_await last->flush();
  if (name != nullptr) turn_ = *name;
}

// An endpoint may serve one connection at a time, or so many: then there is nothing to ask. That it served as many
// before one of them was not read is another matter.
asio::awaitable<void> Scenario::open_one(const std::string& name, const Open& open) {
  Talk& own = talk(name);
  const auto start = Clock::now();
  own.dialogue = co_await open(own.one, own.failed);
  if (own.dialogue != nullptr) {
    compare(kOpening, name, Clock::now() - start);
    co_await own.dialogue->begin();
    co_return;
  }
  if (own.one.expect && own.one.expect->opening) co_return;
  if (own.failed.handshake_violation || !own.failed.unasked.empty()) co_return;
  // Who has had too many connections in a short time says so whatever the others do (RFC 6585 4, RFC 9110 15.6.4).
  if (!says_it_is_busy(own.failed)) not_served(kOpening, name, own.failed.handshake_failure);
  own.failed.unasked =
      fmt::format("connection {} did not open beside the others: {}", name, own.failed.handshake_failure);
}

// All of them wait, and the endpoint's Pings are answered on each.
asio::awaitable<void> Scenario::wait_together(const Step& step) {
  const auto executor = co_await asio::this_coro::executor;
  const auto* idle = std::get_if<step::Idle>(&step.action);
  const auto* stuck = std::get_if<step::Stuck>(&step.action);
  const milliseconds length = idle != nullptr ? idle->length : stuck->length;
  const auto left = std::make_shared<std::size_t>(0);
  if (idle != nullptr) co_await turn_to(nullptr);
  const auto changed = std::make_shared<ws::io::Signal>(executor);
  for (const Talk& other : talks_) {
    if (other.dialogue == nullptr || other.name == step.on || other.held) continue;
    ++*left;
    const auto wait = [](std::shared_ptr<Dialogue> dialogue, milliseconds so_long, std::shared_ptr<std::size_t> count,
                         std::shared_ptr<ws::io::Signal> signal) -> asio::awaitable<void> {
      co_await dialogue->idle(so_long, /*pongs=*/true);
      --*count;
      signal->notify_all();
    };
    asio::co_spawn(executor, wait(other.dialogue, length, left, changed), rethrown);
  }
  co_await talk(step.on).dialogue->play(step);
  while (*left > 0) (void)co_await changed->wait();
}

asio::awaitable<void> Scenario::timed(const Step& step) {
  Dialogue& dialogue = *talk(step.on).dialogue;
  const bool answering = std::holds_alternative<step::Sentinel>(step.action);
  const bool echoing = std::holds_alternative<step::AwaitEcho>(step.action);
  const std::size_t seen = dialogue.observation().seen.size();
  const auto start = Clock::now();
  co_await dialogue.play(step);
  if (!answering && !echoing) co_return;
  const std::string_view act = answering ? kAnswering : kEchoing;
  const auto& came = dialogue.observation().seen;
  const bool silent = std::any_of(came.begin() + static_cast<std::ptrdiff_t>(seen), came.end(),
                                  [](const Seen& one) { return one.kind == Seen::Kind::silent; });
  if (silent) {
    not_served(act, step.on, "nothing came for as long as the tester waited");
  } else if (!dialogue.has_ended()) {
    compare(act, step.on, Clock::now() - start);
  }
}

// It was, before another connection was not read.
void Scenario::not_served(std::string_view act, const std::string& name, std::string instead) {
  if (!one_is_held() || !usual_.contains(act)) return;
  talks_.front().dialogue->observation().harm.push_back(
      {fmt::format("connection {} {} while another one is not read, as before", name.empty() ? "a" : name, act),
       std::move(instead), std::string(Harm::kOthers)});
}

// The clock alone accuses nobody of more than slowness, and that only against the same act on the same endpoint before.
void Scenario::compare(std::string_view act, const std::string& name, Clock::duration took) {
  if (!one_is_held()) {
    auto& usual = usual_[act];
    usual = std::max(usual, took);
    return;
  }
  const auto usual = usual_.find(act);
  if (usual == usual_.end()) return;
  if (took <= std::max<Clock::duration>(kTimesUsual * usual->second, kLeastSlowness)) return;
  const auto in_ms = [](Clock::duration length) { return std::chrono::duration<double, std::milli>(length).count(); };
  talks_.front().dialogue->observation().harm.push_back(
      {fmt::format("connection {} {} about as fast while another one is not read as before, in {:.1f} ms",
                   name.empty() ? "a" : name, act, in_ms(usual->second)),
       fmt::format("it took {:.1f} ms", in_ms(took)), std::string(Harm::kTime)});
}

asio::awaitable<Observation> Scenario::end() {
  std::deque<Observation> all;
  for (Talk& own : talks_) {
    if (own.dialogue == nullptr) {
      all.push_back(std::move(own.failed));
    } else {
      co_await own.dialogue->end();
      all.push_back(co_await own.dialogue->conclude());
    }
    all.back().connection = own.name;
  }
  Observation first = std::move(all.front());
  all.pop_front();
  for (Entry& entry : first.transcript.entries) entry.connection = "a";
  for (Observation& other : all) {
    const auto later =
        other.began == Clock::time_point{} ? microseconds(0) : duration_cast<microseconds>(other.began - first.began);
    join(first.transcript, std::move(other.transcript), other.connection, later);
    first.beside.push_back(std::move(other));
  }
  in_order_of_time(first.transcript);
  co_return first;
}

}  // namespace touchstone

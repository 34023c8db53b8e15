// dialogue_steps.cc - how each kind of step is played.
#include "runner/catalogue/rsv.h"
#include "runner/engine/talk/dialogue.h"
#include "runner/engine/verdict/sentinel.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

constexpr int kMuchLonger = 50;  // times what the same took before

}  // namespace

bool Dialogue::over() const {
  return !outbound_.can_send() || gave_up_ || o_.out_of_time || (closed_or_failed() && !o_.sent_close_in_steps);
}

asio::awaitable<void> Dialogue::play(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    const bool pauses = options_.pause && options_.pause_at && &step == &case_.steps[*options_.pause_at];
    if (pauses && !over()) pause();
    co_await play(step);
  }
}

void Dialogue::pause() {
  const auto before = Clock::now();
  options_.pause();
  const auto took = Clock::now() - before;
  deadline_ += took;
  last_activity_ += took;
}

asio::awaitable<void> Dialogue::play(const Step& step) {
  // What is asked beside this connection is asked whatever has become of it.
  const bool beside = std::holds_alternative<step::Alive>(step.action);
  if (over() && !beside) co_return;
  co_await std::visit([this](const auto& one) { return play(one); }, step.action);
  if (held_) send_beside();
}

asio::awaitable<void> Dialogue::play(const step::Repeat& repeat) {
  rounds_when_full_ = 0;
  for (std::uint32_t i = 0; i < repeat.count && !over(); ++i) {
    co_await play(repeat.steps);
    if (held_ && co_await has_enough()) break;
  }
}

// The scenario opens it.
asio::awaitable<void> Dialogue::play(const step::Open&) { co_return; }

asio::awaitable<void> Dialogue::play(const step::Idle& step) {
  co_await outbound_.flush();
  co_await idle(step.length, step.pongs);
}

asio::awaitable<void> Dialogue::idle(std::chrono::milliseconds length, bool pongs) {
  recorder_.note(Entry::Direction::local, Entry::Kind::mark,
                 fmt::format("sending nothing for {} ms{}", length.count(), pongs ? "" : ", and no Pongs"));
  note_seen(Seen::Kind::idle);
  for (const auto until = Clock::now() + length; !has_ended() && Clock::now() < until;) {
    if (pongs) co_await answer_pings();
    co_await sleep_until_changed(until);
  }
  if (!pongs) inbound_.pings_to_answer.clear();
  last_activity_ = Clock::now();
}

asio::awaitable<void> Dialogue::play(const step::Reading& reading) {
  co_await outbound_.flush();
  set_reading(reading.on);
}

asio::awaitable<void> Dialogue::play(const step::Frame& frame) {
  const ws::Bytes payload = payloads_.make(frame.payload);
  composer_.frame(frame, payload, outbound_.sink());
  torn_ = torn_ || !frame.form.whole();
  if (frame.form.whole()) {
    inbound_.sent(frame.opcode, frame.fin, payload, (frame.rsv & kRsv1) != 0);
    if (frame.opcode == ws::Opcode::close) mark_close(payload);
  }
  if (frame.pause_at.empty()) {
    co_await outbound_.after_step();
  } else {
    co_await send_with_pauses(frame, payload.size());
  }
}

// Cuts the frame that was gathered last inside its payload. Nothing can be asked of the endpoint there, so
// each pause is a moment, long for this connection, that ends early when the endpoint reacts.
asio::awaitable<void> Dialogue::send_with_pauses(const step::Frame& frame, std::size_t payload_size) {
  const ws::Bytes octets = outbound_.take();
  const std::size_t head = octets.size() - payload_size;
  std::size_t at = 0;
  in_frame_ = true;
  for (std::size_t i = 0; i < frame.pause_at.size() && !over(); ++i) {
    const std::size_t cut = std::min(octets.size(), head + static_cast<std::size_t>(frame.pause_at[i]));
    co_await outbound_.put(ws::ByteView(octets).subspan(at, cut - at));
    at = cut;
    co_await outbound_.until_read();
    const Waited waited = co_await wait_for([this] { return closed_or_failed(); }, moment(options_));
    if (waited == Waited::silent && i < frame.marks.size()) passed(frame.marks[i]);
  }
  in_frame_ = false;
  if (!over()) co_await outbound_.put(ws::ByteView(octets).subspan(at));
}

asio::awaitable<void> Dialogue::play(const step::Message& message) {
  if (!message.parts.empty()) {
    std::vector<ws::Bytes> parts;
    ws::Bytes whole;
    for (const Payload& part : message.parts) {
      parts.push_back(payloads_.make(part));
      ws::append(whole, parts.back());
    }
    inbound_.sent(message.opcode, true, whole);
    composer_.parts(message.opcode, parts, outbound_.sink());
  } else {
    ws::Bytes payload = payloads_.make(message.payload);
    composer_.message(message.opcode, payload, message.fragment, message.deflate, outbound_.sink());
    inbound_.sent_message(message.opcode, std::move(payload));
  }
  co_await outbound_.after_step();
}

asio::awaitable<void> Dialogue::play(const step::Close& close) {
  const ws::Bytes payload = close_payload(close.code, payloads_.make(close.reason));
  composer_.frame(ws::Opcode::close, true, 0, payload, outbound_.sink());
  mark_close(payload);
  co_await outbound_.after_step();
}

void Dialogue::mark_close(ws::ByteView payload) {
  o_.sent_close_in_steps = close_sent_ = true;
  if (const auto code = ws::close_code_of(payload)) o_.local_close_code = code;
}

void Dialogue::gather_sentinel(std::string mark) {
  // A payload of its own, so that its Pong can be told from any other.
  const std::string payload = sentinel_payload(options_.seed, case_.id, o_.sent_pings.size());
  o_.sent_pings.push_back({payload, true, std::move(mark), o_.seen.size()});
  composer_.frame(ws::Opcode::ping, true, 0, ws::as_octets(payload), outbound_.sink());
  // A Pong that nobody asked for is allowed at any time (RFC 6455 5.5.3), and gets no answer.
  if (options_.nudges) composer_.frame(ws::Opcode::pong, true, 0, {}, outbound_.sink());
}

asio::awaitable<void> Dialogue::play(const step::Sentinel& sentinel) {
  gather_sentinel(sentinel.mark);
  co_await outbound_.flush();
  const std::size_t ping = o_.sent_pings.size() - 1;
  const Waited waited = co_await wait_for([this, ping] { return inbound_.answered(ping) || closed_or_failed(); },
                                          fmt::format("the Pong of sentinel {}", sentinel.mark));
  if (waited == Waited::done && inbound_.answered(ping)) passed(sentinel.mark);
}

void Dialogue::passed(const std::string& mark) {
  note_seen(Seen::Kind::passed, mark);
  recorder_.note(Entry::Direction::local, Entry::Kind::mark, mark);
}

asio::awaitable<void> Dialogue::play(const step::AwaitEcho&) {
  co_await outbound_.flush();
  const Waited waited =
      co_await wait_for([this] { return o_.messages.size() >= o_.sent_messages.size() || closed_or_failed(); },
                        fmt::format("the echo of message {}", o_.sent_messages.size()));
  // What was not answered in time fails the case already: the messages after it would each wait as long.
  if (waited == Waited::silent) gave_up_ = o_.echo_lacked = true;
}

asio::awaitable<void> Dialogue::play(const step::Octets& raw) {
  const ws::Bytes octets = payloads_.make(raw.octets);
  outbound_.gather(octets);
  co_await outbound_.after_step();
}

asio::awaitable<void> Dialogue::play(const step::Tcp& tcp) {
  co_await outbound_.flush();
  if (!outbound_.can_send()) co_return;
  o_.ended_tcp_in_steps = true;
  if (tcp.how == step::Tcp::How::reset) {
    recorder_.note(Entry::Direction::sent, Entry::Kind::reset);
    outbound_.give_up();
    heard_all_ = true;
    stream_->reset();
    set_reading(true);
    co_return;
  }
  co_await outbound_.end();
}

// What a case does to the endpoint is told by what was the same before it, on this machine and under its load.
asio::awaitable<void> Dialogue::measure_before() {
  each_step(case_.steps,
            [&](const Step& step) { asks_beside_ = asks_beside_ || std::holds_alternative<step::Alive>(step.action); });
  if (asks_beside_ && options_.knock)
    knock_before_ = co_await options_.knock(options_.timeout, std::nullopt, options_.must_prove);
}

asio::awaitable<void> Dialogue::play(const step::Alive& alive) {
  co_await outbound_.flush();
  if (!knock_before_.fault.empty()) {  // the case has no part in that
    recorder_.note(Entry::Direction::local, Entry::Kind::mark,
                   fmt::format("no fresh connection is asked for: before the case, {}", knock_before_.fault));
  } else if (options_.knock && alive.is_crowd()) {
    co_await play_crowd(alive);
  } else if (options_.knock) {
    co_await knock(alive);
  }
  if (options_.process != 0 && !alive.is_crowd()) compare_usage(alive);
  last_activity_ = Clock::now();
}

// The time alone accuses nobody of more than slowness, and of that only against the time that the same took before.
asio::awaitable<void> Dialogue::knock(const step::Alive& alive) {
  const std::chrono::milliseconds most =
      std::max<std::chrono::milliseconds>(alive.within, kMuchLonger * knock_before_.took);
  const Knocked knocked = co_await knock_until_let_in(most, std::nullopt);
  recorder_.note(Entry::Direction::local, Entry::Kind::mark,
                 knocked.fault.empty() ? fmt::format("a fresh connection works, after {} ms (before: {} ms)",
                                                     knocked.took.count(), knock_before_.took.count())
                                       : "a fresh connection: " + knocked.fault);
  if (!knocked.fault.empty()) {
    o_.harm.push_back({"a fresh connection opens and answers a Ping", knocked.fault, "connection"});
  } else if (knocked.took > most) {
    o_.harm.push_back(
        {fmt::format("a fresh connection takes about as long as before the case, {} ms", knock_before_.took.count()),
         fmt::format("it took {} ms", knocked.took.count()), std::string(Harm::kTime)});
  }
}

void Dialogue::compare_usage(const step::Alive& alive) {
  compare_memory(alive.memory_mib);
  const ProcessUsage now = usage_of(options_.process);
  if (now.cpu > usage_before_.cpu + alive.cpu) {
    o_.harm.push_back({fmt::format("the case costs the endpoint at most {} s of CPU", alive.cpu.count()),
                       fmt::format("{} ms", (now.cpu - usage_before_.cpu).count()), "CPU"});
  }
}

void Dialogue::compare_memory(std::uint64_t most_mib) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  const ProcessUsage now = usage_of(options_.process);
  if (now.resident_octets <= usage_before_.resident_octets + most_mib * kMiB) return;
  o_.harm.push_back(
      {fmt::format("the endpoint's memory grows by at most {} MiB", most_mib),
       fmt::format("it grew from {} to {} MiB", usage_before_.resident_octets / kMiB, now.resident_octets / kMiB),
       "memory"});
}

}  // namespace touchstone

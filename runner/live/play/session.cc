#include "runner/live/play/session.h"

#include "runner/engine/talk/rethrown.h"

#include <fmt/format.h>
#include <ws/core/close.h>
#include <ws/testing/oracle/describe.h>
#include <ws/testing/oracle/unlimited.h>

#include <asio/co_spawn.hpp>
#include <asio/error.hpp>

#include <algorithm>

namespace touchstone::play {
namespace {

constexpr std::uint64_t kMostWaiting = 64 * 1024 * 1024;  // octets that nobody has asked for yet

constexpr std::chrono::milliseconds kLastWords{500};

Expectation::Kind kind_of(ws::Opcode opcode) {
  using Kind = Expectation::Kind;
  switch (opcode) {
    case ws::Opcode::text:
      return Kind::text;
    case ws::Opcode::binary:
      return Kind::binary;
    case ws::Opcode::ping:
      return Kind::ping;
    case ws::Opcode::pong:
      return Kind::pong;
    case ws::Opcode::close:
      return Kind::close;
    default:
      return Kind::message;
  }
}

}  // namespace

Session::Session(World& world, std::uint64_t number, ws::Role role, std::unique_ptr<ws::io::Stream> stream,
                 const Plan* plan)
    : world_(world),
      number_(number),
      role_(role),
      plan_(plan),
      watcher_(number, {.client = role == ws::Role::server, .server = role == ws::Role::client}, world.events,
               world.totals),
      road_(stream->executor()),
      owned_(std::make_unique<PlayedStream>(std::move(stream), role, watcher_, road_)),
      stream_(owned_.get()),
      changed_(stream_->executor()),
      payloads_(world.seed) {
  watcher_.on_frame = [this](ws::Role who, const SaidFrame& frame) {
    if (who != role_) take(frame);
  };
  watcher_.on_message = [this](ws::Role who, SaidMessage message) {
    if (who != role_) take(std::move(message));
  };
}

asio::awaitable<void> Session::run() {
  world_.events.tell("connected", number_, {{"peer", stream_->peer()}});
  co_await converse();
  over_ = true;
  road_.give_up();
  if (owned_) stream_->close();
  while (reader_runs_) (void)co_await changed_.wait();
  watcher_.finish();
}

void Session::command(Command command) {
  commands_.push_back(std::move(command));
  changed_.notify_all();
}

void Session::stop() {
  stopping_ = true;
  road_.give_up();
  changed_.notify_all();
  // Last words are said, but a peer that reads nothing, or has not begun, is not waited for.
  const auto patience = plan_ == nullptr ? std::chrono::milliseconds(0) : kLastWords;
  grace_.emplace(stream_->executor(), ws::io::deadline_after(patience), [this] {
    if (!over_ && owned_) stream_->close();
  });
}

bool Session::fail(const std::string& place, std::string expected, std::string seen) {
  ++world_.failed;
  Json more;
  if (!command_id_.is_null()) more["id"] = command_id_;
  more["place"] = place;
  more["expected"] = std::move(expected);
  more["seen"] = std::move(seen);
  world_.events.tell("step-failed", number_, more);
  return false;
}

// --- Reading ---

void Session::start_reading() {
  reader_runs_ = true;
  asio::co_spawn(stream_->executor(), [self = shared_from_this()] { return self->read(); }, rethrown);
}

asio::awaitable<void> Session::read() {
  ws::Bytes buffer(64 * 1024);
  while (!over_) {
    if (!reads_ || inbox_octets_ > kMostWaiting) {
      (void)co_await changed_.wait();
      continue;
    }
    const auto n = co_await stream_->read_some(buffer);
    if (!n) {
      was_reset_ = n.error() == asio::error::connection_reset;
      break;
    }
    changed_.notify_all();
  }
  heard_all_ = true;
  reader_runs_ = false;
  changed_.notify_all();
}

void Session::put(Item item) {
  inbox_octets_ += item.payload.size() + sizeof(Item);
  inbox_.push_back(std::move(item));
}

void Session::take(const SaidFrame& frame) {
  const ws::Opcode opcode = frame.header.opcode;
  if (!ws::is_control(opcode)) return;  // its message says it
  if (opcode == ws::Opcode::ping && plan_ != nullptr && plan_->answers_pings) pings_.push_back(frame.payload);
  if (opcode == ws::Opcode::close && !close_came_) close_came_ = frame.payload;
  put({kind_of(opcode), frame.payload, ws::testing::describe(ws::testing::Frame{frame.header, frame.payload})});
}

void Session::take(SaidMessage message) {
  const std::string words = ws::testing::describe(ws::testing::Message{message.opcode, message.data});
  put({kind_of(message.opcode), std::move(message.data), words});
}

// --- Waiting ---

asio::awaitable<bool> Session::until(std::function<bool()> done, Clock::time_point when) {
  while (true) {
    co_await upkeep();
    if (done()) co_return true;
    if (stopping_ || heard_all_) co_return false;
    const std::error_code late = co_await changed_.wait(when);
    if (late) co_return done();
  }
}

// RFC 6455 5.5.1, 5.5.2: what any endpoint owes, unless the script says otherwise.
asio::awaitable<void> Session::upkeep() {
  if (!composer_ || torn_ || !can_send_ || close_sent_) {
    pings_.clear();
    co_return;
  }
  while (!pings_.empty()) {
    const ws::Bytes payload = std::move(pings_.front());
    pings_.pop_front();
    composer_->frame(ws::Opcode::pong, true, 0, payload, sink());
    co_await flush();
  }
  if (!close_came_ || !plan_->answers_close || close_sent_) co_return;
  const auto code = ws::close_code_of(*close_came_);
  const bool legal = code && ws::close_code_on_wire(*code);
  co_await send_close(legal  ? code
                      : code ? std::optional<std::uint16_t>(ws::close_code::kProtocolError)
                             : std::nullopt,
                      {});
}

Composer::Sink Session::sink() {
  return [this](const WireFrame& frame) { ws::append(gathered_, frame.octets); };
}

asio::awaitable<void> Session::flush() {
  const ws::Bytes octets = std::exchange(gathered_, {});
  if (octets.empty() || !can_send_) co_return;
  if (co_await stream_->write(octets)) can_send_ = false;
}

asio::awaitable<void> Session::send_close(std::optional<std::uint16_t> code, std::string_view reason) {
  close_sent_ = true;
  composer_->frame(ws::Opcode::close, true, 0, close_payload(code, ws::as_octets(reason)), sink());
  co_await flush();
}

// --- After the steps ---

asio::awaitable<void> Session::go_on() {
  switch (plan_->then) {
    case Plan::Then::close:
      co_return co_await close_in_order();
    case Plan::Then::stay:
    case Plan::Then::echo:
      co_await serve_commands();
      co_return co_await close_in_order();
    case Plan::Then::fin:
      (void)co_await stream_->shutdown_send();
      (void)co_await until([this] { return heard_all_; }, Clock::now() + world_.script.patience);
      co_return;
    case Plan::Then::reset:
      stream_->reset();
      co_return;
  }
}

// Until the peer closes, ends TCP, or a command does.
asio::awaitable<void> Session::serve_commands() {
  const bool echoes = plan_->then == Plan::Then::echo;
  const std::function<bool()> something = [this, echoes] {
    return !commands_.empty() || close_came_ || close_sent_ || !can_send_ || (echoes && !inbox_.empty());
  };
  while (true) {
    const bool came = co_await until(something, Clock::time_point::max());
    if (!came) co_return;
    if (!commands_.empty()) {
      const Command command = std::move(commands_.front());
      commands_.pop_front();
      command_id_ = command.id;
      if (co_await play(command.steps)) {
        world_.events.tell("done", number_, command.id.is_null() ? Json::object() : Json{{"id", command.id}});
      }
      command_id_ = nullptr;
    } else if (echoes && !inbox_.empty() && !close_sent_) {
      Item item = std::move(inbox_.front());
      inbox_.pop_front();
      inbox_octets_ -= item.payload.size() + sizeof(Item);
      changed_.notify_all();
      co_await echo(std::move(item));
    } else {
      co_return;
    }
  }
}

asio::awaitable<void> Session::echo(Item item) {
  const bool text = item.kind == Expectation::Kind::text;
  if (!text && item.kind != Expectation::Kind::binary) co_return;
  composer_->message(text ? ws::Opcode::text : ws::Opcode::binary, item.payload, 0, watcher_.deflate().has_value(),
                     sink());
  co_await flush();
}

asio::awaitable<void> Session::close_in_order() {
  if (heard_all_) co_return;
  if (stopping_) {  // nobody waits for anything any more
    if (!close_sent_ && can_send_ && !torn_) {
      composer_->frame(ws::Opcode::close, true, 0, close_payload(ws::close_code::kGoingAway, {}),
                       [this](const WireFrame& frame) { stream_->write_without_waiting(frame.octets); });
    }
    co_return;
  }
  if (can_send_ && !close_sent_ && !torn_) co_await send_close(ws::close_code::kNormal, {});
  if (!can_send_) co_return;
  const auto when = Clock::now() + world_.script.patience;
  const bool answered = co_await until([this] { return close_came_.has_value(); }, when);
  if (!answered && !stopping_ && !torn_) {
    if (!heard_all_) watcher_.waited_in_vain(ws::testing::opposite(role_));
    (void)fail(plan_->place, "a Close in answer to the script's", heard_all_ ? "the end of TCP" : "nothing");
  }
  co_await end_tcp();
}

// RFC 6455 7.1.1: the server ends TCP first.
asio::awaitable<void> Session::end_tcp() {
  if (role_ == ws::Role::server) (void)co_await stream_->shutdown_send();
  const bool ended = co_await until([this] { return heard_all_; }, Clock::now() + world_.script.patience);
  if (!ended && !stopping_) watcher_.waited_in_vain(ws::testing::opposite(role_));
}

}  // namespace touchstone::play

// The opening handshake of a play, and what takes its place.
#include "runner/engine/talk/opening.h"
#include "runner/engine/talk/opening_head.h"
#include "runner/live/play/session.h"
#include "runner/serve/http.h"

#include <fmt/format.h>
#include <ws/core/http/handshake.h>
#include <ws/io/net/random.h>
#include <ws/testing/faults/deviant_endpoints.h>

namespace touchstone::play {
namespace {

std::string refusal_head(int status, const std::vector<ws::Field>& fields, std::string_view body) {
  ws::ResponseHead head;
  head.status = status;
  head.reason = ws::reason_phrase(status);
  head.fields = fields;
  head.fields.push_back({"Content-Length", std::to_string(body.size())});
  head.fields.push_back({"Connection", "close"});
  return ws::serialize(head).append(body);
}

}  // namespace

asio::awaitable<void> Session::converse() {
  if (role_ == ws::Role::server) {
    co_await be_server();
  } else {
    co_await be_client();
  }
}

// Who only looks whether the port is open has not begun an opening handshake, and takes nobody's place.
asio::awaitable<bool> Session::read_request() {
  ws::Bytes buffer(16 * 1024);
  const auto when = ws::io::deadline_after(world_.script.patience);
  const ws::io::Watchdog watchdog(stream_->executor(), when, [stream = stream_] { stream->close(); });
  while (!watcher_.request() && !watcher_.request_is_illegible()) {
    const auto n = co_await stream_->read_some(buffer);
    if (!n || stopping_) co_return false;
    ws::append(early_, std::span(buffer).first(*n));
  }
  co_return true;
}

asio::awaitable<void> Session::turn_away() {
  const bool plain = watcher_.is_plain_http();
  const int status = plain ? 426 : 400;
  std::vector<ws::Field> fields;
  if (plain) fields = {{"Upgrade", "websocket"}};
  const std::string text = refusal_head(status, fields, "This is a WebSocket server of touchstone play.\n");
  (void)co_await stream_->write(ws::as_octets(text));
  start_reading();
  (void)co_await stream_->shutdown_send();
  (void)co_await until([this] { return heard_all_; }, Clock::now() + world_.script.patience);
}

asio::awaitable<void> Session::be_server() {
  if (!co_await read_request()) co_return;
  if (!watcher_.request()) co_return co_await turn_away();
  if (watcher_.is_plain_http()) co_return co_await turn_away();
  plan_ = world_.next_plan();
  if (plan_ == nullptr) {
    static const Plan kUnplanned = [] {
      Plan plan;
      plan.refusal = Plan::Refusal::status;
      return plan;
    }();
    plan_ = &kUnplanned;
    world_.events.tell("unplanned", number_);
  }
  road_.set(plan_->network);
  stream_->read_slowly(plan_->read_bytes_per_s);
  if (plan_->delay.count() > 0) co_await road_.wait_until(Clock::now() + plan_->delay);
  if (plan_->refusal != Plan::Refusal::none) co_return co_await refuse();
  if (plan_->fault) co_return co_await echo_with_faults();
  co_await answer();
}

asio::awaitable<void> Session::refuse() {
  start_reading();
  switch (plan_->refusal) {
    case Plan::Refusal::reset:
      stream_->reset();
      co_return;
    case Plan::Refusal::silence:
      (void)co_await until([this] { return heard_all_; }, Clock::time_point::max());
      co_return;
    case Plan::Refusal::none:
    case Plan::Refusal::fin:
      break;
    case Plan::Refusal::status: {
      const std::string text = refusal_head(plan_->status, plan_->fields, {});
      (void)co_await stream_->write(ws::as_octets(text));
      break;
    }
  }
  (void)co_await stream_->shutdown_send();
  (void)co_await until([this] { return heard_all_; }, Clock::now() + world_.script.patience);
}

// Inside is the deviant peer of ws/testing; its time limits are its own.
asio::awaitable<void> Session::echo_with_faults() {
  ws::testing::DeviantOptions options;
  options.role = role_;
  options.faults = *plan_->fault;
  const auto& target = world_.target;
  if (role_ == ws::Role::client) {
    options.host = target->host.empty() ? ws::host_field(target->url) : target->host;
    options.target = target->url.target;
    options.mask_key = ws::io::random_mask_key;
    options.nonce = ws::io::random_nonce;
  }
  const auto stream = serve::with_early(std::move(owned_), std::move(early_));
  const auto watch = [](std::shared_ptr<Session> self, ws::io::Stream& of) -> asio::awaitable<void> {
    while (!self->stopping_ && !self->over_) (void)co_await self->changed_.wait();
    if (!self->over_) of.reset();
    self->reader_runs_ = false;
    self->changed_.notify_all();
  };
  reader_runs_ = true;
  asio::co_spawn(stream_->executor(), watch(shared_from_this(), *stream), rethrown);
  co_await ws::testing::echo_with_faults(*stream, std::move(options));
  heard_all_ = over_ = true;
  changed_.notify_all();
  while (reader_runs_) (void)co_await changed_.wait();
  stream->close();
}

asio::awaitable<void> Session::answer() {
  const auto facts = ws::check_request(*watcher_.request());
  if (!facts) {
    const ws::Rule& rule = ws::rule(facts.error());
    (void)fail(plan_->place, "a request that RFC 6455 4.2.1 accepts", std::string(rule.text));
    co_return co_await turn_away();
  }
  SessionOptions options;
  options.timeout = world_.script.patience;
  options.seed = world_.seed + number_;
  const OpeningAnswer made = opening_answer(plan_->opening, *watcher_.request(), *facts, options.seed);
  const HeadScript script = plan_->opening.answer.value_or(HeadScript{});
  const ws::Bytes behind = payloads_.make(script.behind);
  start_reading();
  const SentHead sent = co_await send_head(*stream_, script, made.octets, behind, options);
  if (sent.error) can_send_ = false;
  co_await talk();
}

asio::awaitable<void> Session::be_client() {
  road_.set(plan_->network);
  stream_->read_slowly(plan_->read_bytes_per_s);
  if (plan_->delay.count() > 0) co_await road_.wait_until(Clock::now() + plan_->delay);
  if (plan_->fault) co_return co_await echo_with_faults();
  SessionOptions options;
  options.timeout = world_.script.patience;
  options.seed = world_.seed + number_;
  const OpeningRequest request = opening_request(plan_->opening, *world_.target, options.seed);
  const HeadScript script = plan_->opening.request.value_or(HeadScript{});
  const ws::Bytes behind = payloads_.make(script.behind);
  start_reading();
  const SentHead sent = co_await send_head(*stream_, script, request.octets, behind, options);
  if (sent.error) can_send_ = false;
  (void)co_await until([this] { return watcher_.answer().has_value(); }, Clock::now() + world_.script.patience);
  if (!watcher_.is_open() && !stopping_) {
    const auto& got = watcher_.answer();
    (void)fail(plan_->place, "the answer 101 to the opening handshake",
               got          ? fmt::format("status {}", got->status)
               : heard_all_ ? "the end of TCP"
                            : "nothing");
    co_return;
  }
  co_await talk();
}

// On the open connection. A scripted head may have opened none.
asio::awaitable<void> Session::talk() {
  if (!watcher_.is_open()) {
    (void)co_await until([this] { return heard_all_; }, Clock::now() + world_.script.patience);
    co_return;
  }
  composer_.emplace(role_, world_.seed + number_, watcher_.deflate(), world_.cache);
  const bool followed = co_await play(plan_->steps);
  if (followed) co_return co_await go_on();
  if (!can_send_ || close_sent_ || torn_ || heard_all_) co_return;
  co_await send_close(ws::close_code::kInternalError, "the script was not followed");
  (void)co_await stream_->shutdown_send();
}

}  // namespace touchstone::play

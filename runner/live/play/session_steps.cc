// The steps of a play.
#include "runner/live/play/session.h"

#include <fmt/format.h>
#include <ws/core/close.h>
#include <ws/testing/oracle/describe.h>

#include <algorithm>
#include <array>

namespace touchstone::play {
namespace {

using Kind = Expectation::Kind;

constexpr std::array<std::string_view, 8> kWords = {"a text message", "a binary message", "a message",      "a Ping",
                                                    "a Pong",         "a Close",          "the end of TCP", "a reset"};

std::string describe(const Expectation& expectation, const std::optional<ws::Bytes>& payload) {
  std::string words(kWords[static_cast<std::size_t>(expectation.kind)]);
  if (payload) words += " " + ws::testing::describe(ws::ByteView(*payload));
  if (expectation.contains) words += fmt::format(" that contains \"{}\"", *expectation.contains);
  if (expectation.code) words += *expectation.code ? fmt::format(" {}", **expectation.code) : " without a code";
  return words;
}

bool is_control(Kind kind) { return kind == Kind::ping || kind == Kind::pong; }

// It is of the kind that is wanted; of a message either will do.
bool is_of(Kind wanted, Kind came) {
  return wanted == came || (wanted == Kind::message && (came == Kind::text || came == Kind::binary));
}

}  // namespace

asio::awaitable<bool> Session::play(const std::vector<PlayStep>& steps) {
  for (const PlayStep& step : steps) {
    if (stopping_) co_return true;
    const bool followed = co_await play_one(step);
    if (!followed) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Session::play_one(const PlayStep& step) {
  return std::visit([&](const auto& action) { return play(action, step.place); }, step.action);
}

asio::awaitable<bool> Session::play(const Rounds& rounds, const std::string&) {
  for (std::uint32_t i = 0; i < rounds.count; ++i) {
    const bool followed = co_await play(rounds.steps);
    if (!followed) co_return false;
  }
  co_return true;
}

// --- What is sent ---

asio::awaitable<bool> Session::play(const step::Frame& frame, const std::string&) {
  const ws::Bytes payload = payloads_.make(frame.payload);
  composer_->frame(frame, payload, sink());
  torn_ = torn_ || !frame.form.whole();
  const std::size_t head = gathered_.size() - std::min(gathered_.size(), payload.size());
  const ws::Bytes octets = std::exchange(gathered_, {});
  std::size_t at = 0;
  for (const std::uint64_t pause : frame.pause_at) {  // each a moment, long enough for a segment of its own
    const std::size_t cut = std::min(octets.size(), head + static_cast<std::size_t>(pause));
    gathered_.assign(octets.begin() + static_cast<std::ptrdiff_t>(at),
                     octets.begin() + static_cast<std::ptrdiff_t>(cut));
    at = cut;
    co_await flush();
    co_await road_.wait_until(Clock::now() + std::chrono::milliseconds(20));
  }
  gathered_.assign(octets.begin() + static_cast<std::ptrdiff_t>(at), octets.end());
  if (frame.opcode == ws::Opcode::close && frame.form.whole()) close_sent_ = true;
  co_await flush();
  co_return true;
}

asio::awaitable<bool> Session::play(const step::Message& message, const std::string&) {
  ws::testing::Message whole;
  whole.opcode = message.opcode;
  if (message.parts.empty()) {
    whole.data = payloads_.make(message.payload);
    composer_->message(message.opcode, whole.data, message.fragment, message.deflate, sink());
  } else {
    std::vector<ws::Bytes> parts;
    for (const Payload& part : message.parts) {
      parts.push_back(payloads_.make(part));
      ws::append(whole.data, parts.back());
    }
    composer_->parts(message.opcode, parts, sink());
  }
  sent_.push_back(std::move(whole));
  co_await flush();
  co_return true;
}

asio::awaitable<bool> Session::play(const step::Close& close, const std::string&) {
  const ws::Bytes reason = payloads_.make(close.reason);
  co_await send_close(close.code, ws::as_text(reason));
  co_return true;
}

asio::awaitable<bool> Session::play(const step::Octets& octets, const std::string&) {
  gathered_ = payloads_.make(octets.octets);
  torn_ = true;  // nobody knows where a frame begins now
  co_await flush();
  co_return true;
}

asio::awaitable<bool> Session::play(const step::Tcp& tcp, const std::string&) {
  if (tcp.how == step::Tcp::How::reset) {
    stream_->reset();
  } else {
    (void)co_await stream_->shutdown_send();
  }
  can_send_ = false;
  co_return true;
}

asio::awaitable<bool> Session::play(const step::Reading& reading, const std::string&) {
  reads_ = reading.on;
  changed_.notify_all();
  co_return true;
}

asio::awaitable<bool> Session::play(const Change& change, const std::string&) {
  Faults none("");
  road_.set(read_network(Cursor(change.network, none), road_.network()));
  co_return true;
}

asio::awaitable<bool> Session::play(const Away& away, const std::string&) {
  if (world_.leave) world_.leave(away.length);
  co_return true;
}

// The connection lives on: Pings are answered.
asio::awaitable<bool> Session::play(const Pause& pause, const std::string&) {
  const auto when = Clock::now() + pause.length;
  (void)co_await until([] { return false; }, when);
  if (heard_all_ && !stopping_) co_await road_.wait_until(when);
  co_return true;
}

// --- What is waited for ---

asio::awaitable<bool> Session::play(const step::Sentinel& sentinel, const std::string& place) {
  composer_->frame(ws::Opcode::ping, true, 0, ws::as_octets(sentinel.mark), sink());
  co_await flush();
  const auto answered = [this, &sentinel] {
    return std::ranges::any_of(inbox_, [&](const Item& item) {
      return item.kind == Kind::pong && ws::as_text(item.payload) == sentinel.mark;
    });
  };
  reads_ = true;
  changed_.notify_all();
  const bool came = co_await until(answered, Clock::now() + world_.script.patience);
  if (!came && !stopping_) {
    co_return fail(place, fmt::format("the Pong of \"{}\"", sentinel.mark), heard_all_ ? "the end of TCP" : "nothing");
  }
  co_return true;
}

asio::awaitable<bool> Session::play(const step::AwaitEcho&, const std::string& place) {
  while (!sent_.empty()) {
    const ws::testing::Message message = std::move(sent_.front());
    sent_.pop_front();
    Expectation expectation;
    expectation.kind = message.opcode == ws::Opcode::text ? Kind::text : Kind::binary;
    expectation.payload = Payload{recipe::Literal{message.data}};
    const bool came = co_await play(expectation, place);
    if (!came) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Session::play(const Expectation& expectation, const std::string& place) {
  const std::optional<ws::Bytes> payload =
      expectation.payload ? std::optional(payloads_.make(*expectation.payload)) : std::nullopt;
  const bool of_tcp = expectation.kind == Kind::end || expectation.kind == Kind::reset;
  // The first that is no Ping or Pong, unless one is wanted; with the end of TCP a Close before it is passed over too.
  const auto passes = [&](const Item& item) {
    return (is_control(item.kind) && item.kind != expectation.kind) || (of_tcp && item.kind == Kind::close);
  };
  const auto next = [&] {
    while (!inbox_.empty() && passes(inbox_.front())) {
      inbox_octets_ -= inbox_.front().payload.size() + sizeof(Item);
      inbox_.pop_front();
    }
    return !inbox_.empty() || heard_all_;
  };
  reads_ = true;
  changed_.notify_all();
  const auto limit = expectation.within.value_or(world_.script.patience);
  const bool came = co_await until(next, Clock::now() + limit);
  if (stopping_) co_return true;
  const std::string wanted = describe(expectation, payload);
  if (!came && !next()) co_return fail(place, wanted, fmt::format("nothing for {} ms", limit.count()));
  if (inbox_.empty()) {
    const bool fits = expectation.kind == Kind::end || (expectation.kind == Kind::reset && was_reset_);
    co_return fits || fail(place, wanted, was_reset_ ? "a reset" : "the end of TCP");
  }
  const Item item = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_octets_ -= std::min<std::uint64_t>(inbox_octets_, item.payload.size() + sizeof(Item));
  changed_.notify_all();
  bool fits = is_of(expectation.kind, item.kind) && (!payload || std::ranges::equal(*payload, item.payload));
  if (expectation.contains) fits = fits && ws::as_text(item.payload).contains(*expectation.contains);
  if (expectation.code) fits = fits && ws::close_code_of(item.payload) == *expectation.code;
  co_return fits || fail(place, wanted, item.words);
}

}  // namespace touchstone::play

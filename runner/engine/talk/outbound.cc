#include "runner/engine/talk/outbound.h"

#include <algorithm>
#include <utility>

namespace touchstone {
namespace {

constexpr std::size_t kFlushAt = 1024 * 1024;    // octets gathered for one write
constexpr std::size_t kWritePiece = 256 * 1024;  // octets that must get through within one time-out

}  // namespace

std::chrono::steady_clock::duration moment(const SessionOptions& options) {
  return std::clamp<std::chrono::steady_clock::duration>(10 * options.round_trip, std::chrono::milliseconds(2),
                                                         std::chrono::milliseconds(100));
}

Outbound::Outbound(const Wire& wire, const SessionOptions& options, ws::io::Stream& stream, Recorder& recorder,
                   std::size_t ahead)
    : wire_(wire),
      options_(options),
      stream_(stream),
      recorder_(recorder),
      ahead_(ahead),
      watchdog_(stream),
      stuck_(stream.executor()) {}

// --- Gathering -------------------------------------------------------------------------------------

Composer::Sink Outbound::sink() {
  return [this](const WireFrame& frame) {
    if (frame.whole) {
      recorder_.sent_frame(frame.header, frame.payload);
    } else {
      recorder_.sent_garbage(frame.octets);
    }
    if (gathered_.empty()) gathered_.reserve(frame.octets.size());
    ws::append(gathered_, frame.octets);
    cuts_.push_back(gathered_.size());
  };
}

void Outbound::gather(ws::ByteView octets) {
  recorder_.sent_garbage(octets);
  ws::append(gathered_, octets);
  cuts_.push_back(gathered_.size());
}

ws::Bytes Outbound::take() {
  cuts_.clear();
  return std::exchange(gathered_, {});
}

// --- Writing ---------------------------------------------------------------------------------------

asio::awaitable<void> Outbound::put(ws::ByteView octets) {
  const std::size_t sent_already = std::min(ahead_, octets.size());
  ahead_ -= sent_already;
  octets = octets.subspan(sent_already);
  recorder_.sent_octets(sent_already);
  while (!octets.empty() && can_send_) {
    const auto piece = octets.first(std::min(octets.size(), kWritePiece));
    octets = octets.subspan(piece.size());
    watchdog_.arm(options_.timeout);
    if (when_stuck_) watch_for_stuck();
    const auto error = co_await stream_.write(piece);
    stuck_.cancel();
    watchdog_.disarm();
    if (error) can_send_ = false;  // what the endpoint said before is still to be read
    recorder_.sent_octets(piece.size());
  }
}

// The call outlives this object when the wait does.
void Outbound::watch_for_stuck() {
  stuck_.expires_after(moment(options_));
  stuck_.async_wait([call = when_stuck_](const std::error_code& error) {
    if (!error) call();
  });
}

asio::awaitable<void> Outbound::put_gathered() {
  const ws::Bytes octets = take();
  co_await put(octets);
}

asio::awaitable<void> Outbound::flush() {
  const ws::Bytes octets = take();
  if (wire_.cut != Wire::Cut::octets) {
    co_await put(octets);
    co_return;
  }
  const auto n = static_cast<std::size_t>(std::max<std::uint64_t>(wire_.octets, 1));
  for (std::size_t at = 0; at < octets.size() && can_send_; at += n) {
    co_await put(ws::ByteView(octets).subspan(at, std::min(n, octets.size() - at)));
  }
}

asio::awaitable<void> Outbound::after_step() {
  if (wire_.cut == Wire::Cut::frame) {
    const std::vector<std::size_t> cuts = std::exchange(cuts_, {});
    const ws::Bytes octets = take();
    std::size_t at = 0;
    for (const std::size_t cut : cuts) {
      co_await put(ws::ByteView(octets).subspan(at, cut - at));
      at = cut;
    }
  } else if (gathered_.size() >= kFlushAt) {
    co_await flush();
  }
}

asio::awaitable<void> Outbound::end() {
  if (std::exchange(fin_sent_, true)) co_return;
  can_send_ = false;
  recorder_.note(Entry::Direction::sent, Entry::Kind::eof);
  watchdog_.arm(options_.timeout);
  co_await stream_.shutdown_send();
  watchdog_.disarm();
}

}  // namespace touchstone

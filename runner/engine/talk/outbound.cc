#include "runner/engine/talk/outbound.h"

#include <algorithm>
#include <utility>

namespace touchstone {
namespace {

constexpr std::size_t kFlushAt = 1024 * 1024;  // octets gathered for one write
constexpr std::size_t kMostWaits = 128;        // for the endpoint to read a piece of payload, on one connection
// Octets that must get through within one time-out. Over HTTP/2 an endpoint may open its windows octet by octet.
constexpr std::size_t kWritePiece = 256 * 1024, kPieceOfTunnel = 16 * 1024;

}  // namespace

std::chrono::steady_clock::duration moment(const SessionOptions& options) {
  return std::clamp<std::chrono::steady_clock::duration>(10 * options.round_trip, std::chrono::milliseconds(2),
                                                         std::chrono::milliseconds(100));
}

Outbound::Outbound(const Case& c, const SessionOptions& options, ws::io::Stream& stream, Recorder& recorder,
                   std::size_t ahead, std::function<bool()> over)
    : wire_(c.wire),
      waits_(c.wire.cut != Wire::Cut::whole && !c.bulk),  // bulk is about quantity
      options_(options),
      stream_(stream),
      recorder_(recorder),
      ahead_(ahead),
      waits_left_(kMostWaits),
      over_(std::move(over)),
      read_(stream, options),
      watchdog_(stream),
      stuck_(stream.executor()) {}

// --- Gathering -------------------------------------------------------------------------------------

Composer::Sink Outbound::sink() {
  return [this](WireFrame&& frame) {
    if (frame.whole) {
      recorder_.sent_frame(frame.header, frame.payload);
    } else {
      recorder_.sent_garbage(frame.octets);
    }
    const std::size_t start = gathered_.size(), size = frame.octets.size();
    if (gathered_.empty()) {
      gathered_ = std::move(frame.octets);
    } else {
      ws::append(gathered_, frame.octets);
    }
    note_cuts(start, size - std::min(size, frame.payload.size()));
  };
}

// Of what was gathered from `start` on: a frame with a header of so many octets.
void Outbound::note_cuts(std::size_t start, std::size_t header) {
  switch (wire_.cut) {
    case Wire::Cut::whole:
      break;
    case Wire::Cut::frame:
      cuts_.push_back({gathered_.size(), true});
      break;
    case Wire::Cut::headers:
      for (std::size_t i = 0; i <= header; ++i) cuts_.push_back({start + i, true});
      break;
    case Wire::Cut::after:
      cuts_.push_back({std::min<std::size_t>(gathered_.size(), start + static_cast<std::size_t>(wire_.octets)), true});
      break;
    case Wire::Cut::octets:  // wherever frames begin and end
      if (header > 0) headers_.emplace_back(start, start + header);
      break;
  }
}

void Outbound::cut_by_number(std::size_t size) {
  const auto n = static_cast<std::size_t>(std::max<std::uint64_t>(wire_.octets, 1));
  auto header = headers_.begin();
  for (std::size_t at = n; at < size; at += n) {
    while (header != headers_.end() && header->second < at) ++header;
    cuts_.push_back({at, header != headers_.end() && header->first <= at});
  }
}

void Outbound::gather(ws::ByteView octets) {
  recorder_.sent_garbage(octets);
  const std::size_t start = gathered_.size();
  ws::append(gathered_, octets);
  note_cuts(start, 0);
}

ws::Bytes Outbound::take() {
  cuts_.clear();
  headers_.clear();
  return std::exchange(gathered_, {});
}

// --- Writing ---------------------------------------------------------------------------------------

asio::awaitable<void> Outbound::put(ws::ByteView octets) {
  const std::size_t sent_already = std::min(ahead_, octets.size());
  ahead_ -= sent_already;
  octets = octets.subspan(sent_already);
  recorder_.sent_octets(sent_already);
  const std::size_t most = stream_.protocol() == "h2" ? kPieceOfTunnel : kWritePiece;
  while (!octets.empty() && can_send_) {
    const auto piece = octets.first(std::min(octets.size(), most));
    octets = octets.subspan(piece.size());
    if (!held_back_) watchdog_.arm(options_.timeout);
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
  if (held_back_) co_return;
  if (wire_.cut == Wire::Cut::octets) cut_by_number(gathered_.size());
  const std::vector<Cut> cuts = std::exchange(cuts_, {});
  const ws::Bytes all = take();
  const ws::ByteView octets = all;
  Cut last{0, true};
  for (const Cut& cut : cuts) {
    co_await put_piece(octets.subspan(last.at, cut.at - last.at), last.in_header);
    last = cut;
  }
  co_await put_piece(octets.subspan(last.at), last.in_header);
}

// `in_header`: so is the cut before it.
asio::awaitable<void> Outbound::put_piece(ws::ByteView octets, bool in_header) {
  if (octets.empty()) co_return;
  if (waits_ && (in_header || waits_left_ > 0)) {
    waits_left_ -= in_header ? 0 : 1;
    co_await until_read();
  }
  co_await put(octets);
}

asio::awaitable<void> Outbound::until_read() {
  co_await read_.wait([this] { return !can_send_ || over_(); });
}

asio::awaitable<void> Outbound::after_step() {
  if (wire_.cut == Wire::Cut::frame || gathered_.size() >= kFlushAt) co_await flush();
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

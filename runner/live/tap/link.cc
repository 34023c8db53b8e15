#include "runner/live/tap/link.h"

#include "runner/engine/talk/rethrown.h"

#include <ws/testing/oracle/unlimited.h>

#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/ssl/error.hpp>

#include <algorithm>
#include <utility>

namespace touchstone::tap {
namespace {

constexpr std::size_t kMostQueued = 256 * 1024;  // octets under way: who sends more waits, as on any network

}  // namespace

Link::Way::Way(ws::Role side, std::unique_ptr<ws::io::Stream> its, const Network& network)
    : to(side),
      stream(std::move(its)),
      road(stream->executor()),
      planter(ws::testing::opposite(side)),
      changed(stream->executor()) {
  road.set(network);
}

Link::Link(std::uint64_t number, std::unique_ptr<ws::io::Stream> client, std::unique_ptr<ws::io::Stream> server,
           Watcher::Judged judged, const Rules& rules, Events& events, Totals& totals)
    : number_(number),
      events_(events),
      watcher_(number, judged, events, totals),
      to_client_(ws::Role::client, std::move(client), rules.to_client),
      to_server_(ws::Role::server, std::move(server), rules.to_server),
      done_(to_client_.stream->executor()) {
  for (Way* each : {&to_client_, &to_server_}) {
    each->planter.on_planted = [this](const Plant& plant, std::uint64_t frame) {
      Json more;
      more["from"] = touchstone::name(plant.from);
      more["frame"] = frame;
      more["change"] = tap::name(plant.change);
      events_.tell("planted", number_, more);
    };
  }
  for (const Plant& each : rules.plants) plant(each);
}

void Link::plant(const Plant& plant) {
  to_client_.planter.add(plant);
  to_server_.planter.add(plant);
}

asio::awaitable<void> Link::run(std::optional<OutputFile> transcript) {
  transcript_ = std::move(transcript);
  for (const ws::Role role : {ws::Role::client, ws::Role::server}) {
    running_ += 2;
    asio::co_spawn(
        to_client_.stream->executor(), [self = shared_from_this(), role] { return self->read(role); }, rethrown);
    asio::co_spawn(
        to_client_.stream->executor(), [self = shared_from_this(), role] { return self->write(role); }, rethrown);
  }
  while (running_ > 0) (void)co_await done_.wait();
  to_client_.stream->close();
  to_server_.stream->close();
  watcher_.finish();
}

// --- From one side ---

asio::awaitable<void> Link::read(ws::Role from) {
  ws::io::Stream& stream = *way(from).stream;
  Way& to = way(ws::testing::opposite(from));
  ws::Bytes buffer(64 * 1024);
  while (true) {
    while (to.queued > kMostQueued && !to.is_over) (void)co_await to.changed.wait();
    const auto n = co_await stream.read_some(buffer);
    if (!n) {
      const auto error = n.error();
      const bool fin = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
      const bool ours = error == asio::error::operation_aborted || error == asio::error::bad_descriptor;
      if (!ours) watcher_.ended(from, fin ? Watcher::End::fin : Watcher::End::reset);
      push(to, to.planter.rest(), Way::Piece::Kind::octets);
      push(to, {}, fin || ours ? Way::Piece::Kind::fin : Way::Piece::Kind::reset);
      break;
    }
    take(from, std::span(buffer).first(*n));
  }
  --running_;
  done_.notify_all();
}

// Heads go through as they are; faults are planted in frames.
void Link::take(ws::Role from, ws::ByteView octets) {
  Way& to = way(ws::testing::opposite(from));
  note("from", from, octets);
  const std::uint64_t before = to.spoken;
  to.spoken += octets.size();
  watcher_.spoke(from, octets);
  const auto begin = watcher_.frames_begin(from);
  const std::size_t head =
      !begin ? octets.size()
             : static_cast<std::size_t>(std::min<std::uint64_t>(octets.size(), *begin - std::min(*begin, before)));
  push(to, ws::to_bytes(octets.first(head)), Way::Piece::Kind::octets);
  push(to, to.planter.take(octets.subspan(head)), Way::Piece::Kind::octets);
  if (const auto cut = to.planter.cuts_by_reset(); cut && !to.is_over) {
    push(to, {}, *cut ? Way::Piece::Kind::reset : Way::Piece::Kind::fin);
  }
}

void Link::push(Way& to, ws::Bytes octets, Way::Piece::Kind kind) {
  if (to.is_over || (kind == Way::Piece::Kind::octets && octets.empty())) return;
  to.queued += octets.size();
  to.queue.push_back({std::move(octets), ws::io::Clock::now() + to.road.network().latency, kind});
  to.changed.notify_all();
}

// --- To the other ---

asio::awaitable<void> Link::write(ws::Role side) {
  Way& to = way(side);
  while (!to.is_over) {
    if (to.queue.empty()) {
      (void)co_await to.changed.wait();
      continue;
    }
    const Way::Piece piece = std::move(to.queue.front());
    to.queue.pop_front();
    const bool more = co_await deliver(to, piece);
    to.queued -= std::min(to.queued, piece.octets.size());
    to.changed.notify_all();
    if (!more) to.is_over = true;
  }
  --running_;
  done_.notify_all();
}

// False: nothing more goes there.
asio::awaitable<bool> Link::deliver(Way& to, const Way::Piece& piece) {
  co_await to.road.wait_until(piece.due);
  if (piece.kind == Way::Piece::Kind::octets) {
    const auto before = [this, &to](ws::ByteView octets) {
      note("to", to.to, octets);
      watcher_.heard(to.to, octets);
    };
    const auto error = co_await to.road.carry(*to.stream, piece.octets, before);
    if (to.road.was_cut()) end_all(to.road.network().cut_by_reset);
    co_return !error;
  }
  const bool goes = co_await to.road.pass();
  if (!goes) co_return false;
  watcher_.left(to.to);
  if (piece.kind == Way::Piece::Kind::reset) {
    to.stream->reset();
  } else {
    (void)co_await to.stream->shutdown_send();
  }
  co_return false;
}

void Link::drop(ws::Role side, bool by_reset) {
  Way& to = way(side);
  Json more;
  more["side"] = touchstone::name(side);
  more["how"] = by_reset ? "reset" : "fin";
  events_.tell("dropped", number_, more);
  watcher_.left(side);
  to.is_over = true;
  to.road.give_up();
  if (by_reset) {
    to.stream->reset();
  } else {
    to.stream->close();
  }
  to.changed.notify_all();
}

void Link::end_all(bool by_reset) {
  drop(ws::Role::client, by_reset);
  drop(ws::Role::server, by_reset);
}

void Link::note(std::string_view what, ws::Role who, ws::ByteView octets) {
  if (!transcript_) return;
  Json line;
  line["at_us"] = std::chrono::duration_cast<std::chrono::microseconds>(ws::io::Clock::now() - start_).count();
  line[what] = touchstone::name(who);
  line["hex"] = hex_of(octets);
  if (const auto written = transcript_->append(line.dump() + "\n"); !written) {
    transcript_.reset();
    events_.tell("error", number_, {{"text", written.error()}});
  }
}

}  // namespace touchstone::tap

#include "runner/engine/talk/recorder.h"

#include <ws/core/mask.h>
#include <ws/rules/mask_keys.h>

#include <zlib.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace touchstone {
namespace {

constexpr std::size_t kTail = 200;
constexpr std::size_t kMergeAfter = 200;  // cases of many thousand frames: look-alikes share an entry from here on

std::uint32_t crc(std::uint32_t so_far, ws::ByteView octets) {
  return static_cast<std::uint32_t>(
      crc32_z(so_far, reinterpret_cast<const Bytef*>(octets.data()), static_cast<z_size_t>(octets.size())));
}

std::uint8_t rsv_bits(const ws::FrameHeader& header) {
  return static_cast<std::uint8_t>((header.rsv1 ? 4 : 0) | (header.rsv2 ? 2 : 0) | (header.rsv3 ? 1 : 0));
}

Entry entry_of(const ws::FrameHeader& header, Entry::Direction direction) {
  Entry entry;
  entry.direction = direction;
  entry.kind = Entry::Kind::frame;
  entry.opcode = static_cast<std::uint8_t>(header.opcode);
  entry.fin = header.fin;
  entry.rsv = rsv_bits(header);
  if (header.mask) entry.mask = ws::rules::as_number(*header.mask);
  entry.length = header.length;
  return entry;
}

}  // namespace

Recorder::Recorder(std::size_t keep, Budget budget) : keep_(keep), budget_(budget) {
  transcript_.whole = keep == kWhole;
}

std::int64_t Recorder::now_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start_).count();
}

bool Recorder::merges(const Entry& entry) const {
  const auto& entries = transcript_.entries;
  if (transcript_.whole || entries.size() < kMergeAfter || entry.kind != Entry::Kind::frame) return false;
  // Echoes alternate with what they echo, so look back two entries.
  const Entry& last = entries[entries.size() - 2];
  return last.kind == entry.kind && last.direction == entry.direction && last.opcode == entry.opcode &&
         last.fin == entry.fin && last.rsv == entry.rsv && last.length == entry.length && last.note == entry.note;
}

std::size_t Recorder::most_entries() const {
  constexpr std::size_t kMostOfAWhole = 100'000;
  return transcript_.whole ? kMostOfAWhole : Transcript::kMaxEntries;
}

void Recorder::add(Entry entry) {
  auto& entries = transcript_.entries;
  if (entry.kind == Entry::Kind::frame) {
    ++(entry.direction == Entry::Direction::sent ? transcript_.frames_sent : transcript_.frames_received);
  }
  if (merges(entry)) {
    ++entries[entries.size() - 2].repeated;
    if (entry.direction == Entry::Direction::received) last_received_.reset();
    return;
  }
  if (entries.size() >= most_entries()) {
    // The beginning and the end tell the story: what lies between is only counted.
    entry.same_as.reset();
    tail_.push_back(std::move(entry));
    if (tail_.size() > kTail) {
      budget_.give_back(tail_.front().octets.size());
      tail_.pop_front();
      transcript_.cut = true;
    }
    last_received_.reset();
    return;
  }
  entries.push_back(std::move(entry));
  if (entries.back().direction == Entry::Direction::received) last_received_ = entries.size() - 1;
}

ws::ByteView Recorder::granted(ws::ByteView octets, std::size_t kept) {
  const ws::ByteView wanted = octets.first(std::min(octets.size(), keep_ - std::min(keep_, kept)));
  const std::size_t count = budget_.grant(wanted.size());
  if (count < wanted.size() && transcript_.whole) {
    transcript_.whole = false;
    keep_ = Entry::kKeptOctets;
  }
  // The beginning of each is always shown.
  const std::size_t least = Transcript::kShortOctets - std::min(Transcript::kShortOctets, kept);
  return wanted.first(std::max(count, std::min(wanted.size(), least)));
}

void Recorder::sent_frame(const ws::FrameHeader& header, ws::ByteView payload) {
  Entry entry = entry_of(header, Entry::Direction::sent);
  entry.at_us = now_us();
  entry.length = payload.size();
  budget_.sent(payload.size() + sizeof(Entry));
  entry.octets = ws::to_string(granted(payload, 0));
  entry.crc32 = crc(0, payload);
  add(std::move(entry));
}

void Recorder::sent_garbage(ws::ByteView octets) {
  Entry entry;
  entry.at_us = now_us();
  entry.direction = Entry::Direction::sent;
  entry.kind = Entry::Kind::octets;
  entry.length = octets.size();
  budget_.sent(octets.size());
  entry.octets = ws::to_string(granted(octets, 0));
  add(std::move(entry));
}

void Recorder::note(Entry::Direction direction, Entry::Kind kind, std::string text) {
  Entry entry;
  entry.at_us = now_us();
  entry.direction = direction;
  entry.kind = kind;
  entry.note = std::move(text);
  add(std::move(entry));
}

void Recorder::annotate_received(std::string text) {
  if (last_received_ && *last_received_ < transcript_.entries.size()) {
    transcript_.entries[*last_received_].note = std::move(text);
  }
}

void Recorder::look_for_twin(Entry& entry) const {
  if (entry.length == 0) return;
  const auto& entries = transcript_.entries;
  const std::size_t reach = std::min<std::size_t>(entries.size(), 64);
  for (std::size_t i = entries.size(); i-- > entries.size() - reach;) {
    const Entry& other = entries[i];
    if (other.kind == Entry::Kind::frame && other.direction == Entry::Direction::sent && other.length == entry.length &&
        other.crc32 == entry.crc32) {
      entry.same_as = i;
      return;
    }
  }
}

void Recorder::complete_frame() {
  look_for_twin(entry_);
  // An echo is told by its twin; only a short one is worth repeating.
  if (entry_.same_as && entry_.octets.size() > 125 && !transcript_.whole) {
    budget_.give_back(entry_.octets.size());
    entry_.octets = {};
  }
  add(std::exchange(entry_, Entry{}));
}

void Recorder::take_payload(const ws::rules::FrameWalker::Step& step) {
  ws::ByteView piece = step.payload;
  ws::Bytes unmasked;
  if (const auto& key = walker_.header()->mask) {  // a client's: what is written down is what it means
    unmasked = ws::to_bytes(piece);
    ws::apply_mask(unmasked, *key, static_cast<std::size_t>(step.at % key->size()));
    piece = unmasked;
  }
  entry_.octets += ws::as_text(granted(piece, entry_.octets.size()));
  entry_.crc32 = crc(entry_.crc32, piece);
}

ws::rules::FrameWalker::Step Recorder::received(ws::ByteView octets) {
  const auto step = walker_.take(octets);
  transcript_.octets_received += step.taken;
  if (step.begun) {
    entry_ = entry_of(*walker_.header(), Entry::Direction::received);
    entry_.at_us = now_us();
  }
  if (walker_.header() != nullptr) take_payload(step);
  if (walker_.complete()) complete_frame();
  return step;
}

void Recorder::finish() {
  if (walker_.header() != nullptr && !walker_.complete()) {
    entry_.note = "the stream ended inside this frame";
    add(std::exchange(entry_, Entry{}));
  } else if (walker_.header() == nullptr && !walker_.head().empty()) {
    Entry entry;
    entry.at_us = now_us();
    entry.direction = Entry::Direction::received;
    entry.kind = Entry::Kind::octets;
    entry.length = walker_.head().size();
    entry.octets = ws::to_string(walker_.head());
    entry.note = "the stream ended inside this frame header";
    add(std::move(entry));
  }
  walker_ = {};
  transcript_.entries.insert(transcript_.entries.end(), std::make_move_iterator(tail_.begin()),
                             std::make_move_iterator(tail_.end()));
  tail_.clear();
}

}  // namespace touchstone

#include "runner/engine/kept_talk.h"

#include <algorithm>
#include <iterator>

namespace touchstone {
namespace {

constexpr std::size_t kLastEntries = 20;
constexpr std::size_t kWholes = 8;  // a transcript with every octet may be so many times as large

std::size_t size_of(const Entry& entry) { return sizeof(Entry) + entry.octets.size() + entry.note.size(); }

std::size_t size_of(const Transcript& transcript) {
  std::size_t sum = transcript.request.size() + transcript.response.size();
  for (const Entry& entry : transcript.entries) sum += size_of(entry);
  return sum;
}

// What is written of a transcript that is not whole is no more than this.
void forget_unwritten(Transcript& transcript) {
  std::size_t left = Transcript::kWrittenOctets;
  for (Entry& entry : transcript.entries) {
    if (entry.octets.size() > left) {
      entry.octets.resize(std::min(entry.octets.size(), Transcript::kShortOctets));
      entry.octets.shrink_to_fit();
    }
    left -= std::min(left, entry.octets.size());
  }
}

void cut(Transcript& transcript, std::size_t room) {
  auto& entries = transcript.entries;
  std::size_t last = std::min(kLastEntries, entries.size());
  std::size_t used = 0;
  for (std::size_t i = entries.size() - last; i < entries.size(); ++i) used += size_of(entries[i]);
  std::size_t first = 0;
  while (first < entries.size() - last && used < room) used += size_of(entries[first++]);
  if (first == entries.size() - last) return;
  const auto begin = entries.begin() + static_cast<std::ptrdiff_t>(first);
  entries.erase(begin, entries.end() - static_cast<std::ptrdiff_t>(last));
  for (auto entry = entries.begin() + static_cast<std::ptrdiff_t>(first); entry != entries.end(); ++entry)
    entry->same_as.reset();
  entries.shrink_to_fit();
  transcript.cut = true;
}

}  // namespace

void KeptTalk::keep(Transcript& transcript, bool flood) {
  const std::size_t share = std::max(kLeast, (kOfARun - std::min(used_, kOfARun)) / kShares);
  const std::size_t room = flood ? std::min(share, kOfAFlood) : share;
  if (transcript.whole && size_of(transcript) > room * kWholes) transcript.whole = false;
  if (!transcript.whole) {
    forget_unwritten(transcript);
    if (size_of(transcript) > room) cut(transcript, room);
  }
  used_ += size_of(transcript);
}

}  // namespace touchstone

#include "reports/result/shorten.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace touchstone {
namespace {

using Entries = std::vector<Entry>;

// So that the memory goes with the octets.
void cut(std::string& text, std::size_t most) {
  if (text.size() > most) text = text.substr(0, most);
}

Entry left_out(std::string what, std::int64_t at_us) {
  Entry entry;
  entry.at_us = at_us;
  entry.note = fmt::format("left out of this transcript: {} (--keep-all keeps all)", what);
  return entry;
}

// Without the entries from `first` to `last`, and with one in their place that says so.
void cut_middle(Entries& entries, std::size_t first, std::size_t last) {
  const std::size_t gone = last - first;
  std::uint64_t octets = 0;
  for (std::size_t i = first; i < last; ++i) octets += entries[i].length;
  Entry mark = left_out(fmt::format("{} entries with {} bytes of payload", gone, octets), entries[first].at_us);
  Entries kept(std::make_move_iterator(entries.begin()),
               std::make_move_iterator(entries.begin() + static_cast<std::ptrdiff_t>(first)));
  kept.push_back(std::move(mark));
  kept.insert(kept.end(), std::make_move_iterator(entries.begin() + static_cast<std::ptrdiff_t>(last)),
              std::make_move_iterator(entries.end()));
  for (Entry& entry : kept) {
    if (!entry.same_as || *entry.same_as < first) continue;
    if (*entry.same_as < last) {
      entry.same_as.reset();
    } else {
      *entry.same_as -= gone - 1;
    }
  }
  entries = std::move(kept);
}

void cut_payloads(Entries& entries, const Kept& kept) {
  std::size_t left = kept.payloads;
  for (Entry& entry : entries) {
    cut(entry.octets, std::min(entry.octets.size(), kept.payload) <= left ? kept.payload : kept.rest);
    left -= std::min(left, entry.octets.size());
  }
}

}  // namespace

bool is_quiet(const Result& result) noexcept {
  const Behavior b = result.behavior;
  return result.hidden ||
         (b != Behavior::failed && b != Behavior::errored && b != Behavior::non_strict && !result.flaky);
}

void shorten(Result& result, const Kept& kept) {
  if (!is_quiet(result)) return;
  Transcript& transcript = result.transcript;
  const std::size_t heads = transcript.request.size() + transcript.response.size();
  cut(transcript.request, kept.head);
  cut(transcript.response, kept.head);
  const std::size_t less = heads - transcript.request.size() - transcript.response.size();
  Entries& entries = transcript.entries;
  if (entries.size() > kept.first + kept.last + 1) cut_middle(entries, kept.first, entries.size() - kept.last);
  cut_payloads(entries, kept);
  transcript.whole = false;
  if (less > 0) entries.push_back(left_out(fmt::format("{} bytes of the opening handshake", less), 0));
  entries.shrink_to_fit();
}

}  // namespace touchstone

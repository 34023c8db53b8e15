// The standard profile: bulk cases keep their shape and lose their mass.
#include "runner/catalogue/read_case.h"

#include <fmt/format.h>

#include <algorithm>

namespace touchstone {
namespace {

constexpr std::uint64_t kMessages = 50;
constexpr std::uint64_t kOctets = 4 * 1024 * 1024;  // of one message
constexpr std::uint64_t kRepeated = 1024 * 1024;    // of repeated messages together: zlib in the endpoint sets the pace

std::uint64_t messages(std::span<const Step> steps) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      steps, [](const Step& step) { return std::holds_alternative<step::Message>(step.action); }));
}

// Only recipes with a length can be shortened; what is written out stays.
void shorten(Payload& payload) {
  if (auto* fill = std::get_if<recipe::Fill>(&payload.recipe)) fill->length = std::min(fill->length, kOctets);
  if (auto* stream = std::get_if<recipe::Stream>(&payload.recipe)) stream->length = std::min(stream->length, kOctets);
}

void shorten(std::vector<Step>& steps) {
  const Overloaded shorter{
      [](step::Message& message) { shorten(message.payload); },
      [](step::Repeat& repeat) { shorten(repeat.steps); },
      [](step::OneOf<step::Frame, step::Close, step::Octets> auto&) {},  // what they are about is their octets
      [](step::WithoutPayload auto&) {},
  };
  for (Step& step : steps) std::visit(shorter, step.action);
}

}  // namespace

Case scaled(const Case& c, Profile profile) {
  Case result = c;
  if (!c.bulk || profile == Profile::full) return result;
  shorten(result.steps);
  std::uint64_t rounds = 0;
  for (Step& step : result.steps) {
    auto* repeat = std::get_if<step::Repeat>(&step.action);
    if (repeat == nullptr) continue;
    const auto by_count = kMessages / std::max<std::uint64_t>(messages(repeat->steps), 1);
    const auto by_octets = kRepeated / std::max<std::uint64_t>(traffic(repeat->steps), 1);
    const auto most = std::max<std::uint64_t>(std::min(by_count, by_octets), 1);
    repeat->count = static_cast<std::uint32_t>(std::min<std::uint64_t>(repeat->count, most));
    rounds += repeat->count;
  }
  // A title that names a count or a length must not lie about this run.
  if (traffic(result.steps) != traffic(c.steps) || to_json(result) != to_json(c)) {
    result.title += rounds > 0 ? fmt::format(" (scaled to {} rounds)", rounds)
                               : fmt::format(" (scaled to {} octets)", traffic(result.steps));
  }
  return result;
}

}  // namespace touchstone

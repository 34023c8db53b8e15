// http2_words.h - the words of `http2` in a case, each table in the order of its enumeration.
#pragma once
#include "runner/catalogue/http2_script.h"

#include <array>
#include <string_view>

namespace touchstone {

template <class Enum, std::size_t kSize>
struct Words {
  std::array<std::string_view, kSize> all;
  [[nodiscard]] constexpr std::string_view of(Enum value) const { return all[static_cast<std::size_t>(value)]; }
};

inline constexpr Words<Http2Script::Outcome, 6> kOutcomes{
    {"works", "refuses", "ends-stream", "ends-connection", "keeps-connection", "either"}};
inline constexpr Words<Http2Frame::On, 5> kPlaces{{"tunnel", "connection", "idle", "even", "older"}};
inline constexpr Words<Http2Frame::When, 4> kMoments{{"open", "within", "end", "stalled"}};
inline constexpr Words<Http2Beside::What, 7> kStreams{
    {"get", "refused", "tunnel", "faulty", "reset", "stalled", "ended"}};

}  // namespace touchstone

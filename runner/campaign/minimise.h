// minimise.h - delta debugging: the smallest stimulus that still shows the difference.
#pragma once
#include "runner/catalogue/case.h"

#include <asio/awaitable.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

namespace touchstone::fuzz {

// Does this stimulus still show it?
using StillShows = std::function<asio::awaitable<bool>(const Case&)>;

// First whole steps go, then what is special about a step, then octets. `tries` bounds the questions.
[[nodiscard]] asio::awaitable<Case> minimise(Case c, StillShows still_shows, int tries = 300);

// ddmin: leaves out all of `list`, halves of it, quarters, ... single elements, whatever `still(fewer)` says can be
// missed, until there are `enough()` tries.
template <class List, class Still, class Enough>
asio::awaitable<List> fewest(List list, const Still& still, const Enough& enough) {
  for (std::size_t chunk = list.size(); chunk > 0; chunk /= 2) {
    for (std::size_t at = 0; at < list.size() && !enough();) {
      List fewer = list;
      const auto from = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(from, from + static_cast<std::ptrdiff_t>(std::min(chunk, fewer.size() - at)));
      if (co_await still(fewer)) {
        list = std::move(fewer);
      } else {
        at += chunk;
      }
    }
  }
  co_return list;
}

}  // namespace touchstone::fuzz

// minimise.h - delta debugging: the smallest stimulus that still shows the difference.
#pragma once
#include "runner/catalogue/case.h"

#include <asio/awaitable.hpp>

#include <functional>

namespace touchstone::fuzz {

// Does this stimulus still show it?
using StillShows = std::function<asio::awaitable<bool>(const Case&)>;

// First whole steps go, then what is special about a step, then octets. `tries` bounds the questions.
[[nodiscard]] asio::awaitable<Case> minimise(Case c, StillShows still_shows, int tries = 300);

}  // namespace touchstone::fuzz

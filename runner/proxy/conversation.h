// conversation.h - plays a case for an intermediary: the client before it, the server behind it.
//
// Before the other side speaks, what one side said has arrived, or an event shows that it will not: the intermediary
// answered by itself, or ended a connection. Time is only waited out where nothing happens at all.
#pragma once
#include "runner/catalogue/case.h"
#include "runner/engine/talk/target.h"
#include "runner/proxy/back.h"
#include "runner/proxy/relayed.h"

#include <asio/awaitable.hpp>

#include <chrono>

namespace touchstone::proxy {

struct ConversationOptions {
  ConversationOptions() = default;
  std::chrono::milliseconds patience{5000};  // for what has to come
  std::uint64_t seed = 1;
  Nature nature{};
  std::string token;  // of this conversation, and of no other
};

// On the context of `back`. `c` is a case with two sides.
[[nodiscard]] asio::awaitable<Relayed> converse(const Case& c, const Target& front, Back& back,
                                                ConversationOptions options);

}  // namespace touchstone::proxy

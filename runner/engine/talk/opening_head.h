// opening_head.h - the octets of the tester's head, as a case's script departs from the ordinary one.
#pragma once
#include "runner/catalogue/head_script.h"
#include "runner/engine/talk/opening.h"

#include <ws/io/net/stream.h>

#include <asio/awaitable.hpp>

namespace touchstone {

// What the words in a script stand for on this connection; see head_script.h.
struct HeadWords {
  std::string host{}, target{}, key{}, accept{}, subprotocol{}, swapped{}, miscased{};
};

// The ordinary head.
struct PlainHead {
  std::string start;  // the start line
  std::vector<ws::Field> fields;
};

struct ScriptedHead {
  ws::Bytes octets;               // what goes in front of the head, and the head
  std::size_t start = 0;          // where the head starts
  std::vector<ws::Field> fields;  // those of its lines that are fields
};
[[nodiscard]] ScriptedHead scripted_head(const HeadScript& script, const PlainHead& plain, const HeadWords& words,
                                         std::uint64_t seed);

struct SentHead {
  std::error_code error;
  bool spoke_early = false;  // the endpoint sent something before it could have all of the head
};
// Sends the head and what is behind it, cut and stopped as the script says.
[[nodiscard]] asio::awaitable<SentHead> send_head(ws::io::Stream& stream, const HeadScript& script, ws::ByteView head,
                                                  ws::ByteView behind, const SessionOptions& options);

}  // namespace touchstone

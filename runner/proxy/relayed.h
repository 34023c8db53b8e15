// relayed.h - what was said at both ends of an intermediary in one case, and what arrived of it at the other.
#pragma once
#include "reports/result/result.h"
#include "runner/engine/verdict/http2_seen.h"

#include <ws/core/bytes.h>
#include <ws/core/http/http1.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace touchstone::proxy {

// What an intermediary is known to be.
struct Nature {
  bool takes_part = false;  // an endpoint of a WebSocket connection on each side, and no tunnel
  bool blind = false;       // a tunnel from the first octet, and no party to the HTTP communication (RFC 9110 3.7)
};

// A head that the tester sent, or that arrived.
struct HeadSeen {
  std::size_t number = 0;  // arrived: which of the sender's it is, from 1; 0: of nobody's
  std::string start;       // the start line
  std::string method, target;
  int version_major = 1, version_minor = 1;
  int status = 0;
  std::vector<ws::Field> fields;
  ws::Bytes content;
  bool content_whole = true;
  std::size_t connection = 0;  // at the server: on which of its connections, from 0

  [[nodiscard]] bool interim() const noexcept { return status >= 100 && status < 200 && status != 101; }
};

// What one end got.
struct Arrival {
  std::vector<HeadSeen> heads;    // requests; or final answers
  std::vector<HeadSeen> interim;  // answers
  ws::Bytes octets;               // after the heads and their contents
  bool eof = false, reset = false;
  [[nodiscard]] bool ended() const noexcept { return eof || reset; }
};

// What one end said.
struct Said {
  std::vector<HeadSeen> heads;
  std::vector<int> interim;  // statuses of interim answers, where HTTP/1.1 carries them in front
  ws::Bytes octets;          // after them
  bool ended = false;
};

// What was said and what arrived on a client's connection, and on those of the server where its requests arrived.
struct Exchange {
  Said by_client, by_server;
  Arrival at_client, at_server;
  bool switched = false;  // the server answered 101, and the client got a 101
};

struct Relayed : Exchange {
  std::map<std::string, Exchange> others{};  // the case's connections with names
  bool opened = true;                        // an opening handshake that the case takes for granted came about
  std::string no_connection{};               // why none came about at the front; empty otherwise
  bool own_shortage = false;
  Nature nature{};
  bool answer_broken = false;              // a field section that HTTP/2 does not allow, which the tester does not read
  std::vector<Http2Fault> http2_faults{};  // of the intermediary's frames and field sections, where it speaks HTTP/2
  bool waited = false;                     // something was waited for until there was no patience left
  Transcript transcript;
};

}  // namespace touchstone::proxy

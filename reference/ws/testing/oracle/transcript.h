// transcript.h - everything that went between a tester and an endpoint, in the order in which the tester saw it.
#pragma once
#include <ws/core/http/extensions.h>
#include <ws/core/state.h>
#include <ws/io/net/stream.h>

#include <memory>
#include <vector>

namespace ws::testing {

struct Transcript {
  enum class Kind : std::uint8_t {
    sent,          // octets to the endpoint
    came,          // octets from the endpoint
    we_ended,      // the tester ended TCP, or its sending
    it_ended,      // the endpoint ended TCP in order
    it_reset,      // ... with a reset
    nothing_came,  // the tester waited as long as it was willing to, in vain
  };
  struct Piece {
    Kind kind = Kind::sent;
    Bytes octets{};
    bool operator==(const Piece&) const = default;
  };

  Role endpoint = Role::server;  // under test
  // Set when the pieces begin after the opening handshake: permessage-deflate as it was agreed on, or without.
  std::optional<std::optional<DeflateParams>> opened{};
  std::vector<Piece> pieces{};

  void sent(ByteView octets) { add(Kind::sent, octets); }
  void came(ByteView octets) { add(Kind::came, octets); }
  void add(Kind kind, ByteView octets = {});  // octets of one kind that follow each other become one piece
};

// A stream that goes on as the given one does, and writes down what crosses it. The transcript is the tester's.
[[nodiscard]] std::unique_ptr<io::Stream> tap(std::unique_ptr<io::Stream> stream, std::shared_ptr<Transcript> into);

}  // namespace ws::testing

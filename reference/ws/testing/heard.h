// heard.h - what an endpoint said, read by the strict stack.
#pragma once
#include <ws/testing/oracle/describe.h>
#include <ws/testing/oracle/transcript.h>

namespace ws::testing {

struct Heard {
  std::string error{};          // why nothing could be heard: no connection, no valid opening handshake; empty: none
  std::optional<int> status{};  // of a server's answer to the opening handshake
  std::vector<Message> messages{};
  std::vector<std::string> pings{}, pongs{};
  std::optional<std::optional<CloseReason>> close{};  // the outer one: a Close came; the inner one: it has a code
  std::optional<Violation> violation{};               // the first rule that its octets break; nothing is read behind it
  bool ended = false;                                 // TCP, by the endpoint
  Transcript transcript{};
};

[[nodiscard]] Heard hear(Transcript transcript);

// One line: 101; text "hello"; Pong "a"; Close 1000; the end of TCP
[[nodiscard]] std::string describe(const Heard& heard);

}  // namespace ws::testing

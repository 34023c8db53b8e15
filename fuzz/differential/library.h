// library.h - another WebSocket library as a server whose connection is open: octets in, what it did out.
//
// Each library has a file of its own, written in the C++ that the library still compiles under; hence no type of the
// core's here.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace differential {

struct Did {
  std::vector<std::pair<bool, std::string>> messages;  // is it text, and its octets
  std::string output;                                  // frames that it wrote
  bool gave_up = false;                                // it stopped reading before the end of the input
  std::string fault;                                   // an exception of the library's, for people
};

struct Library {
  const char* name;
  std::string version;
  bool deflate;  // can agree on permessage-deflate
  // Plays `frames` in pieces of `piece` octets (0: all at once), then the end of TCP.
  Did (*run)(std::string_view frames, bool deflate, std::size_t piece);
};

constexpr std::size_t kMostMessage = 1 << 20;  // every library's limit on a message, and the core's

[[nodiscard]] Library wslay();
[[nodiscard]] Library websocketpp();
[[nodiscard]] Library beast();

// The opening handshake for libraries that cannot do without one.
[[nodiscard]] inline std::string opening_request(bool deflate) {
  return std::string(
             "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n") +
         (deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "") + "\r\n";
}

// What was written after the 101 answer; a fault when that is not there.
[[nodiscard]] inline std::string behind_answer(const std::string& written, bool deflate, std::string& fault) {
  const std::size_t end = written.find("\r\n\r\n");
  if (written.compare(0, 12, "HTTP/1.1 101") != 0 || end == std::string::npos) {
    fault = "refused the opening handshake";
    return {};
  }
  const std::string head = written.substr(0, end);
  const std::size_t extension = head.find("permessage-deflate");
  if (deflate != (extension != std::string::npos)) fault = "did not agree on permessage-deflate as asked";
  return written.substr(end + 4);
}

}  // namespace differential

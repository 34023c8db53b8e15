// script.h - a peer that does exactly what a list of steps says, legal or not, over any Stream.
//
//   Script script(Role::server);
//   script.open().expect_ping().send(rsv2_frame, as_octets("x")).expect_close(1002).end();
//   auto played = co_await script.play(*stream);  // "step 3 of 6, expect a Ping: came Close 1001"
//
// A step that the other side does not follow ends the play with an error that says which step, what was expected and
// what came. Frames are masked when the script is the client's; what comes has to be masked as RFC 6455 5.1 says.
#pragma once
#include <ws/core/close.h>
#include <ws/core/frame.h>
#include <ws/core/http/http1.h>
#include <ws/core/state.h>
#include <ws/io/net/stream.h>
#include <ws/testing/oracle/describe.h>

#include <functional>

namespace ws::testing {

class Script {
 public:
  class Session;
  using Payload = std::optional<std::string>;  // nothing: any

  explicit Script(Role role) : role_(role) {}  // that it plays

  // The opening handshake: both of the role's steps. Without extensions, so that frames are what they say.
  Script& open();
  Script& expect_request();                                               // server: one that RFC 6455 4.2.1 accepts
  Script& send_answer(int status = 101, std::vector<Field> fields = {});  // server: with what a 101 has to say (4.2.2)
  Script& send_request(std::string host = "localhost", std::string target = "/", std::vector<Field> fields = {});
  Script& expect_answer(int status = 101);  // client: a 101 has to be one that RFC 6455 4.1 accepts

  // What the other side sends next.
  Script& expect_text(Payload text = std::nullopt);  // a whole message, however it is cut into frames
  Script& expect_binary(Payload data = std::nullopt);
  Script& expect_ping(Payload payload = std::nullopt);
  Script& expect_pong(Payload payload = std::nullopt);
  Script& expect_close(std::optional<std::uint16_t> code = std::nullopt);    // close_code::kNoStatus: none in it
  Script& expect_frame(FrameHeader header, Payload payload = std::nullopt);  // its mask and length are not compared
  Script& expect_end();                                                      // of TCP, also by a reset
  Script& expect_reset();
  // From here on Pings that come in place of something else are answered, and Pongs overlooked.
  Script& answer_pings();

  // What the script sends. Frames go out as they are given, but for the masking key of a client.
  Script& send_text(std::string text);
  Script& send_binary(std::string data);
  Script& send_ping(std::string payload = {});
  Script& send_pong(std::string payload = {});
  Script& send_close(std::uint16_t code = close_code::kNormal, std::string reason = {});
  Script& send(FrameHeader header, std::string payload = {});
  Script& send_octets(std::string octets);
  Script& end();  // of the script's sending: TLS close_notify and FIN
  Script& reset();

  // Any other step, with what <ws/testing/script_session.h> offers: `body` gives nothing, or what went wrong.
  using Step = std::function<asio::awaitable<std::optional<std::string>>(Session&)>;
  Script& then(std::string name, Step body);

  // Plays it. Each step may take as long as `limit`.
  [[nodiscard]] asio::awaitable<std::expected<void, std::string>> play(
      io::Stream& stream, std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

  [[nodiscard]] Role role() const noexcept { return role_; }

 private:
  struct Named {
    std::string name;
    Step body;
  };
  Role role_;
  std::vector<Named> steps_;
};

}  // namespace ws::testing

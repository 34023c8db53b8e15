// ask.h - says something to a server of any kind, and hears how it answers.
#pragma once
#include <ws/core/http/url.h>
#include <ws/testing/heard.h>

#include <concepts>
#include <optional>
#include <utility>
#include <vector>

namespace ws::testing {

[[nodiscard]] Frame text(std::string_view data);
[[nodiscard]] Frame binary(std::string_view data);
[[nodiscard]] Frame ping(std::string_view payload = {});
[[nodiscard]] Frame close_frame(std::uint16_t code, std::string_view reason = {});  // any code
[[nodiscard]] Frame continuation(std::string_view data, bool fin = true);
[[nodiscard]] Frame unfinished(Frame first);  // FIN cleared: continuations follow
enum class Bit : std::uint8_t { rsv1, rsv2, rsv3 };
[[nodiscard]] Frame with(Bit bit, Frame frame);

// What a client or a server sends for them; a client masks those that have no masking key, with keys from the seed.
[[nodiscard]] Bytes octets_of(const std::vector<Frame>& frames, Role sender, std::uint64_t seed = 1);

// What is said, also as {text("a"), ping()}. No std::initializer_list: g++ 12 has an internal error where braces make
// one within co_await.
class Frames {
 public:
  template <std::convertible_to<Frame>... F>
  Frames(F&&... frames) {  // NOLINT(google-explicit-constructor)
    list_.reserve(sizeof...(frames));
    (list_.push_back(std::forward<F>(frames)), ...);
  }
  Frames(std::vector<Frame> frames) : list_(std::move(frames)) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] const std::vector<Frame>& list() const noexcept { return list_; }

 private:
  std::vector<Frame> list_;
};

struct AskOptions {
  AskOptions() = default;

  std::vector<Field> fields{};             // of the request, beside those of RFC 6455 4.1: Origin, Cookie ...
  std::chrono::milliseconds limit{5'000};  // for everything
  io::TlsOptions tls{};
  std::uint64_t seed = 1;  // of the masking keys
  // How many messages the server is heard out for before the Close. Nothing: one for each message among the frames, if
  // those break no rule; 0 for a server that does not answer messages.
  std::optional<std::size_t> answers{};
};

// Opens a connection, sends the frames as they are (masked) and after them a Ping; listens until as many messages came
// as were to be answered and, where none is, the Pong, which shows that the server goes on; then sends a Close 1000,
// unless a Close was among the frames, and listens until the server ends TCP. The limit bounds it all; half of it, the
// wait for an answer that does not come.
[[nodiscard]] Heard ask(const Url& url, const Frames& frames, const AskOptions& options = AskOptions());
[[nodiscard]] asio::awaitable<Heard> ask(std::unique_ptr<io::Stream> stream, Url url, Frames frames,
                                         AskOptions options = AskOptions());

}  // namespace ws::testing

// ask.h - says something to a server of any kind, and hears how it answers.
#pragma once
#include <ws/core/http/url.h>
#include <ws/testing/heard.h>

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

struct AskOptions {
  std::vector<Field> fields{};             // of the request, beside those of RFC 6455 4.1: Origin, Cookie ...
  std::chrono::milliseconds limit{5'000};  // for everything
  io::TlsOptions tls{};
  std::uint64_t seed = 1;  // of the masking keys
};

// Opens a connection, sends the frames as they are (masked), behind them a Ping and, unless a Close was among them, a
// Close 1000; listens until the server ends TCP, or until the limit. The Ping shows whether the server goes on.
[[nodiscard]] Heard ask(const Url& url, const std::vector<Frame>& frames, const AskOptions& options = AskOptions());
[[nodiscard]] asio::awaitable<Heard> ask(std::unique_ptr<io::Stream> stream, Url url, std::vector<Frame> frames,
                                         AskOptions options);

}  // namespace ws::testing

#include <ws/io/http2/serve.h>

#include <algorithm>
#include <cstring>

namespace ws::io::http2 {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // RFC 9113 3.4

// Octets that were read already, in front of the rest.
class PrefixedStream final : public Stream {
 public:
  PrefixedStream(Bytes first, std::unique_ptr<Stream> rest) : first_(std::move(first)), rest_(std::move(rest)) {}

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override {
    if (first_.empty()) co_return co_await rest_->read_some(into);
    const std::size_t count = std::min(into.size(), first_.size());
    std::memcpy(into.data(), first_.data(), count);
    first_.erase(first_.begin(), first_.begin() + static_cast<std::ptrdiff_t>(count));
    co_return count;
  }
  asio::awaitable<std::error_code> write(ByteView octets) override { return rest_->write(octets); }
  std::size_t write_now(ByteView octets) noexcept override { return rest_->write_now(octets); }
  void write_without_waiting(ByteView octets) noexcept override { rest_->write_without_waiting(octets); }
  asio::awaitable<std::error_code> shutdown_send() override { return rest_->shutdown_send(); }
  void reset() noexcept override { rest_->reset(); }
  void close() noexcept override { rest_->close(); }
  [[nodiscard]] asio::any_io_executor executor() override { return rest_->executor(); }
  [[nodiscard]] int descriptor() noexcept override { return rest_->descriptor(); }
  [[nodiscard]] std::string peer() const override { return rest_->peer(); }
  [[nodiscard]] bool secure() const noexcept override { return rest_->secure(); }
  [[nodiscard]] std::string_view protocol() const noexcept override { return rest_->protocol(); }
  [[nodiscard]] PeerAddress peer_address() const override { return rest_->peer_address(); }
  [[nodiscard]] std::optional<Certificate> peer_certificate() const override { return rest_->peer_certificate(); }

 private:
  Bytes first_;
  std::unique_ptr<Stream> rest_;
};

// What this server says to a request that is in order, and not for it.
void refuse(Http2Stream& stream, int status, std::string_view text) {
  stream.answer({{":status", std::to_string(status)}, {"x-reason", std::string(text)}}, true);
}

}  // namespace

asio::awaitable<std::expected<Detected, std::error_code>> detect(std::unique_ptr<Stream> stream) {
  Bytes first;
  while (first.size() < kPreface.size() && kPreface.starts_with(as_text(first))) {
    Bytes buffer(kPreface.size() - first.size());
    const auto count = co_await stream->read_some(buffer);
    if (!count) co_return std::unexpected(count.error());
    append(first, ByteView(buffer).first(*count));
  }
  const bool is_http2 = as_text(first) == kPreface;
  co_return Detected{is_http2, std::make_unique<PrefixedStream>(std::move(first), std::move(stream))};
}

asio::awaitable<std::unique_ptr<TunnelStream>> tunnel_of(std::unique_ptr<Http2Stream> stream,
                                                         const std::function<Fields(Fields)>* mend) {
  auto section = co_await stream->head();
  if (!section) co_return nullptr;
  if (mend != nullptr) section = (*mend)(std::move(*section));
  const auto request = ws::http2::read_request(*section);
  const auto fine =
      request ? ws::http2::check_tunnel(*request, {true, stream->ended_by_peer()}) : std::unexpected(request.error());
  if (!fine) {
    const ws::http2::Rule& broken = ws::http2::rule(fine.error());
    if (broken.http_status == 0) {
      stream->reset_with(ErrorCode::protocol_error);  // RFC 9113 8.1.1
    } else {
      refuse(*stream, broken.http_status, broken.text);
    }
    co_return nullptr;
  }
  if (!request->protocol) {
    // RFC 9110 9.3.6: a server that is no proxy has no use for CONNECT. Others find nothing here but a WebSocket.
    const bool connect = request->method == "CONNECT";
    refuse(*stream, connect ? 501 : 404, "only WebSockets are served here: extended CONNECT, RFC 8441");
    co_return nullptr;
  }
  co_return std::make_unique<TunnelStream>(std::move(stream), *request);
}

}  // namespace ws::io::http2

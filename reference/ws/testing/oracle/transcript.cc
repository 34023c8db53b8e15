#include <ws/testing/oracle/transcript.h>

#include <asio/error.hpp>

#include <utility>

namespace ws::testing {
namespace {

class Tap final : public io::Stream {
 public:
  Tap(std::unique_ptr<io::Stream> stream, std::shared_ptr<Transcript> into)
      : stream_(std::move(stream)), transcript_(std::move(into)) {}

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override {
    auto count = co_await stream_->read_some(into);
    if (count) {
      transcript_->came(into.first(*count));
    } else if (count.error() == asio::error::eof) {
      transcript_->add(Transcript::Kind::it_ended);
    } else if (count.error() == asio::error::connection_reset) {
      transcript_->add(Transcript::Kind::it_reset);
    }
    co_return count;
  }

  // Written down before it goes out, since the answer may be read before the write has ended.
  asio::awaitable<std::error_code> write(ByteView octets) override {
    transcript_->sent(octets);
    co_return co_await stream_->write(octets);
  }

  void write_without_waiting(ByteView octets) noexcept override {
    transcript_->sent(octets);
    stream_->write_without_waiting(octets);
  }

  asio::awaitable<std::error_code> shutdown_send() override {
    end();
    co_return co_await stream_->shutdown_send();
  }

  void reset() noexcept override {
    end();
    stream_->reset();
  }

  void close() noexcept override {
    end();
    stream_->close();
  }

  [[nodiscard]] asio::any_io_executor executor() override { return stream_->executor(); }
  [[nodiscard]] int descriptor() noexcept override { return stream_->descriptor(); }
  [[nodiscard]] std::string peer() const override { return stream_->peer(); }
  [[nodiscard]] bool secure() const noexcept override { return stream_->secure(); }
  [[nodiscard]] io::PeerAddress peer_address() const override { return stream_->peer_address(); }

 private:
  void end() {
    if (!std::exchange(ended_, true)) transcript_->add(Transcript::Kind::we_ended);
  }

  std::unique_ptr<io::Stream> stream_;
  std::shared_ptr<Transcript> transcript_;
  bool ended_ = false;
};

}  // namespace

void Transcript::add(Kind kind, ByteView octets) {
  const bool carries = kind == Kind::sent || kind == Kind::came;
  if (carries && octets.empty()) return;
  if (!carries || pieces.empty() || pieces.back().kind != kind) pieces.push_back({kind, {}});
  append(pieces.back().octets, octets);
}

std::unique_ptr<io::Stream> tap(std::unique_ptr<io::Stream> stream, std::shared_ptr<Transcript> into) {
  return std::make_unique<Tap>(std::move(stream), std::move(into));
}

}  // namespace ws::testing

#include "runner/serve/http.h"

#include "runner/engine/talk/watchdog.h"
#include "runner/serve/loose_head.h"

#include <fmt/format.h>
#include <ws/rules/request.h>

#include <algorithm>
#include <cstring>

namespace touchstone::serve {
namespace {

constexpr ws::HeadLimits kLimits{.octets = 16 * 1024, .fields = 100};
constexpr std::chrono::milliseconds kWriteLimit{10'000};  // for each piece of an answer
constexpr std::size_t kPiece = 256 * 1024;
constexpr std::chrono::milliseconds kLingerLimit{2'000};
constexpr std::size_t kLingerOctets = 1024 * 1024;

Answer refusal_of(ws::Violation violation) {
  const ws::Rule& rule = ws::rule(violation);
  return refusal(rule.http_status == 0 ? 400 : rule.http_status, std::string(rule.text));
}

constexpr std::string_view kPlainKey = "dGhlIHNhbXBsZSBub25jZQ==";

// Passes everything on.
class RelayStream : public ws::io::Stream {
 public:
  explicit RelayStream(std::unique_ptr<ws::io::Stream> inner) : inner_(std::move(inner)) {}

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override {
    return inner_->read_some(into);
  }
  asio::awaitable<std::error_code> write(ws::ByteView octets) override { return inner_->write(octets); }
  asio::awaitable<std::error_code> shutdown_send() override { return inner_->shutdown_send(); }
  void reset() noexcept override { inner_->reset(); }
  void close() noexcept override { inner_->close(); }
  asio::any_io_executor executor() override { return inner_->executor(); }
  [[nodiscard]] int descriptor() noexcept override { return inner_->descriptor(); }
  [[nodiscard]] std::string peer() const override { return inner_->peer(); }
  [[nodiscard]] bool secure() const noexcept override { return inner_->secure(); }
  [[nodiscard]] ws::io::PeerAddress peer_address() const override { return inner_->peer_address(); }

 protected:
  [[nodiscard]] ws::io::Stream& inner() noexcept { return *inner_; }

 private:
  std::unique_ptr<ws::io::Stream> inner_;
};

class EarlyStream final : public RelayStream {
 public:
  EarlyStream(std::unique_ptr<ws::io::Stream> inner, ws::Bytes early)
      : RelayStream(std::move(inner)), early_(std::move(early)) {}

  asio::awaitable<std::expected<std::size_t, std::error_code>> read_some(std::span<std::byte> into) override {
    if (given_ == early_.size()) co_return co_await inner().read_some(into);
    const std::size_t n = std::min(into.size(), early_.size() - given_);
    std::memcpy(into.data(), early_.data() + given_, n);
    given_ += n;
    co_return n;
  }

 private:
  ws::Bytes early_;
  std::size_t given_ = 0;
};

// Writes to the client, in the tester's answer, the Accept of the key that it sent in place of the one of kPlainKey.
class AcceptStream final : public RelayStream {
 public:
  AcceptStream(std::unique_ptr<ws::io::Stream> inner, const std::string& key)
      : RelayStream(std::move(inner)), accept_(ws::accept_key(key)) {}

  asio::awaitable<std::error_code> write(ws::ByteView octets) override {
    static const std::string plain = ws::accept_key(kPlainKey);
    std::string text = ws::to_string(octets);
    const auto at = accept_.empty() ? std::string::npos : text.find(plain);
    if (at == std::string::npos) co_return co_await inner().write(octets);
    text.replace(at, plain.size(), accept_);
    accept_.clear();
    co_return co_await inner().write(ws::as_octets(text));
  }

 private:
  std::string accept_;  // empty: it was written
};

}  // namespace

Answer refusal(int status, std::string text) {
  Answer answer;
  answer.status = status;
  answer.body = std::move(text) + "\n";
  return answer;
}

asio::awaitable<std::expected<Request, std::optional<Answer>>> read_request(ws::io::Stream& stream,
                                                                            std::chrono::milliseconds limit) {
  Watchdog watchdog(stream);
  watchdog.arm(limit);
  ws::Bytes octets, buffer(4096);
  ws::HeadScan scan;
  while (true) {
    const auto n = co_await stream.read_some(buffer);
    // Silence, a reset, or an end in the middle of the head: nobody waits for an answer.
    if (!n) co_return std::unexpected(std::nullopt);
    ws::append(octets, std::span(buffer).first(*n));
    const auto end = ws::head_end(octets, kLimits, scan);
    if (end && !*end) continue;
    Request request;
    std::size_t size = 0;
    if (end) {
      auto head = ws::parse_request(ws::ByteView(octets).first(**end), kLimits);
      if (!head && head.error() != ws::Violation::head_malformed) co_return std::unexpected(refusal_of(head.error()));
      if (head) request.head = std::move(*head), size = **end;
    } else if (end.error() != ws::Violation::head_malformed) {
      co_return std::unexpected(refusal_of(end.error()));
    }
    if (size == 0) {
      auto loose = loose_head(octets, kLimits);
      if (!loose) co_return std::unexpected(refusal_of(loose.error()));
      if (!*loose) continue;
      size = (*loose)->octets;
      request.head = std::move((*loose)->head);
      request.malformed = ws::to_string(ws::ByteView(octets).first(size));
    }
    request.early.assign(octets.begin() + static_cast<std::ptrdiff_t>(size), octets.end());
    co_return request;
  }
}

asio::awaitable<void> respond(ws::io::Stream& stream, Answer answer, bool head_only) {
  ws::ResponseHead head;
  head.status = answer.status;
  head.reason = ws::reason_phrase(answer.status);
  head.fields = {{"Content-Type", answer.content_type},
                 {"Content-Length", std::to_string(answer.body.size())},
                 {"Connection", "close"},
                 {"Cache-Control", "no-store"},
                 {"X-Content-Type-Options", "nosniff"}};
  head.fields.insert(head.fields.end(), answer.fields.begin(), answer.fields.end());
  const std::string octets = ws::serialize(head) + (head_only ? std::string() : answer.body);
  Watchdog watchdog(stream);
  for (ws::ByteView rest = ws::as_octets(octets); !rest.empty();) {
    const ws::ByteView piece = rest.first(std::min(rest.size(), kPiece));
    watchdog.arm(kWriteLimit);
    if (co_await stream.write(piece)) co_return;
    rest = rest.subspan(piece.size());
  }
  watchdog.arm(kLingerLimit);
  if (co_await stream.shutdown_send()) co_return;
  // What the client still sends is read, or the end of TCP would become a reset that destroys the answer.
  ws::Bytes buffer(16 * 1024);
  for (std::size_t taken = 0; taken < kLingerOctets;) {
    const auto n = co_await stream.read_some(buffer);
    if (!n) break;
    taken += *n;
  }
  watchdog.disarm();
  stream.close();
}

std::unique_ptr<ws::io::Stream> with_early(std::unique_ptr<ws::io::Stream> inner, ws::Bytes early) {
  return std::make_unique<EarlyStream>(std::move(inner), std::move(early));
}

std::unique_ptr<ws::io::Stream> mended(std::unique_ptr<ws::io::Stream> inner, Request& request) {
  const auto reading = ws::rules::read_request(request.head);
  if (reading.faults.empty() || !reading.facts) return inner;
  ws::RequestHead plain;
  plain.method = "GET";
  plain.target = "/";
  plain.fields = {{"Host", "localhost"},
                  {"Upgrade", "websocket"},
                  {"Connection", "Upgrade"},
                  {"Sec-WebSocket-Key", std::string(kPlainKey)},
                  {"Sec-WebSocket-Version", "13"}};
  request.head = std::move(plain);
  return std::make_unique<AcceptStream>(std::move(inner), reading.facts->key);
}

}  // namespace touchstone::serve

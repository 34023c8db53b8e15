// stream_tls.cc - TLS over another stream, by OpenSSL's memory BIOs.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <ws/io/net/stream_tls.h>

#include <algorithm>
#include <asio/error.hpp>
#include <asio/ssl/error.hpp>
#include <cstring>
#include <new>
#include <utility>

namespace ws::io {
namespace {

constexpr std::size_t kSmallRecord = 4 * 1024;   // while little comes: idle connections are small
constexpr std::size_t kLargeRecord = 64 * 1024;  // while reads fill the buffer
constexpr std::size_t kRecordChunk = 64 * 1024;
constexpr std::size_t kRecordOverhead = 256;  // headers and tags of the records of one chunk, and some more

// The oldest error of OpenSSL's per-thread queue, which is emptied.
std::error_code take_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return asio::ssl::error::unspecified_system_error;
  return {static_cast<int>(code), asio::error::get_ssl_category()};
}

}  // namespace

struct TlsStream::Pipe {
  Bytes in;  // [begin, end) came from below and waits for OpenSSL
  std::size_t begin = 0, end = 0;
  Bytes out;        // OpenSSL's, for the stream below
  Bytes in_flight;  // being written
  bool writing = false;
};

namespace {

TlsStream::Pipe& pipe_of(BIO* bio) { return *static_cast<TlsStream::Pipe*>(BIO_get_data(bio)); }

int pipe_read(BIO* bio, char* into, std::size_t size, std::size_t* count) {
  TlsStream::Pipe& pipe = pipe_of(bio);
  BIO_clear_retry_flags(bio);
  *count = std::min(size, pipe.end - pipe.begin);
  if (*count == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(into, pipe.in.data() + pipe.begin, *count);
  pipe.begin += *count;
  return 1;
}

// Exceptions must not pass through OpenSSL's C code.
int pipe_write(BIO* bio, const char* from, std::size_t size, std::size_t* count) noexcept try {
  append(pipe_of(bio).out, as_octets({from, size}));
  *count = size;
  return 1;
} catch (const std::bad_alloc&) {
  return 0;
}

long pipe_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* pipe_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ws::io pipe");
    BIO_meth_set_read_ex(made, pipe_read);
    BIO_meth_set_write_ex(made, pipe_write);
    BIO_meth_set_ctrl(made, pipe_control);
    return made;
  }();
  return method;
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<Stream> under, SslPtr session)
    : under_(std::move(under)), pipe_(std::make_unique<Pipe>()), session_(std::move(session)) {
  BIO* const bio = BIO_new(pipe_method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, pipe_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);  // the session owns it now
}

TlsStream::~TlsStream() = default;

std::string_view TlsStream::protocol() const noexcept {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(session_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

asio::awaitable<std::error_code> TlsStream::handshake() {
  while (true) {
    ERR_clear_error();
    const int result = SSL_do_handshake(session_.get());
    if (result != 1 && SSL_get_error(session_.get(), result) != SSL_ERROR_WANT_READ) {
      const auto error = take_error();
      send_alert();
      co_return error;
    }
    if (const auto error = co_await flush()) co_return error;
    if (result == 1) co_return std::error_code{};
    if (const auto error = co_await fill()) {
      co_return error == asio::error::eof ? make_error_code(asio::ssl::error::stream_truncated) : error;
    }
  }
}

asio::awaitable<std::expected<std::size_t, std::error_code>> TlsStream::read_some(std::span<std::byte> into) {
  while (true) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(session_.get(), into.data(), into.size(), &count);
    if (result == 1) co_return count;
    const int why = SSL_get_error(session_.get(), result);
    if (why == SSL_ERROR_ZERO_RETURN) co_return std::unexpected(make_error_code(asio::error::eof));
    if (why != SSL_ERROR_WANT_READ) {
      const auto error = take_error();
      send_alert();
      co_return std::unexpected(error);
    }
    if (const auto error = co_await fill()) {
      // RFC 8446 6.1: without close_notify somebody else may have cut the stream.
      co_return std::unexpected(error == asio::error::eof ? make_error_code(asio::ssl::error::stream_truncated)
                                                          : error);
    }
  }
}

asio::awaitable<std::error_code> TlsStream::write(ByteView octets) {
  while (!octets.empty()) {
    const ByteView chunk = octets.first(std::min(octets.size(), kRecordChunk));
    octets = octets.subspan(chunk.size());
    pipe_->out.reserve(chunk.size() + kRecordOverhead);
    ERR_clear_error();
    std::size_t count = 0;
    // Never partial: the pipe takes everything.
    if (SSL_write_ex(session_.get(), chunk.data(), chunk.size(), &count) != 1) co_return take_error();
    if (const auto error = co_await flush()) co_return error;
  }
  co_return std::error_code{};
}

asio::awaitable<std::error_code> TlsStream::shutdown_send() {
  // Called once, SSL_shutdown writes our close_notify; only a second call would look for the peer's.
  // RFC 8446 6.1: it closes our direction only.
  ERR_clear_error();
  if ((SSL_get_shutdown(session_.get()) & SSL_SENT_SHUTDOWN) == 0 && SSL_shutdown(session_.get()) < 0) {
    ERR_clear_error();  // after a fatal alert there is nothing to notify
  }
  if (const auto error = co_await flush()) co_return error;
  co_return co_await under_->shutdown_send();
}

// Called when OpenSSL has consumed all input.
asio::awaitable<std::error_code> TlsStream::fill() {
  Pipe& pipe = *pipe_;
  const std::size_t wanted = pipe.end >= kSmallRecord ? kLargeRecord : kSmallRecord;  // by what the last read brought
  if (pipe.in.size() != wanted) pipe.in = Bytes(wanted);
  pipe.begin = pipe.end = 0;
  const auto count = co_await under_->read_some(pipe.in);
  if (!count) co_return count.error();
  pipe.end = *count;
  co_return std::error_code{};
}

asio::awaitable<std::error_code> TlsStream::flush() {
  Pipe& pipe = *pipe_;
  std::error_code error;
  while (!error && !pipe.out.empty()) {
    std::swap(pipe.out, pipe.in_flight);
    pipe.writing = true;
    error = co_await under_->write(pipe.in_flight);
    pipe.writing = false;
    pipe.in_flight.clear();
  }
  if (pipe.in_flight.capacity() > kSmallRecord) pipe.in_flight = {};
  if (pipe.out.capacity() > kSmallRecord && pipe.out.empty()) pipe.out = {};
  co_return error;
}

// RFC 8446 6.2: the peer is told why, but nobody waits for it.
void TlsStream::send_alert() noexcept {
  if (pipe_->writing) return;  // the alert would cut into a record
  under_->write_without_waiting(pipe_->out);
  pipe_->out.clear();
}

}  // namespace ws::io

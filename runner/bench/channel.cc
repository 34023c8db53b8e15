// channel.cc - sockets that never wait.
#include "runner/bench/channel.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace touchstone::bench {
namespace {

std::string words(int error) { return std::generic_category().message(error); }

}  // namespace

std::string to_text(const Address& address) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address.storage);
  if (getnameinfo(generic, address.size, host.data(), host.size(), port.data(), port.size(),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "an address that cannot be written";
  const bool v6 = address.storage.ss_family == AF_INET6;
  return (v6 ? "[" : "") + std::string(host.data()) + (v6 ? "]:" : ":") + port.data();
}

std::expected<std::vector<Address>, std::string> resolve(const std::string& host, std::uint16_t port,
                                                         ws::io::Family family) {
  addrinfo hints{};
  hints.ai_family = family == ws::io::Family::v4 ? AF_INET : family == ws::io::Family::v6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list); error != 0)
    return std::unexpected("resolve " + host + ": " + gai_strerror(error));
  std::vector<Address> addresses;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
  }
  freeaddrinfo(list);
  return addresses;
}

Channel::Channel(int descriptor, ws::io::SslPtr session) : descriptor_(descriptor), session_(std::move(session)) {}

Channel::Channel(Channel&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      session_(std::move(other.session_)),
      connected_(other.connected_),
      error_(std::move(other.error_)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(session_, other.session_);
  std::swap(connected_, other.connected_);
  std::swap(error_, other.error_);
  return *this;
}

Channel::~Channel() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::expected<Channel, std::string> Channel::connect(const Address& address, ws::io::SslPtr session) {
  const std::string what = "connect to " + to_text(address) + ": ";
  const int descriptor = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return std::unexpected(what + words(errno));
  Channel channel(descriptor, std::move(session));
  constexpr int kOn = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(descriptor, generic, address.size) != 0 && errno != EINPROGRESS)
    return std::unexpected(what + words(errno));
  if (channel.session_) {
    SSL_set_fd(channel.session_.get(), descriptor);
    SSL_set_mode(channel.session_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  return channel;
}

Channel::State Channel::fail(std::string why) {
  error_ = std::move(why);
  return State::failed;
}

Channel::State Channel::tls_state(int result) {
  const int system = errno;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return State::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return State::wants_write;
    case SSL_ERROR_ZERO_RETURN:
      return State::ended;
    case SSL_ERROR_SYSCALL:
      return fail(system == 0 ? "the connection ended in the middle of TLS" : words(system));
    default:
      break;
  }
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const std::error_code error(static_cast<int>(ERR_GET_REASON(code)), std::generic_category());
  const char* const reason = ERR_reason_error_string(code);
  if (!SSL_is_init_finished(session_.get()) && SSL_get_verify_result(session_.get()) != X509_V_OK)
    return fail("TLS: " + ws::io::describe_tls_failure(session_.get(), error));
  return fail(reason == nullptr ? "TLS failed" : "TLS: " + std::string(reason));
}

Channel::State Channel::establish() {
  if (!connected_) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(words(error));
    connected_ = true;
  }
  if (!session_) return State::done;
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(session_.get());
  return result == 1 ? State::done : tls_state(result);
}

Channel::Moved Channel::read(std::span<std::byte> into) {
  if (!session_) {
    const ssize_t count = ::recv(descriptor_, into.data(), into.size(), 0);
    if (count > 0) return {State::done, static_cast<std::size_t>(count)};
    if (count == 0) return {State::ended, 0};
    if (errno == EAGAIN || errno == EINTR) return {State::wants_read, 0};
    return {fail(words(errno)), 0};
  }
  std::size_t total = 0;
  while (total < into.size()) {
    std::size_t count = 0;
    ERR_clear_error();
    errno = 0;
    const int result = SSL_read_ex(session_.get(), into.data() + total, into.size() - total, &count);
    if (result != 1) {
      const State state = tls_state(result);
      return {total > 0 && state == State::wants_read ? State::done : state, total};
    }
    total += count;
  }
  // OpenSSL may keep octets that epoll does not tell of: the caller reads again until wants_read.
  return {State::done, total};
}

Channel::Moved Channel::write(ws::ByteView octets) {
  std::size_t total = 0;
  while (total < octets.size()) {
    if (!session_) {
      const ssize_t count = ::send(descriptor_, octets.data() + total, octets.size() - total, MSG_NOSIGNAL);
      if (count < 0) {
        if (errno == EAGAIN || errno == EINTR) return {State::wants_write, total};
        return {fail(words(errno)), total};
      }
      total += static_cast<std::size_t>(count);
      continue;
    }
    std::size_t count = 0;
    ERR_clear_error();
    errno = 0;
    const int result = SSL_write_ex(session_.get(), octets.data() + total, octets.size() - total, &count);
    if (result != 1) return {tls_state(result), total};
    total += count;
  }
  return {State::done, total};
}

}  // namespace touchstone::bench

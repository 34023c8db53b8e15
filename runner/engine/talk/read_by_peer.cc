#include "runner/engine/talk/read_by_peer.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace touchstone {
namespace {

// An endpoint that is awake reads within microseconds: so often the other connections get their turn first. Then it is
// asked after pauses, so that it has the processor.
constexpr int kTurns = 20;
constexpr std::chrono::microseconds kFirstPause{20}, kLongestPause{1000};
constexpr int kListening = 10;  // TCP_LISTEN of the kernel's list of states: no connection, but one could come

// The kernel's own view of the sockets of this machine, sock_diag(7). One question at a time.
class SocketDiagnosis {
 public:
  SocketDiagnosis() : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {}
  SocketDiagnosis(const SocketDiagnosis&) = delete;
  SocketDiagnosis& operator=(const SocketDiagnosis&) = delete;
  ~SocketDiagnosis() {
    if (socket_ >= 0) ::close(socket_);
  }

  ReceiveQueue queue_of(const sockaddr_storage& local, const sockaddr_storage& remote, PeerQueues* queues = nullptr) {
    struct {
      nlmsghdr header;
      inet_diag_req_v2 body;
    } question{};
    question.header.nlmsg_len = sizeof question;
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.header.nlmsg_flags = NLM_F_REQUEST;
    question.header.nlmsg_seq = ++number_;
    question.body.sdiag_family = static_cast<std::uint8_t>(local.ss_family);
    question.body.sdiag_protocol = IPPROTO_TCP;
    question.body.idiag_states = ~0U;
    if (queues != nullptr) question.body.idiag_ext = 1U << (INET_DIAG_SKMEMINFO - 1);
    if (!name(local, question.body.id.idiag_sport, question.body.id.idiag_src) ||
        !name(remote, question.body.id.idiag_dport, question.body.id.idiag_dst))
      return ReceiveQueue::hidden;
    question.body.id.idiag_cookie[0] = question.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    // The kernel answers before send() returns.
    if (::send(socket_, &question, sizeof question, 0) != static_cast<ssize_t>(sizeof question))
      return ReceiveQueue::hidden;
    return answer(queues);
  }

 private:
  template <typename Words>
  static bool name(const sockaddr_storage& address, __be16& port, Words& words) {
    if (address.ss_family == AF_INET) {
      const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
      port = v4.sin_port;
      std::memcpy(words, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (address.ss_family == AF_INET6) {
      const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
      port = v6.sin6_port;
      std::memcpy(words, &v6.sin6_addr, sizeof v6.sin6_addr);
    }
    return address.ss_family == AF_INET || address.ss_family == AF_INET6;
  }

  ReceiveQueue answer(PeerQueues* queues) {
    alignas(nlmsghdr) std::array<std::byte, 4096> buffer;
    while (true) {
      const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return ReceiveQueue::hidden;
      nlmsghdr header;
      std::memcpy(&header, buffer.data(), sizeof header);
      if (header.nlmsg_seq != number_) continue;  // of a question before this one
      if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return error_of(buffer, size);
      inet_diag_msg socket{};
      if (size < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof socket)) return ReceiveQueue::hidden;
      std::memcpy(&socket, buffer.data() + NLMSG_HDRLEN, sizeof socket);
      if (socket.idiag_state == kListening) return ReceiveQueue::gone;
      if (queues != nullptr)
        read_queues(*queues, socket,
                    std::span(buffer).first(static_cast<std::size_t>(size)).subspan(NLMSG_HDRLEN + sizeof socket));
      return socket.idiag_rqueue == 0 ? ReceiveQueue::empty : ReceiveQueue::filled;
    }
  }

  // sock_diag(7): attributes follow the message; that of the socket's memory is an array of numbers.
  static void read_queues(PeerQueues& queues, const inet_diag_msg& socket, std::span<const std::byte> attributes) {
    queues.known = true;
    queues.unread = socket.idiag_rqueue;
    queues.unsent = socket.idiag_wqueue;
    while (attributes.size() >= sizeof(nlattr)) {
      nlattr attribute{};
      std::memcpy(&attribute, attributes.data(), sizeof attribute);
      std::array<std::uint32_t, SK_MEMINFO_WMEM_QUEUED + 1> memory{};
      if (attribute.nla_len < sizeof attribute || attribute.nla_len > attributes.size()) return;
      if (attribute.nla_type == INET_DIAG_SKMEMINFO && attribute.nla_len >= sizeof attribute + sizeof memory) {
        std::memcpy(memory.data(), attributes.data() + sizeof attribute, sizeof memory);
        queues.full = memory[SK_MEMINFO_WMEM_QUEUED] >= memory[SK_MEMINFO_SNDBUF];
      }
      attributes = attributes.subspan(std::min<std::size_t>(attributes.size(), NLA_ALIGN(attribute.nla_len)));
    }
  }

  static ReceiveQueue error_of(std::span<const std::byte> buffer, ssize_t size) {
    nlmsgerr error{};
    if (size < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof error.error)) return ReceiveQueue::hidden;
    std::memcpy(&error.error, buffer.data() + NLMSG_HDRLEN, sizeof error.error);
    return error.error == -ENOENT ? ReceiveQueue::gone : ReceiveQueue::hidden;
  }

  int socket_;
  std::uint32_t number_ = 0;
};

ReceiveQueue queue_of_unix_peer(int descriptor) {
  int waiting = 0;
  if (::ioctl(descriptor, SIOCOUTQ, &waiting) != 0) return ReceiveQueue::hidden;
  return waiting == 0 ? ReceiveQueue::empty : ReceiveQueue::filled;
}

ReceiveQueue ask_of_peer(int descriptor, PeerQueues* queues) {
  thread_local SocketDiagnosis diagnosis;
  sockaddr_storage ours{}, theirs{};
  socklen_t size_of_ours = sizeof ours, size_of_theirs = sizeof theirs;
  if (descriptor < 0 || ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&ours), &size_of_ours) != 0)
    return ReceiveQueue::hidden;
  if (ours.ss_family == AF_UNIX) return queue_of_unix_peer(descriptor);
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&theirs), &size_of_theirs) != 0) return ReceiveQueue::gone;
  return diagnosis.queue_of(theirs, ours, queues);
}

}  // namespace

ReceiveQueue receive_queue_of_peer(int descriptor) { return ask_of_peer(descriptor, nullptr); }

PeerQueues queues_of_peer(int descriptor) {
  PeerQueues queues;
  (void)ask_of_peer(descriptor, &queues);
  return queues;
}

ReadByPeer::ReadByPeer(ws::io::Stream& stream, const SessionOptions& options)
    : stream_(stream), options_(options), timer_(stream.executor()), patience_(options.timeout) {}

ReceiveQueue ReadByPeer::look() {
  if (options_.through_proxy) return ReceiveQueue::hidden;
  const ReceiveQueue queue = receive_queue_of_peer(stream_.descriptor());
  was_here_ = was_here_ || queue == ReceiveQueue::empty || queue == ReceiveQueue::filled;
  return queue == ReceiveQueue::gone && !was_here_ ? ReceiveQueue::hidden : queue;
}

ReadByPeer::Clock::duration ReadByPeer::moment_elsewhere() const {
  std::chrono::microseconds round_trip = options_.round_trip;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(stream_.descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
    round_trip = std::max(round_trip, std::chrono::microseconds(info.tcpi_rtt));
  return std::clamp<Clock::duration>(2 * round_trip, std::chrono::milliseconds(1), std::chrono::milliseconds(500));
}

asio::awaitable<void> ReadByPeer::pause(Clock::duration length) {
  timer_.expires_after(length);
  std::error_code ignored;
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> ReadByPeer::wait(const std::function<bool()>& over) {
  const auto start = Clock::now();
  Clock::duration next = kFirstPause;
  for (int turn = 0; patience_ > Clock::now() - start && !over(); ++turn) {
    const ReceiveQueue queue = look();
    if (queue == ReceiveQueue::hidden) {
      co_await pause(std::min(patience_, moment_elsewhere()));
      break;
    }
    if (queue != ReceiveQueue::filled) break;
    if (turn < kTurns) {
      co_await asio::post(stream_.executor(), asio::use_awaitable);
    } else {
      co_await pause(next);
      next = std::min<Clock::duration>(2 * next, kLongestPause);
    }
  }
  patience_ -= std::min(patience_, Clock::now() - start);
}

}  // namespace touchstone

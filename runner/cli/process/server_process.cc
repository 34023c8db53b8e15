#include "runner/cli/process/server_process.h"

#include "runner/cli/process/guardian.h"
#include "runner/cli/process/program_log.h"
#include "runner/cli/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

using Clock = std::chrono::steady_clock;

class Socket {
 public:
  explicit Socket(int fd) noexcept : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

// True when something accepts a connection at this address within a second or two.
bool accepts(const addrinfo& address) {
  const Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return false;
  if (connect(socket.fd(), address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd entry{.fd = socket.fd(), .events = POLLOUT, .revents = 0};
  if (poll(&entry, 1, 1000) <= 0) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

bool accepts(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
  bool any = false;
  for (const addrinfo* each = found; each != nullptr && !any; each = each->ai_next) any = accepts(*each);
  freeaddrinfo(found);
  return any;
}

constexpr std::size_t kLongestTail = 4096;  // bytes of the log that are shown

}  // namespace

std::expected<std::uint16_t, std::string> free_port() {
  const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (socket.fd() < 0 || bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return std::unexpected(fmt::format("no free port on 127.0.0.1: {}", std::strerror(errno)));
  }
  return ntohs(address.sin_port);
}

std::expected<void, std::string> ServerProcess::start() {
  process_.reset();  // A process that refuses connections but lives must free the port.
  started_at_ = log_size(settings_.log);
  scanned_ = started_at_;
  auto process = ChildProcess::start(settings_.command, settings_.log);
  if (!process) return std::unexpected(process.error());
  process_.emplace(std::move(*process));
  return wait_until_it_accepts();
}

std::expected<void, std::string> ServerProcess::start_first() {
  if (accepts(settings_.host, settings_.port)) {
    return std::unexpected(
        fmt::format("something else accepts connections at {}:{} already, so --command was not run. "
                    "Stop it, or leave the choice of the port to {{port}} in the URL.",
                    settings_.host, settings_.port));
  }
  return start();
}

std::expected<void, std::string> ServerProcess::wait_until_it_accepts() {
  const auto deadline = Clock::now() + settings_.start_deadline;
  std::chrono::milliseconds back_off{2};
  while (!accepts(settings_.host, settings_.port)) {
    if (const auto how = process_->ended(back_off)) {
      return std::unexpected(
          fmt::format("the server ended with {} before it accepted a connection at {}:{}.\n"
                      "Command: {}\n{}",
                      *how, settings_.host, settings_.port, settings_.command, log_tail()));
    }
    if (stop_) return std::unexpected("interrupted while the server was starting");
    if (Clock::now() > deadline) {
      return std::unexpected(fmt::format(
          "the server did not accept a connection at {}:{} within {}. Does the command "
          "use {{port}}?\nCommand: {}\n{}",
          settings_.host, settings_.port, format_duration(settings_.start_deadline), settings_.command, log_tail()));
    }
    back_off = std::min(back_off * 2, std::chrono::milliseconds(100));
  }
  return {};
}

std::string ServerProcess::autopsy() {
  // Writing a core or a sanitizer's report takes its time after the port is gone.
  const auto how = process_ ? process_->ended(std::chrono::seconds(10)) : std::nullopt;
  std::string text = how ? "the server ended with " + *how : "the server runs but refuses connections";
  if (const auto line = report_in_log(log_since(settings_.log, started_at_))) text += ": " + *line;
  scanned_ = started_at_ + log_since(settings_.log, started_at_).size();
  return text;
}

std::optional<LogFault> ServerProcess::new_fault_in_log() {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(settings_.log, error);
  if (!error && size < scanned_) scanned_ = kLogHead;  // its middle was left out, and the end may be new
  if (error || size <= scanned_) return std::nullopt;
  const std::string fresh = log_since(settings_.log, scanned_);
  // Only whole lines; the rest is looked at when its end is there.
  const std::size_t whole = fresh.rfind('\n') + 1;
  scanned_ += whole;
  return fault_in_log(std::string_view(fresh).substr(0, whole));
}

std::string ServerProcess::log_tail() const {
  const std::string log = log_since(settings_.log, started_at_);
  if (log.empty()) return "Its log " + settings_.log.string() + " is empty.";
  std::size_t from = log.size() - 1;
  for (int lines = 0; lines < 10 && from != std::string::npos && from > 0; ++lines) from = log.rfind('\n', from - 1);
  std::string_view tail = std::string_view(log).substr(from == std::string::npos ? 0 : from);
  if (tail.size() > kLongestTail) tail = tail.substr(tail.size() - kLongestTail);
  return fmt::format("The end of its log ({}):\n{}", settings_.log.string(),
                     tail.starts_with('\n') ? tail.substr(1) : tail);
}

}  // namespace touchstone::cli

#include "runner/cli/process/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <asio/post.hpp>

#include <array>
#include <system_error>
#include <utility>

namespace touchstone::cli {
namespace {

constexpr std::size_t kLongestLine = 16 * 1024 * 1024;

}  // namespace

LineReader::LineReader(asio::any_io_executor executor, std::function<void(std::string)> on_line,
                       std::function<void()> on_end)
    : executor_(std::move(executor)), on_line_(std::move(on_line)), on_end_(std::move(on_end)) {
  if (::pipe(stop_) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  thread_ = std::thread([this] { read(); });
}

LineReader::~LineReader() {
  ::close(stop_[1]);
  thread_.join();
  ::close(stop_[0]);
}

void LineReader::read() {
  std::string pending;
  std::array<char, 65536> piece;
  while (true) {
    std::array<pollfd, 2> wait = {{{STDIN_FILENO, POLLIN, 0}, {stop_[0], POLLIN, 0}}};
    if (::poll(wait.data(), wait.size(), -1) < 0 && errno == EINTR) continue;
    if (wait[1].revents != 0) return;
    const ssize_t n = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    pending.append(piece.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', begin)) {
      asio::post(executor_, [this, line = pending.substr(begin, end - begin)]() mutable { on_line_(std::move(line)); });
      begin = end + 1;
    }
    pending.erase(0, begin);
    if (pending.size() > kLongestLine) pending.resize(kLongestLine);
  }
  if (!pending.empty())
    asio::post(executor_, [this, line = std::move(pending)]() mutable { on_line_(std::move(line)); });
  asio::post(executor_, [this] { on_end_(); });
}

}  // namespace touchstone::cli

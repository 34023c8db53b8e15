// files.cc - reading and writing whole files.
#include "reports/support/files.h"

#include "reports/support/pieces.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace touchstone {
namespace {

FileError file_error(std::string_view what, const std::filesystem::path& path, int code) {
  return fmt::format("cannot {} {}: {}", what, path.string(), std::generic_category().message(code));
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  return *this;
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<OutputFile, FileError> OutputFile::create(const std::filesystem::path& path) {
  // A link in a folder that others may write to would lead to a file of the user's.
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0 && errno == ELOOP)
    return std::unexpected(fmt::format("cannot write {}: it is a symbolic link, which is not followed", path.string()));
  if (fd < 0) return std::unexpected(file_error("write", path, errno));
  return OutputFile(path, fd);
}

std::expected<void, FileError> OutputFile::append(std::string_view octets) {
  std::size_t done = 0;
  while (done < octets.size()) {
    const ssize_t written = ::write(fd_, octets.data() + done, octets.size() - done);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      const int code = errno;
      // Back to the last whole record, so that the file stays readable and a later call may succeed. On what
      // cannot be cut (a pipe) the torn record stays; readers know how to skip it.
      if (::ftruncate(fd_, static_cast<off_t>(size_)) == 0) ::lseek(fd_, static_cast<off_t>(size_), SEEK_SET);
      return std::unexpected(file_error("write", path_, code));
    }
  }
  size_ += octets.size();
  return {};
}

std::expected<void, FileError> OutputFile::close() {
  if (::close(std::exchange(fd_, -1)) != 0) return std::unexpected(file_error("write", path_, errno));
  return {};
}

std::expected<void, FileError> make_folder(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return std::unexpected(file_error("make the folder", folder, code.value()));
  if (!std::filesystem::is_directory(folder, code))
    return std::unexpected(file_error("make the folder", folder, ENOTDIR));
  return {};
}

std::expected<void, FileError> write_pieces(const std::filesystem::path& path, const Pieces& pieces) {
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.tmp", ::getpid());
  const auto written = [&]() -> std::expected<void, FileError> {
    auto file = OutputFile::create(temporary);
    if (!file) return std::unexpected(file.error());
    const Append append = [&file](std::string_view octets) { return file->append(octets); };
    if (auto appended = pieces(append); !appended) return appended;
    if (auto closed = file->close(); !closed) return closed;
    if (::rename(temporary.c_str(), path.c_str()) != 0) return std::unexpected(file_error("write", path, errno));
    return {};
  }();
  if (!written) ::unlink(temporary.c_str());
  return written;
}

std::expected<void, FileError> write_file(const std::filesystem::path& path, std::string_view content) {
  return write_pieces(path, [content](const Append& append) { return append(content); });
}

std::expected<std::string, FileError> read_file(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(file_error("read", path, errno));
  std::string content;
  int code = 0;
  for (std::size_t step = 1 << 16;;) {
    const std::size_t size = content.size();
    content.resize(size + step);
    const ssize_t got = ::read(fd, content.data() + size, step);
    content.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) code = errno;
    if (got <= 0) break;
    step = content.size() < (1 << 20) ? 1 << 16 : 1 << 20;
  }
  ::close(fd);
  if (code != 0) return std::unexpected(file_error("read", path, code));
  return content;
}

}  // namespace touchstone

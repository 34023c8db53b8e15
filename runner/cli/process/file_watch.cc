#include "runner/cli/process/file_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/inotify.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
constexpr std::array<std::string_view, 5> kMade = {"node_modules", "__pycache__", "build", "target", "dist"};

std::string why() { return std::generic_category().message(errno); }

}  // namespace

std::expected<FileWatch, std::string> FileWatch::of(const std::vector<fs::path>& folders, const fs::path& skipped) {
  const int notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (notify < 0) return std::unexpected("files cannot be watched here: " + why());
  std::error_code none;
  FileWatch watch(notify, fs::weakly_canonical(skipped, none));
  for (const fs::path& folder : folders) {
    if (const std::string fault = watch.add(folder); !fault.empty()) return std::unexpected(fault);
  }
  return watch;
}

FileWatch::FileWatch(FileWatch&& other) noexcept
    : notify_(std::exchange(other.notify_, -1)),
      skipped_(std::move(other.skipped_)),
      folders_(std::move(other.folders_)) {}

FileWatch& FileWatch::operator=(FileWatch&& other) noexcept {
  std::swap(notify_, other.notify_);
  std::swap(skipped_, other.skipped_);
  std::swap(folders_, other.folders_);
  return *this;
}

FileWatch::~FileWatch() {
  if (notify_ >= 0) close(notify_);
}

bool FileWatch::counts(const fs::path& path) const {
  const std::string name = path.filename();
  if (name.starts_with('.') && name != "." && name != "..") return false;
  if (name.ends_with('~') || std::ranges::find(kMade, name) != kMade.end()) return false;
  std::error_code none;
  return fs::weakly_canonical(path, none) != skipped_;
}

std::string FileWatch::add(const fs::path& folder) {
  const int watched = inotify_add_watch(notify_, folder.c_str(), kChanges);
  if (watched < 0) return fmt::format("cannot watch {}: {}", folder.string(), why());
  folders_[watched] = folder;
  std::error_code none;  // a folder that goes meanwhile, or that nobody may read, has nothing to watch
  for (const auto& entry : fs::directory_iterator(folder, fs::directory_options::skip_permission_denied, none)) {
    if (!entry.is_directory(none) || entry.is_symlink(none) || !counts(entry.path())) continue;
    if (std::string fault = add(entry.path()); !fault.empty()) return fault;
  }
  return {};
}

std::vector<fs::path> FileWatch::changes() {
  std::vector<fs::path> changed;
  alignas(inotify_event) std::array<char, 16 * 1024> octets;
  for (ssize_t n = read(notify_, octets.data(), octets.size()); n > 0;
       n = read(notify_, octets.data(), octets.size())) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(n);) {
      inotify_event event;
      std::memcpy(&event, octets.data() + at, sizeof event);
      const std::string name = event.len > 0 ? octets.data() + at + sizeof event : "";
      at += sizeof event + event.len;
      const auto folder = folders_.find(event.wd);
      if (folder == folders_.end() || name.empty() || !counts(folder->second / name)) continue;
      const fs::path path = folder->second / name;
      const bool is_new_folder = (event.mask & IN_ISDIR) != 0 && (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0;
      if (is_new_folder) (void)add(path);
      // What was only created is empty; its octets follow.
      if ((event.mask & IN_CREATE) == 0 || is_new_folder) changed.push_back(path);
    }
  }
  return changed;
}

}  // namespace touchstone::cli

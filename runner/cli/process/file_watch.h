// file_watch.h - which files change, in folders and all that is below them (inotify(7), so Linux only).
#pragma once
#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace touchstone::cli {

class FileWatch {
 public:
  // Left out, with all below: `skipped`, what is hidden, and what is made from other files (node_modules, __pycache__,
  // build, target, dist). The error names the folder and says why.
  [[nodiscard]] static std::expected<FileWatch, std::string> of(const std::vector<std::filesystem::path>& folders,
                                                                const std::filesystem::path& skipped);
  FileWatch(FileWatch&& other) noexcept;
  FileWatch& operator=(FileWatch&& other) noexcept;
  ~FileWatch();

  // Readable when something happened.
  [[nodiscard]] int descriptor() const noexcept { return notify_; }
  // The files that were written, made, moved or removed since the last call. Does not wait.
  [[nodiscard]] std::vector<std::filesystem::path> changes();
  [[nodiscard]] std::size_t folders() const noexcept { return folders_.size(); }

 private:
  FileWatch(int notify, std::filesystem::path skipped) : notify_(notify), skipped_(std::move(skipped)) {}
  // The error of the first folder that cannot be watched.
  [[nodiscard]] std::string add(const std::filesystem::path& folder);
  [[nodiscard]] bool counts(const std::filesystem::path& path) const;

  int notify_ = -1;
  std::filesystem::path skipped_;
  std::map<int, std::filesystem::path> folders_;  // of watch descriptors
};

}  // namespace touchstone::cli

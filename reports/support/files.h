// files.h - files of a report: written whole or not at all, with errors that a person understands.
#pragma once
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

namespace touchstone {

// "cannot write out/report.json: No space left on device"
using FileError = std::string;

// An open file that is written to its end or not at all per call. POSIX rather than iostreams: only write(2)
// tells at once that the disk is full, and why.
class OutputFile {
 public:
  // Creates the file, or empties it. A symbolic link in its place is not followed.
  [[nodiscard]] static std::expected<OutputFile, FileError> create(const std::filesystem::path& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  // Appends all of `octets`. When that fails the file is cut back to what it was before the call.
  [[nodiscard]] std::expected<void, FileError> append(std::string_view octets);
  // Some file systems tell of a full disk only here.
  [[nodiscard]] std::expected<void, FileError> close();

 private:
  OutputFile(std::filesystem::path path, int fd);
  std::filesystem::path path_;
  int fd_ = -1;
  std::size_t size_ = 0;
};

// Creates the folder and those above it.
[[nodiscard]] std::expected<void, FileError> make_folder(const std::filesystem::path& folder);

// Writes a temporary file beside `path` and renames it: a reader sees the old content or the new one.
[[nodiscard]] std::expected<void, FileError> write_file(const std::filesystem::path& path, std::string_view content);

[[nodiscard]] std::expected<std::string, FileError> read_file(const std::filesystem::path& path);

}  // namespace touchstone

// run_folder.h - the folder of --out: of one run at a time, and of one kind of run.
#pragma once
#include "reports/support/files.h"

#include <expected>
#include <filesystem>
#include <string_view>

namespace touchstone::cli {

// Held as long as the run writes. It is a lock of the kernel's (flock) on a file in the folder, so it ends with the
// process, whatever ended it.
class RunFolder {
 public:
  // Makes the folder. `command` is "test", "serve", "fuzz" or "proxy": the results of another one are not replaced, nor
  // is a folder taken that holds files of somebody else. Folders in it that are symbolic links are not followed. The
  // error is a sentence without an end, and says what to do.
  [[nodiscard]] static std::expected<RunFolder, FileError> take(const std::filesystem::path& folder,
                                                                std::string_view command);
  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&& other) noexcept;
  ~RunFolder();

 private:
  explicit RunFolder(int lock) noexcept : lock_(lock) {}
  int lock_ = -1;
};

}  // namespace touchstone::cli

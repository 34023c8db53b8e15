#include "runner/cli/run/run_folder.h"

#include "reports/journal.h"
#include "reports/support/json_members.h"
#include "reports/support/said.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace touchstone::cli {
namespace {

constexpr const char* kLock = ".touchstone.lock";
constexpr const char* kElse = ". Choose another folder with --out";
// A folder with one of these was written by a run, or by a version without the lock.
constexpr std::array<std::string_view, 8> kOurs{kLock,        kJournalName, "report.json",     "server.log",
                                                "client.log", "corpus",     "certificate.pem", "ca.pem"};

// Of the header, which is the first line; nothing when it is none.
std::optional<std::string> command_of_journal(const std::filesystem::path& journal) {
  std::ifstream file(journal, std::ios::binary);
  std::string line;
  if (!file || !std::getline(file, line)) return std::nullopt;
  const auto header = parse_json(line);
  if (!header || !header->is_object() || !header->contains("run")) return std::nullopt;
  const Json& run = (*header)["run"];
  if (!run.is_object() || !run.contains("command_line") || !run["command_line"].is_array()) return std::nullopt;
  const Json& words = run["command_line"];
  return words.size() > 1 && words[1].is_string() ? std::optional(words[1].get<std::string>()) : std::nullopt;
}

std::expected<void, FileError> look(const std::filesystem::path& folder, std::string_view command) {
  std::error_code error;
  bool ours = false;
  std::string theirs;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool known = std::ranges::find(kOurs, name) != kOurs.end();
    ours = ours || known;
    if (entry.is_symlink(error) && entry.is_directory(error))
      return std::unexpected(
          fmt::format("{} is a symbolic link, which is not followed{}", said(entry.path().string()), kElse));
    if (!known && !name.starts_with('.') && !entry.is_directory(error)) theirs = name;
  }
  if (error) return std::unexpected(fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  if (!ours && !theirs.empty())
    return std::unexpected(
        fmt::format("{} holds files that are not of a run ('{}'), and a run writes its own beside them{}",
                    folder.string(), said(theirs), kElse));
  const auto earlier = command_of_journal(folder / kJournalName);
  const bool other = earlier && *earlier != command &&
                     (*earlier == "test" || *earlier == "serve" || *earlier == "fuzz" || *earlier == "proxy");
  if (other)
    return std::unexpected(fmt::format("{} holds the results of `touchstone {}`, which `touchstone {}` would replace{}",
                                       folder.string(), *earlier, command, kElse));
  return {};
}

}  // namespace

std::expected<RunFolder, FileError> RunFolder::take(const std::filesystem::path& folder, std::string_view command) {
  if (auto made = make_folder(folder); !made) return std::unexpected(made.error() + kElse);
  if (auto fits = look(folder, command); !fits) return std::unexpected(fits.error());
  const int place = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int lock = place < 0 ? -1 : openat(place, kLock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  const int code = errno;
  if (place >= 0) close(place);
  if (lock < 0)
    return std::unexpected(
        fmt::format("cannot write {}: {}{}", (folder / kLock).string(), std::generic_category().message(code), kElse));
  RunFolder taken(lock);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return std::unexpected(
        fmt::format("another run of touchstone writes into {} at this moment{}", folder.string(), kElse));
  return taken;
}

RunFolder::RunFolder(RunFolder&& other) noexcept : lock_(std::exchange(other.lock_, -1)) {}

RunFolder& RunFolder::operator=(RunFolder&& other) noexcept {
  std::swap(lock_, other.lock_);
  return *this;
}

RunFolder::~RunFolder() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace touchstone::cli

#include <fcntl.h>
#include <openssl/ssl.h>
#include <unistd.h>
#include <ws/io/net/key_log.h>

#include <atomic>
#include <cerrno>
#include <system_error>

namespace ws::io {
namespace {

std::atomic<int> key_log_file{-1};

// One write a line: threads do not mix theirs.
void write_keys(const SSL*, const char* line) {
  const std::string text = std::string(line) + "\n";
  const ssize_t ignored = ::write(key_log_file, text.data(), text.size());
  (void)ignored;
}

}  // namespace

std::expected<void, std::string> log_tls_keys(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected(path + ": " + std::generic_category().message(errno));
  const int before = key_log_file.exchange(file);
  if (before >= 0) ::close(before);
  return {};
}

void take_part_in_key_log(ssl_ctx_st* context) noexcept {
  if (key_log_file >= 0) SSL_CTX_set_keylog_callback(context, write_keys);
}

}  // namespace ws::io

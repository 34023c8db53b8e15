// key_log.h - the secrets of TLS connections, for who reads a capture of them: SSLKEYLOGFILE's form, as NSS writes it.
#pragma once
#include <expected>
#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace ws::io {

// From now on every TLS connection of this process adds its secrets to the end of the file, which nobody else may read
// when it is made here. Never for production. The error is a sentence.
[[nodiscard]] std::expected<void, std::string> log_tls_keys(const std::string& path);

// For this library: a context that was made takes part.
void take_part_in_key_log(ssl_ctx_st* context) noexcept;

}  // namespace ws::io

// tls_context.cc - certificates, trust and names for OpenSSL.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <ws/io/net/key_log.h>
#include <ws/io/net/tls_context.h>

#include <array>
#include <asio/ip/address.hpp>
#include <new>

namespace ws::io {

void SslFree::operator()(ssl_st* ssl) const noexcept { SSL_free(ssl); }
void SslFree::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }

namespace {

using Settled = std::expected<void, std::string>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::unexpected<std::string> failed(const std::string& what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* const why = code == 0 ? nullptr : ERR_reason_error_string(code);
  return std::unexpected(what + ": " + (why == nullptr ? "OpenSSL gives no reason" : why));
}

BioPtr reader(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all};
}

Settled use_certificate_text(SSL_CTX* context, const std::string& pem) {
  const BioPtr bio = reader(pem);
  const X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return failed("the certificate's text is no PEM");
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    SSL_CTX_add0_chain_cert(context, next);  // owns it now
  }
  ERR_clear_error();  // the end of the text is reported as an error
  return {};
}

Settled use_key_text(SSL_CTX* context, const std::string& pem) {
  const BioPtr bio = reader(pem);
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return failed("the private key's text is no PEM");
  return {};
}

Settled use_files(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    return failed("the certificate file " + certificate);
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return failed("the private key file " + key);
  return {};
}

Settled trust(SSL_CTX* context, const std::string& file, const std::string& pem) {
  if (!file.empty() && SSL_CTX_load_verify_file(context, file.c_str()) != 1) return failed("the CA file " + file);
  if (pem.empty()) return {};
  const BioPtr bio = reader(pem);
  bool any = false;
  while (const auto ca = X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free)) {
    any = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get()) == 1;
    if (!any) break;
  }
  if (!any) return failed("the CA's text is no PEM certificate");
  ERR_clear_error();
  return {};
}

SslContextPtr make_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method), SslFree());
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);  // then reading never has to write
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);    // idle connections are small
  take_part_in_key_log(context.get());
  return context;
}

// RFC 7301: the protocols that have an opening handshake (RFC 8441, RFC 6455), as they are sent, each after its length.
constexpr unsigned char kProtocols[] = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr std::size_t kSizeOfTwo = 3;

std::span<const unsigned char> protocols(Http http) {
  const std::span all(kProtocols);
  if (http == Http::either) return all;
  return http == Http::two ? all.first(kSizeOfTwo) : all.subspan(kSizeOfTwo);
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void* http) {
  const auto own = protocols(static_cast<Http>(reinterpret_cast<std::uintptr_t>(http)));
  unsigned char* common = nullptr;
  if (SSL_select_next_proto(&common, size, own.data(), static_cast<unsigned>(own.size()), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 3.2
  *chosen = common;
  return SSL_TLSEXT_ERR_OK;
}

bool is_address(const std::string& name) {
  std::error_code error;
  (void)asio::ip::make_address(name, error);
  return !error;
}

}  // namespace

std::expected<SslContextPtr, std::string> client_context(const TlsOptions& options) {
  SslContextPtr context = make_context(TLS_client_method());
  SSL_CTX* const ssl = context.get();
  const auto offered = protocols(options.http);
  if (SSL_CTX_set_alpn_protos(ssl, offered.data(), static_cast<unsigned>(offered.size())) != 0) throw std::bad_alloc();
  SSL_CTX_set_verify(ssl, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!options.ca_file.empty() || !options.ca_pem.empty()) {
    if (const auto trusted = trust(ssl, options.ca_file, options.ca_pem); !trusted)
      return std::unexpected(trusted.error());
  } else if (!options.insecure) {
    SSL_CTX_set_default_verify_paths(ssl);  // reading the system's takes long, so only when they are needed
  }
  if (!options.certificate_file.empty()) {
    const std::string& key = options.private_key_file.empty() ? options.certificate_file : options.private_key_file;
    if (const auto used = use_files(ssl, options.certificate_file, key); !used) return std::unexpected(used.error());
  }
  return context;
}

std::expected<SslContextPtr, std::string> server_context(const ServerTls& options) {
  SslContextPtr context = make_context(TLS_server_method());
  SSL_CTX* const ssl = context.get();
  // Tickets would stand unread in the socket of a client that only writes, and turn its close into a reset.
  SSL_CTX_set_num_tickets(ssl, 0);
  SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, reinterpret_cast<void*>(static_cast<std::uintptr_t>(options.http)));
  const bool files = !options.certificate_file.empty();
  Settled used = files ? use_files(ssl, options.certificate_file, options.private_key_file)
                       : use_certificate_text(ssl, options.certificate_pem);
  if (used && !files) used = use_key_text(ssl, options.private_key_pem);
  if (!used) return std::unexpected(used.error());
  if (SSL_CTX_check_private_key(ssl) != 1) return failed("the private key does not belong to the certificate");
  if (!options.client_ca_file.empty() || !options.client_ca_pem.empty()) {
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    if (const auto trusted = trust(ssl, options.client_ca_file, options.client_ca_pem); !trusted)
      return std::unexpected(trusted.error());
  }
  return context;
}

SslPtr client_session(const SslContextPtr& context, const std::string& name, bool insecure) {
  SslPtr session(SSL_new(context.get()));
  if (!session) throw std::bad_alloc();
  SSL_set_connect_state(session.get());
  const bool address = is_address(name);
  if (!address) SSL_set_tlsext_host_name(session.get(), name.c_str());  // RFC 6066 3: no addresses in SNI
  if (insecure) return session;
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(session.get());
  if (address) {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str());
  } else {
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);  // RFC 6125 6.4.3
    X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size());
  }
  return session;
}

SslPtr server_session(const SslContextPtr& context) {
  SslPtr session(SSL_new(context.get()));
  if (!session) throw std::bad_alloc();
  SSL_set_accept_state(session.get());
  return session;
}

namespace {

std::string text_of(const BioPtr& memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

BioPtr memory() {
  BioPtr made(BIO_new(BIO_s_mem()), BIO_free_all);
  if (!made) throw std::bad_alloc();
  return made;
}

std::vector<std::string> alternative_names(X509* certificate) {
  std::vector<std::string> names;
  auto* const all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const BioPtr text = memory();
    GENERAL_NAME_print(text.get(), sk_GENERAL_NAME_value(all, i));
    names.push_back(text_of(text));
  }
  GENERAL_NAMES_free(all);
  return names;
}

std::string common_name(const X509_NAME* subject) {
  int at = -1;
  for (int next = -1; (next = X509_NAME_get_index_by_NID(subject, NID_commonName, next)) >= 0;) at = next;
  if (at < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return name;
}

}  // namespace

std::optional<Certificate> verified_certificate(ssl_st* session) {
  X509* const shown = SSL_get0_peer_certificate(session);
  if (shown == nullptr || (SSL_get_verify_mode(session) & SSL_VERIFY_PEER) == 0 ||
      SSL_get_verify_result(session) != X509_V_OK)
    return std::nullopt;
  Certificate found;
  const BioPtr subject = memory(), pem = memory();
  X509_NAME_print_ex(subject.get(), X509_get_subject_name(shown), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  PEM_write_bio_X509(pem.get(), shown);
  found.subject = text_of(subject);
  found.pem = text_of(pem);
  found.common_name = common_name(X509_get_subject_name(shown));
  found.alternative_names = alternative_names(shown);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(shown, EVP_sha256(), digest.data(), &size);
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const unsigned char octet : std::span(digest).first(size)) {
    found.sha256 += kDigits[octet >> 4U];
    found.sha256 += kDigits[octet & 15U];
  }
  ERR_clear_error();
  return found;
}

std::string describe_tls_failure(ssl_st* session, const std::error_code& error) {
  const long verdict = SSL_get_verify_result(session);
  if (verdict == X509_V_OK) return error.message();
  return std::string("the certificate is not trusted: ") + X509_verify_cert_error_string(verdict);
}

}  // namespace ws::io

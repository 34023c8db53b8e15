#include "runner/orders/authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace touchstone::orders {
namespace {

constexpr long kDay = 24L * 60 * 60;
constexpr int kYears = 3650;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void need(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("OpenSSL could not ") + what);
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  need(key != nullptr, "make a key");
  return key;
}

void extend(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  need(extension != nullptr, "make an extension");
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  need(added == 1, "add an extension");
}

Certificate blank(EVP_PKEY* key, const std::string& name, int from_days, int to_days) {
  Certificate made(X509_new(), X509_free);
  need(made != nullptr, "make a certificate");
  X509_set_version(made.get(), X509_VERSION_3);
  std::uint32_t serial = 0;
  need(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "draw a serial number");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), from_days * kDay);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), to_days * kDay);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return made;
}

template <class Write>
std::string text_of(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  need(bio && write(bio.get()) == 1, "write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

struct Authority::Impl {
  Key key = new_key();
  Certificate certificate = blank(key.get(), "Touchstone test authority", -1, kYears);
};

Authority::Authority() : impl_(std::make_unique<Impl>()) {
  X509* const own = impl_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(own, own, NID_subject_key_identifier, "hash");
  need(X509_sign(own, impl_->key.get(), EVP_sha256()) > 0, "sign a certificate");
  certificate_pem_ = text_of([&](BIO* bio) { return PEM_write_bio_X509(bio, own); });
}

Authority::~Authority() = default;

ws::io::Identity Authority::issue(const std::string& names, int from_days, int to_days) const {
  const Key key = new_key();
  const Certificate made = blank(key.get(), "touchstone", from_days, to_days);
  X509* const issuer = impl_->certificate.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  extend(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  extend(made.get(), issuer, NID_key_usage, "critical,digitalSignature");
  extend(made.get(), issuer, NID_ext_key_usage, "serverAuth");
  extend(made.get(), issuer, NID_subject_key_identifier, "hash");
  extend(made.get(), issuer, NID_authority_key_identifier, "keyid");
  extend(made.get(), issuer, NID_subject_alt_name, names);
  need(X509_sign(made.get(), impl_->key.get(), EVP_sha256()) > 0, "sign a certificate");
  return {text_of([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); }), text_of([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace touchstone::orders

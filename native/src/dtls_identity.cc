#include "dtls_identity.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

namespace media {

namespace {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;

// The best first; what isn't among them is refused (RFC 5764 §4.1.2, RFC 7714 §14.2).
constexpr const char* kProfiles =
    "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32";
// Forward secrecy and AEAD alone. Our certificate is ECDSA; a peer that serves may have RSA.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
// A certificate of a phone is under 2 KiB. OpenSSL keeps fragments of no longer message.
constexpr long kCertificateBytesMax = 8 * 1024;
// Clocks differ; and no start lasts longer.
constexpr long kBeforeS = 24 * 3600;
constexpr long kAfterS = 365L * 24 * 3600;

// The certificate proves nothing by whoever signed it, but by its fingerprint in the peer's
// description (RFC 5763 §5). What isn't right ends the handshake here.
int judgePeer(X509_STORE_CTX* store, void*) {
  auto* ssl = static_cast<SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* proof = ssl ? static_cast<PeerProof*>(SSL_get_app_data(ssl)) : nullptr;
  if (!proof) return 0;
  const bool right = names(proof->expected, X509_STORE_CTX_get0_cert(store));
  proof->verdict = right ? PeerProof::Verdict::right : PeerProof::Verdict::wrong;
  X509_STORE_CTX_set_error(store, right ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return right;
}

const PeerProof* proofOf(SSL* ssl) { return static_cast<const PeerProof*>(SSL_get_app_data(ssl)); }

int makeCookie(SSL* ssl, unsigned char* cookie, unsigned* size) {
  const auto& ours = proofOf(ssl)->cookie;
  std::copy(ours.begin(), ours.end(), cookie);
  *size = ours.size();
  return 1;
}

int judgeCookie(SSL* ssl, const unsigned char* cookie, unsigned size) {
  const auto& ours = proofOf(ssl)->cookie;
  return size == ours.size() && CRYPTO_memcmp(cookie, ours.data(), size) == 0;
}

bool sign(X509* certificate, EVP_PKEY* key) {
  uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<uint8_t*>(&serial), sizeof serial) != 1) return false;
  // Its highest bit would be a sign.
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* common = reinterpret_cast<const uint8_t*>("media");
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -kBeforeS) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), kAfterS) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, EVP_sha256()) > 0;
}

bool setRules(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_NO_COMPRESSION);
  // A session that were taken up again would show no certificate.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kCertificateBytesMax);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, judgePeer, nullptr);
  SSL_CTX_set_cookie_generate_cb(context, makeCookie);
  SSL_CTX_set_cookie_verify_cb(context, judgeCookie);
  return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1 &&
         SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
         // Zero is success here.
         SSL_CTX_set_tlsext_use_srtp(context, kProfiles) == 0;
}

}  // namespace

DtlsIdentity::DtlsIdentity() : context_(SSL_CTX_new(DTLS_method())) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(X509_new(), X509_free);
  usable_ = context_ && key && certificate && sign(certificate.get(), key.get()) &&
            setRules(context_) && SSL_CTX_use_certificate(context_, certificate.get()) == 1 &&
            SSL_CTX_use_PrivateKey(context_, key.get()) == 1;
  ERR_clear_error();
}

DtlsIdentity::~DtlsIdentity() { SSL_CTX_free(context_); }

Fingerprint DtlsIdentity::fingerprint(FingerprintHash hash) const {
  return usable_ ? fingerprintOf(SSL_CTX_get0_certificate(context_), hash) : Fingerprint();
}

SSL* DtlsIdentity::open(PeerProof& proof) const {
  if (!usable_) return nullptr;
  SSL* ssl = SSL_new(context_);
  if (ssl) SSL_set_app_data(ssl, &proof);
  return ssl;
}

}  // namespace media

#include "fingerprint.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>

namespace media {

namespace {

const EVP_MD* digestOf(FingerprintHash hash) {
  switch (hash) {
    case FingerprintHash::sha256:
      return EVP_sha256();
    case FingerprintHash::sha384:
      return EVP_sha384();
    case FingerprintHash::sha512:
      return EVP_sha512();
    case FingerprintHash::none:
      break;
  }
  return nullptr;
}

}  // namespace

size_t bytesOf(FingerprintHash hash) {
  const EVP_MD* digest = digestOf(hash);
  return digest ? static_cast<size_t>(EVP_MD_get_size(digest)) : 0;
}

std::string Fingerprint::text() const {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (size_t i = 0; i < bytesOf(hash); i++) {
    if (i > 0) text += ':';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 0x0f];
  }
  return text;
}

Fingerprint fingerprintOf(const X509* certificate, FingerprintHash hash) {
  Fingerprint fingerprint;
  const EVP_MD* digest = digestOf(hash);
  unsigned size = 0;
  if (!certificate || !digest) return fingerprint;
  if (X509_digest(certificate, digest, fingerprint.bytes.data(), &size) == 1) {
    fingerprint.hash = hash;
  }
  return fingerprint;
}

bool names(const Fingerprints& fingerprints, const X509* certificate) {
  FingerprintHash strongest = FingerprintHash::none;
  for (const Fingerprint& one : fingerprints) strongest = std::max(strongest, one.hash);
  if (strongest == FingerprintHash::none) return false;
  const Fingerprint shown = fingerprintOf(certificate, strongest);
  return std::find(fingerprints.begin(), fingerprints.end(), shown) != fingerprints.end() &&
         shown.hash == strongest;
}

}  // namespace media
